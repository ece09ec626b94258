//! A service in another process, as the gateway sees it.

mod greet;

use super::{
    Deadline, Identity,
    circuit::{Circuit, Turn},
    connections::Connections,
    exchange::{Lost, exchange},
    wire,
};
use crate::pages;
use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use futures_util::{FutureExt as _, future::BoxFuture};
use http::{Method, Uri, uri::Authority};
use http_body::Body as _;
use http_body_util::BodyExt as _;
use kernel::{Error, World};
use rustls::pki_types::ServerName;
use std::{
    convert::Infallible,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};
use tenancy::MasterKey;
use tower::Service;
use web::{Failure, RequestContext};

/// A request that names no deadline waits so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// How much earlier the service gives up than whoever waits for it, so that
/// what people read of it is the service's own sentence.
const MARGIN: Duration = Duration::from_millis(500);

/// A service in another process. Cheap to clone.
#[derive(Clone)]
pub struct Remote {
    inner: Arc<Inner>,
}

struct Inner {
    /// What those who run it call it: `documents`.
    name: &'static str,
    /// What people call it: «Văn bản».
    label: &'static str,
    authority: Authority,
    connections: Connections,
    circuit: Mutex<Circuit>,
    key: MasterKey,
    world: World,
}

impl Remote {
    /// The service at `authority`, a host with a port: its name for numbers and for
    /// those who run it, and its label for people. Opens nothing yet.
    ///
    /// # Errors
    /// When the host is no name that a certificate can carry.
    pub fn new(
        name: &'static str,
        label: &'static str,
        authority: Authority,
        identity: &Identity,
        key: MasterKey,
        world: World,
    ) -> Result<Self, Error> {
        let host = authority.host().trim_matches(['[', ']']).to_owned();
        let host = ServerName::try_from(host)?;
        let tls = Arc::new(identity.client()?);
        let connections = Connections::new(authority.clone(), host, tls);
        let circuit = Mutex::default();
        let inner = Inner { name, label, authority, connections, circuit, key, world };
        Ok(Self { inner: Arc::new(inner) })
    }

