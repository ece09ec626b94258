//! What the gateway knows of a request before a service sees it.

use http::Extensions;
use kernel::{Actor, Error, SessionId, TenantId};
use serde::{Deserialize, Serialize};
use std::{net::IpAddr, sync::Arc};
use subtle::ConstantTimeEq as _;
use tenancy::MasterKey;

/// A request's tenant, actor and manners. Plain data, so that it can travel
/// between processes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct RequestContext {
    /// The tenant, by the host name that was asked for.
    pub tenant: TenantId,
    /// Who is signed in.
    pub actor: Option<Actor>,
    /// Which face the answer should show.
    pub face: Face,
    /// How the request proved who it comes from, and what a form must repeat.
    pub csrf: Csrf,
    /// Names the request in logs and on error pages.
    pub id: String,
    /// The peer's address.
    pub peer: IpAddr,
    /// `http://thanh-hoa.localhost:8080`: scheme, host and port as asked for.
    pub origin: String,
    /// A sentence left by the operation before this page.
    pub flash: Option<String>,
    /// What the browser kept of a [`Device`].
    pub device: Option<String>,
}

impl RequestContext {
    /// What the gateway put beside a request.
    ///
    /// # Errors
    /// When the request did not come through the gateway.
    pub fn of(extensions: &Extensions) -> Result<&Arc<Self>, Error> {
        extensions
            .get::<Arc<Self>>()
            .ok_or_else(|| Error::internal("a request came past the gateway"))
    }
}

/// HTML for people, JSON for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Face {
    /// Pages.
    Html,
    /// `/api/v1`, or `Accept: application/json`.
    Json,
}

/// What a changing request must repeat to show that it comes from our own page.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Csrf {
    /// A bearer token proves enough: browsers never add one by themselves.
    NotNeeded,
    /// The token that forms carry.
    Token(String),
}

impl Csrf {
    /// The token for a session.
    #[must_use]
    pub fn for_session(key: &MasterKey, tenant: &TenantId, session: SessionId) -> Self {
        Self::derive(key, tenant, "session", session.0.as_bytes())
    }

    /// The token for somebody who is not signed in, by their visitor cookie.
    #[must_use]
    pub fn for_visitor(key: &MasterKey, tenant: &TenantId, visitor: &Visitor) -> Self {
        Self::derive(key, tenant, "visitor", visitor.0.as_bytes())
    }

    fn derive(key: &MasterKey, tenant: &TenantId, kind: &str, id: &[u8]) -> Self {
        use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
        let secret = key.derive("csrf", &[tenant.as_bytes(), kind.as_bytes(), id]);
        Self::Token(URL_SAFE_NO_PAD.encode(&secret[..18]))
    }

    /// Whether a form repeats the token.
    #[must_use]
    pub fn accepts(&self, repeated: Option<&str>) -> bool {
        match self {
            Csrf::NotNeeded => true,
            Csrf::Token(token) => {
                repeated.is_some_and(|text| text.as_bytes().ct_eq(token.as_bytes()).into())
            }
        }
    }

    /// The token for a form, empty when none is needed.
    #[must_use]
    pub fn token(&self) -> &str {
        match self {
            Csrf::NotNeeded => "",
            Csrf::Token(token) => token,
        }
    }
}

/// A random value in a cookie of somebody who is not signed in.
#[derive(Clone, Debug)]
pub struct Visitor(pub String);

/// A sentence that the next page should show; set on a response, turned into a
/// cookie by the gateway.
#[derive(Clone, Debug)]
pub struct Flash(pub String);

/// What a browser should keep for long, to be known again before its owner signs
/// in; set on a response, turned into a cookie by the gateway.
#[derive(Clone, Debug)]
pub struct Device(pub String);

/// That an operation started or ended a session; set on a response, turned into
/// a cookie by the gateway.
#[derive(Clone, Debug)]
pub enum SessionChange {
    /// The token to keep.
    Started(String),
    /// Nothing to keep any more.
    Ended,
}
