//! What a handler works with.

use crate::{Operation, Policy, RequestContext, routes::NavEntry};
use axum::extract::FromRequestParts;
use http::request::Parts;
use kernel::{AccountId, Actor, Error, OrgPath, World};
use std::sync::Arc;
use tenancy::{TenantConn, TenantDb, TenantTx, Tenants, registry::Tenant};

/// What every handler of the process shares. Cheap to clone.
#[derive(Clone)]
pub struct App {
    /// The tenants and their databases.
    pub tenants: Tenants,
    /// Time and chance.
    pub world: World,
    /// Who may do what.
    pub policy: Arc<Policy>,
    /// The entries of the main navigation, over all services.
    pub nav: Arc<[NavEntry]>,
}

/// One request inside one tenant.
#[derive(Clone)]
pub struct Ctx {
    /// What the process shares.
    pub app: App,
    /// What the gateway knows.
    pub request: Arc<RequestContext>,
    operation: Operation,
    db: TenantDb,
}

impl Ctx {
    /// Time and chance.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.app.world
    }

    /// The tenant.
    #[must_use]
    pub fn tenant(&self) -> &Tenant {
        self.db.tenant()
    }

    /// The tenant's database, for work that outlives the request.
    #[must_use]
    pub fn db(&self) -> &TenantDb {
        &self.db
    }

    /// A connection for reads that need no common snapshot.
    ///
    /// # Errors
    /// See [`TenantDb::conn`].
    pub async fn read(&self) -> Result<TenantConn, Error> {
        self.db.conn().await
    }

    /// A transaction; rolled back unless committed.
    ///
    /// # Errors
    /// See [`TenantDb::begin`].
    pub async fn begin(&self) -> Result<TenantTx, Error> {
        self.db.begin().await
    }

    /// Who is signed in.
    ///
    /// # Errors
    /// [`Error::Unauthenticated`] when nobody is.
    pub fn actor(&self) -> Result<&Actor, Error> {
        self.request.actor.as_ref().ok_or(Error::Unauthenticated)
    }

    /// The account that is signed in, for events.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        self.request.actor.as_ref().map(|actor| actor.account)
    }

    /// Asks whether the actor may do this operation at this place.
    ///
    /// # Errors
    /// [`Error::NotFound`], so that nobody learns what lies outside their reach.
    pub fn authorise(&self, at: &OrgPath) -> Result<&Actor, Error> {
        self.authorise_for(self.operation.0, at)
    }

    /// Asks whether the actor may do another operation at this place.
    ///
    /// # Errors
    /// As for [`Ctx::authorise`].
    pub fn authorise_for(&self, operation: &str, at: &OrgPath) -> Result<&Actor, Error> {
        let actor = self.actor()?;
        if self.may(operation, at) { Ok(actor) } else { Err(Error::NotFound) }
    }

    /// Whether the actor may do an operation at this place.
    #[must_use]
    pub fn may(&self, operation: &str, at: &OrgPath) -> bool {
        let Some(actor) = &self.request.actor else { return false };
        self.app.policy.scopes(actor, operation).any(|scope| scope.covers(at))
    }

    /// Whether the actor may do an operation somewhere.
    #[must_use]
    pub fn may_somewhere(&self, operation: &str) -> bool {
        self.app.policy.admits(self.request.actor.as_ref(), operation)
    }

    /// The places at and below which the actor may do this operation, as SQL
    /// takes them.
    #[must_use]
    pub fn scopes(&self) -> Vec<String> {
        self.scopes_for(self.operation.0)
    }

    /// The places at and below which the actor may do another operation.
    #[must_use]
    pub fn scopes_for(&self, operation: &str) -> Vec<String> {
        let Some(actor) = &self.request.actor else { return Vec::new() };
        self.app.policy.scopes(actor, operation).map(|scope| scope.0.clone()).collect()
    }
}

impl FromRequestParts<App> for Ctx {
    type Rejection = crate::Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let request = RequestContext::of(&parts.extensions)?.clone();
        let operation = *parts
            .extensions
            .get::<Operation>()
            .ok_or_else(|| Error::internal("a route was not added through Routes"))?;
        let db = app.tenants.db(&request.tenant)?;
        Ok(Ctx { app: app.clone(), request, operation, db })
    }
}