    /// Its name, for those who run it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.inner.name
    }

    /// Whether it failed so often just now that nobody is made to wait for it.
    #[must_use]
    pub fn is_given_up(&self) -> bool {
        self.circuit(|circuit| circuit.is_open(Instant::now()))
    }

    async fn ask(&self, request: Request) -> Result<Response, Error> {
        let deadline = request.extensions().get::<Deadline>().map(|d| d.0);
        let deadline = deadline.unwrap_or_else(|| tokio::time::Instant::now() + PATIENCE);
        if deadline <= tokio::time::Instant::now() {
            // Its time went before it came here: no fault of the service's.
            return Err(pages::too_late());
        }
        let Some(turn) = self.circuit(|circuit| circuit.admits(Instant::now())) else {
            return Err(self.away());
        };
        let _turn = Ended(self, turn);
        let outcome = tokio::time::timeout_at(deadline, self.send(request, deadline)).await;
        let authority = &self.inner.authority;
        let reason = match outcome {
            // It lives, and still nobody gets anything from it. That counts as no
            // failure, or one odd request could open the circuit for all.
            Ok(Ok(response)) if response.status() == wire::ASTRAY => {
                telemetry::count::upstream_failed(self.inner.name);
                tracing::error!(upstream = %authority, "{authority} does not accept a context: compare the master keys, the versions and the clocks");
                return Err(self.away());
            }
            Ok(Ok(response)) => {
                self.circuit(Circuit::answered);
                return Ok(response);
            }
            Ok(Err(Sent::Refused(error))) => return Err(error),
            Ok(Err(Sent::Lost(reason))) => reason,
            Err(_) => "no answer in time".into(),
        };
        telemetry::count::upstream_failed(self.inner.name);
        self.circuit(|circuit| circuit.failed(Instant::now()));
        tracing::warn!(upstream = %authority, reason, "{authority} does not answer: {reason}");
        Err(self.away())
    }

    /// Sends it, a second time where that can do no harm.
    async fn send(
        &self,
        request: Request,
        deadline: tokio::time::Instant,
    ) -> Result<Response, Sent> {
        let broken = Broken::default();
        let context = RequestContext::of(request.extensions())?.clone();
        let (head, mut body) = self.outgoing(request, broken.clone())?;
        // A request that changes nothing and has no body can be asked again.
        let harmless = body.is_none() && matches!(*head.method(), Method::GET | Method::HEAD);
        match self.once(&head, &mut body, &context, deadline).await? {
            Ok(response) => return Ok(response),
            // The service is not to blame for a body that did not come whole.
            Err(Lost::Unknown(reason)) if !harmless => return Err(broken.or(reason)),
            Err(Lost::Unsent(_) | Lost::Unknown(_)) => {}
        }
        let again = self.once(&head, &mut body, &context, deadline).await?;
        again.map_err(|(Lost::Unsent(reason) | Lost::Unknown(reason))| broken.or(reason))
    }

    /// Sends it once. The body stays where it is until the request has left.
    async fn once(
        &self,
        head: &Request<()>,
        body: &mut Option<Body>,
        context: &RequestContext,
        deadline: tokio::time::Instant,
    ) -> Result<Result<Response, Lost>, Error> {
        let connection = match self.inner.connections.get().await {
            Ok(connection) => connection,
            Err((_, error)) => return Ok(Err(Lost::Unsent(error.to_string()))),
        };
        // Not before: the service counts what is left from when it hears of it,
        // and the connection may have been long in coming.
        let left = deadline.saturating_duration_since(tokio::time::Instant::now());
        let (key, now) = (&self.inner.key, self.inner.world.now());
        let sealed = wire::seal(key, head.method(), head.uri(), context, granted(left), now)?;
        let mut head = head.clone();
        head.headers_mut().insert(wire::CONTEXT, sealed);
        let mut answer = exchange(connection, head, body).await;
        if let Ok(response) = &mut answer {
            wire::unpack(response);
        }
        Ok(answer)
    }

    /// The request as it travels, but for its context, and its body if it has one.
    fn outgoing(
        &self,
        request: Request,
        broken: Broken,
    ) -> Result<(Request<()>, Option<Body>), Error> {
        let (parts, body) = request.into_parts();
        let mut head = Request::new(());
        *head.uri_mut() = self.uri(parts.uri.path_and_query().map_or("/", |path| path.as_str()))?;
        *head.method_mut() = parts.method;
        *head.headers_mut() = wire::onward(&parts.headers);
        telemetry::trace::inject(head.headers_mut());
        let body = (!body.is_end_stream()).then(|| {
            Body::new(body.map_err(move |error| {
                broken.put(web::unread(&error));
                error
            }))
        });
        Ok((head, body))
    }

    fn uri(&self, path: &str) -> Result<Uri, http::Error> {
        let authority = self.inner.authority.clone();
        Uri::builder().scheme("https").authority(authority).path_and_query(path).build()
    }

    fn circuit<T>(&self, change: impl FnOnce(&mut Circuit) -> T) -> T {
        change(&mut self.inner.circuit.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Which part is missing, while the rest works.
    fn away(&self) -> Error {
        let label = self.inner.label;
        Error::Unavailable(
            format!(
                "Phần «{label}» đang tạm dừng; các phần khác vẫn dùng được. Nếu vừa gửi đi một \
                 việc, hãy xem lại việc đó đã có chưa trước khi gửi lần nữa."
            )
            .into(),
        )
    }
}

/// What went wrong with the body of a request on its way in.
#[derive(Clone, Default)]
struct Broken(Arc<Mutex<Option<Error>>>);

impl Broken {
    fn put(&self, error: Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// Why a request has no answer: what went wrong with its body, or else `reason`.
    fn or(&self, reason: String) -> Sent {
        let broken = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        broken.map_or(Sent::Lost(reason), Sent::Refused)
    }
}

/// Ends a turn when it is dropped, for whoever sent the request may leave.
struct Ended<'a>(&'a Remote, Turn);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.circuit(|circuit| circuit.ended(self.1, Instant::now()));
    }
}

/// Why a request has no answer after all.
enum Sent {
    Refused(Error),
    Lost(String),
}

impl From<Error> for Sent {
    fn from(error: Error) -> Self {
        Sent::Refused(error)
    }
}

/// What the service is given of the time that is left; of little a quarter less.
fn granted(left: Duration) -> Duration {
    left.saturating_sub(MARGIN.min(left / 4))
}

impl Service<Request> for Remote {
    type Response = Response;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let remote = self.clone();
        async move {
            let answer = remote.ask(request).await;
            Ok(answer.unwrap_or_else(|error| Failure::from(error).into_response()))
        }
        .boxed()
    }
}

#[cfg(test)]
mod tests {
    use super::granted;
    use std::time::Duration;

    #[test]
    fn a_service_gives_up_before_the_gateway() {
        for (left, given) in [(30_000, 29_500), (2_000, 1_500), (400, 300), (0, 0)] {
            assert_eq!(granted(Duration::from_millis(left)), Duration::from_millis(given));
        }
    }
}
