//! What those who run it look at: `/metrics`, `/healthz`, `/readyz` on a
//! listener of their own, which visitors never reach.

use crate::Platform;
use axum::{
    extract::Request,
    response::{IntoResponse as _, Response},
};
use gateway::{Peer, Ready, listen::Answer};
use http::{Method, StatusCode, header};
use std::time::Duration;
use tenancy::{Tenants, measure};

/// How often gauges are taken for those who are sent them.
const INTERVAL: Duration = Duration::from_secs(10);

/// Answers on the private listener.
#[derive(Clone)]
pub struct Private {
    tenants: Tenants,
    ready: Ready,
}

impl Private {
    /// About a process.
    #[must_use]
    pub fn new(platform: &Platform) -> Self {
        Self { tenants: platform.app.tenants.clone(), ready: platform.ready.clone() }
    }
}

impl Answer for Private {
    async fn answer(self, request: Request, _: Peer) -> Response {
        if request.method() != Method::GET {
            return StatusCode::METHOD_NOT_ALLOWED.into_response();
        }
        match request.uri().path() {
            "/metrics" => {
                measure::connections(&self.tenants);
                ([(header::CONTENT_TYPE, telemetry::page::MEDIA_TYPE)], telemetry::page::text())
                    .into_response()
            }
            "/healthz" => "ok\n".into_response(),
            "/readyz" => self.ready.answer().await,
            _ => StatusCode::NOT_FOUND.into_response(),
        }
    }
}

/// Takes gauges until it is cancelled.
pub async fn measure(tenants: Tenants) {
    let mut tick = tokio::time::interval(INTERVAL);
    loop {
        tick.tick().await;
        measure::connections(&tenants);
    }
}
