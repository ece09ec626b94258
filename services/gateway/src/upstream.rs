//! Where requests go from the gateway.

use axum::{Router, extract::Request, response::Response};
use std::convert::Infallible;
use tower::{Service as _, ServiceExt as _, util::BoxCloneSyncService};

/// One `tower` service that answers requests which carry their
/// [`web::RequestContext`] as an extension. In this process it is a router;
/// a service in another process is the same type to the gateway.
#[derive(Clone)]
pub struct Upstream(BoxCloneSyncService<Request, Response, Infallible>);

impl Upstream {
    /// Services of this process: no serialisation, no network.
    #[must_use]
    pub fn local(router: Router) -> Self {
        Self(BoxCloneSyncService::new(router))
    }

    /// Hands a request over.
    pub async fn call(&mut self, request: Request) -> Response {
        match self.0.ready().await {
            Ok(service) => match service.call(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            },
            Err(never) => match never {},
        }
    }
}
