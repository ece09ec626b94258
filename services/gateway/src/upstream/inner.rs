//! The door of a process that is asked by gateways only.

use super::{Deadline, wire};
use crate::{door::Peer, listen::Answer, pages};
use axum::{
    Router,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use http::StatusCode;
use std::{sync::Arc, time::Duration};
use tower::ServiceExt as _;
use web::{App, RequestContext};

/// Answers what a gateway hands over. Cheap to clone.
#[derive(Clone)]
pub struct Inner {
    app: App,
    router: Router,
}

impl Inner {
    /// A door to the services of this process.
    #[must_use]
    pub fn new(app: App, router: Router) -> Self {
        Self { app, router }
    }
}

impl Answer for Inner {
    async fn answer(self, request: Request, peer: Peer) -> Response {
        let (key, now) = (self.app.tenants.key(), self.app.world.now());
        let (method, uri, headers) = (request.method(), request.uri(), request.headers());
        if uri.path() == wire::GREETING {
            return match wire::open::<()>(key, method, uri, headers, now) {
                Some(_) => StatusCode::NO_CONTENT.into_response(),
                None => astray(peer),
            };
        }
        let opened = wire::open::<RequestContext>(key, method, uri, headers, now);
        let Some((context, left)) = opened else { return astray(peer) };
        let seen = telemetry::Request::begin(telemetry::trace::extract(request.headers()));
        let (id, tenant) = (context.id.clone(), context.tenant.clone());
        let method = request.method().clone();
        let mut response = seen.run(Box::pin(self.within(request, context, left))).await;
        wire::pack(&mut response);
        seen.end(&telemetry::Answered {
            id: &id,
            method: &method,
            operation: response.extensions().get::<web::Operation>().map(|o| o.0),
            tenant: Some(&tenant),
            status: response.status().as_u16(),
        });
        response
    }
}

/// A gateway with another key or version, or a clock that is far off.
fn astray(peer: Peer) -> Response {
    tracing::error!(peer = %peer.address, "{} sent a request without a context that holds: compare the master keys, the versions and the clocks", peer.address);
    wire::ASTRAY.into_response()
}

impl Inner {
    async fn within(
        self,
        mut request: Request,
        context: RequestContext,
        left: Duration,
    ) -> Response {
        if self.app.tenants.get(&context.tenant).is_none() {
            // The gateway knows of a tenant that is newer than what was last read here.
            if let Err(error) = self.app.tenants.refresh().await {
                tracing::warn!("cannot read the registry for a new tenant: {error}");
            }
        }
        let context = Arc::new(context);
        let deadline = tokio::time::Instant::now() + left;
        wire::strip(request.headers_mut());
        request.extensions_mut().insert(context.clone());
        request.extensions_mut().insert(Deadline(deadline));
        let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
        match tokio::time::timeout_at(deadline, self.router.oneshot(request)).await {
            Ok(Ok(response)) => response,
            Ok(Err(never)) => match never {},
            Err(_) => pages::late(self.app, context, path).await,
        }
    }
}
