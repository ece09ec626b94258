//! Finding out whether a service would take a request.

use super::Remote;
use crate::upstream::{Obstacle, exchange::exchange, wire};
use axum::extract::Request;
use http::Method;
use kernel::Error;
use std::time::Duration;

impl Remote {
    /// Asks whether it would take a request, without one: nothing when it would,
    /// otherwise why not. Moves no circuit: a service that greets may still
    /// lose whatever it is asked.
    ///
    /// # Errors
    /// When the greeting cannot be written.
    pub async fn greet(&self) -> Result<Option<Obstacle>, Error> {
        match self.greeted().await? {
            // It may have been an old connection that ended with the process behind it.
            Some(Obstacle::Refused) => self.greeted().await,
            met => Ok(met),
        }
    }

    async fn greeted(&self) -> Result<Option<Obstacle>, Error> {
        let uri = self.uri(wire::GREETING)?;
        let (key, now) = (&self.inner.key, self.inner.world.now());
        let sealed = wire::seal(key, &Method::GET, &uri, &(), Duration::ZERO, now)?;
        let mut greeting = Request::new(());
        *greeting.uri_mut() = uri;
        greeting.headers_mut().insert(wire::CONTEXT, sealed);
        let connection = match self.inner.connections.get().await {
            Ok(connection) => connection,
            Err((obstacle, _)) => return Ok(Some(obstacle)),
        };
        Ok(match exchange(connection, greeting, &mut None).await {
            Ok(answer) => (answer.status() == wire::ASTRAY).then_some(Obstacle::Astray),
            Err(_) => Some(Obstacle::Refused),
        })
    }
}
