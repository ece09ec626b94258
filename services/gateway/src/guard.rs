//! Who is let in, and how often: asked before a request costs anything.

use crate::{
    Budget, Limits, Proxies,
    body::{BODY_LIMIT, Forms, Unread},
    budget::{Budgets, reads},
    familiar::Familiar,
    rates::{Counter, Who},
    refusal::Refusal,
    shed::{Place, Rank, Shed},
};
use axum::body::Body;
use http::Method;
use http_body_util::Limited;
use kernel::{Actor, Error, TenantId};
use std::{net::IpAddr, sync::Arc, time::Duration};

/// How often whole budgets are forgotten.
const TIDY: Duration = Duration::from_mins(1);
/// For how long somebody stays familiar, in turns of [`TIDY`]: from 6 to 12 hours.
const GENERATION: u32 = 360;

pub(crate) struct Guard {
    pub(crate) proxies: Proxies,
    pub(crate) budgets: Arc<Budgets>,
    familiar: Familiar,
    visitor: Counter,
    member: Counter,
    sign_in: Counter,
    transfer: Counter,
    tenant_visitors: Counter,
    tenant_members: Counter,
    forms: Forms,
    work: Shed,
    shared: Shed,
    uploads: Shed,
    exports: Shed,
}

/// A request that was let in, as long as it is answered.
pub(crate) struct Visit<'a> {
    guard: &'a Guard,
    tenant: &'a TenantId,
    address: IpAddr,
    token: Option<&'a str>,
    familiar: bool,
    budget: Budget,
    reads: bool,
}

impl Guard {
    pub(crate) fn new(limits: &Limits, proxies: Proxies, budgets: Arc<Budgets>) -> Self {
        Self {
            proxies,
            budgets,
            familiar: Familiar::new(),
            visitor: Counter::new("visitor", limits.visitor),
            member: Counter::new("member", limits.member),
            sign_in: Counter::new("sign_in", limits.sign_in),
            transfer: Counter::new("transfer", limits.transfer),
            tenant_visitors: Counter::new("tenant_visitors", limits.tenant_visitors),
            tenant_members: Counter::new("tenant_members", limits.tenant_members),
            forms: Forms::new(),
            work: Shed::new(limits.work),
            shared: Shed::new(limits.shared),
            uploads: Shed::new(limits.uploads),
            exports: Shed::new(limits.exports),
        }
    }

    /// Lets a request in, before anybody asks whose `token` it brings. Strangers
    /// are counted by address; a familiar token is counted once its account is
    /// known, so that a crowded address stops nobody who is at home here.
    ///
    /// # Errors
    /// When it is one too many.
    pub(crate) fn enter<'a>(
        &'a self,
        tenant: &'a TenantId,
        address: IpAddr,
        token: Option<&'a str>,
        method: &Method,
        path: &str,
    ) -> Result<Visit<'a>, Refusal> {
        let familiar = token.is_some_and(|token| self.familiar.knows(tenant, token));
        let budget = self.budgets.find(method, path);
        let who = Who::behind(address);
        if familiar {
            self.tenant_members.count(tenant, Who::Everybody)?;
        } else {
            // The tenant's budget comes second: what one address may not do
            // takes nothing from the others.
            self.visitor.count(tenant, who)?;
            self.tenant_visitors.count(tenant, Who::Everybody)?;
        }
        if budget == Budget::SignIn {
            self.sign_in.count(tenant, who)?;
        }
        let reads = reads(method);
        Ok(Visit { guard: self, tenant, address, token, familiar, budget, reads })
    }

    /// Forgets what need not be known any more, for as long as the process runs.
    pub(crate) async fn keep(&self) {
        let mut turns = 0;
        loop {
            tokio::time::sleep(TIDY).await;
            for counter in [
                &self.visitor,
                &self.member,
                &self.sign_in,
                &self.transfer,
                &self.tenant_visitors,
                &self.tenant_members,
            ] {
                counter.tidy();
            }
            turns += 1;
            if turns % GENERATION == 0 {
                self.familiar.tidy();
            }
        }
    }
}

impl Visit<'_> {
    /// Whether a file may come with it, which takes its time.
    pub(crate) fn is_upload(&self) -> bool {
        self.budget == Budget::Transfer && !self.reads
    }

    /// Waits until the request may be worked on: its form is here, or what is
    /// wrong with it, and a place is free. The place is given back when it is
    /// dropped; some requests need none.
    ///
    /// # Errors
    /// When too many are under way.
    pub(crate) async fn place(
        &self,
        body: Body,
    ) -> Result<(Result<Body, Error>, Option<Place>), Refusal> {
        if self.is_upload() {
            let body = Body::new(Limited::new(body, BODY_LIMIT));
            return Ok((Ok(body), self.turn().await?));
        }
        let form = match self.guard.forms.whole(self.tenant, body, self.familiar).await {
            Ok(form) => Ok(form),
            Err(Unread::Unfit(error)) => Err(error),
            Err(Unread::Crowded) => return Err(crowded("forms")),
        };
        let place = self.turn().await?;
        // From here on places bound the forms, and their room is for others.
        Ok((form.map(|(body, _)| body), place))
    }

    async fn turn(&self) -> Result<Option<Place>, Refusal> {
        let (reason, shed) = match (self.budget, self.token) {
            // A page that reads nothing; and hashes have a line of their own.
            (Budget::Static, None) | (Budget::SignIn, _) => return Ok(None),
            (Budget::Transfer, _) if self.reads => ("exports", &self.guard.exports),
            (Budget::Transfer, _) => ("uploads", &self.guard.uploads),
            (Budget::Shared, _) => ("shared", &self.guard.shared),
            _ => ("work", &self.guard.work),
        };
        let rank = if self.familiar { Rank::Member } else { Rank::Stranger };
        shed.place(self.tenant, rank).await.map(Some).map_err(|_| crowded(reason))
    }

    /// Whose the token was; `None` when nobody's.
    ///
    /// # Errors
    /// When it is one too many for this account, or for the address of somebody
    /// whose session has just ended.
    pub(crate) fn of(&self, actor: Option<&Actor>) -> Result<(), Refusal> {
        let (guard, tenant) = (self.guard, self.tenant);
        match (actor, self.token) {
            (Some(actor), Some(token)) => {
                if !self.familiar {
                    guard.familiar.learn(tenant, token);
                }
                let who = Who::Account(actor.account);
                guard.member.count(tenant, who)?;
                if self.budget == Budget::Transfer {
                    guard.transfer.count(tenant, who)?;
                }
            }
            (None, Some(token)) if self.familiar => {
                guard.familiar.forget(tenant, token);
                guard.visitor.count(tenant, Who::behind(self.address))?;
            }
            _ => {}
        }
        Ok(())
    }
}

fn crowded(reason: &'static str) -> Refusal {
    telemetry::count::shed(reason);
    Refusal::crowded()
}
