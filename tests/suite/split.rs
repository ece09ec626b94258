//! Services in processes of their own: who may ask them, what happens when one
//! is away, and that nothing is done twice or for nobody.

mod bodies;
mod certificates;
mod circuit;
mod context;
mod deadlines;
mod missing;
mod retries;

use crate::{apart::Services, app::TestApp, run};
use axum::{Router, body::Body};
use gateway::{
    Peer,
    listen::{self, Answer, Bounds},
    upstream::{Identity, Inner, Remote},
};
use http::{HeaderMap, Method, Request, Response, StatusCode, header::RETRY_AFTER};
use http_body_util::BodyExt as _;
use kernel::TenantId;
use rustls::ServerConfig;
use sotay::{Config, Part, parts::identity};
use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use tokio::{net::TcpListener, sync::watch, task::JoinSet};
use web::{Csrf, Face, RequestContext};

const TENANT: &str = "thanh-hoa";

/// Where a service should be. What stands there is up to the scenario, and ends
/// with it.
pub struct Place {
    pub app: TestApp,
    identity: Identity,
    pub standing: JoinSet<()>,
}

impl Place {
    pub async fn new() -> (Self, TcpListener) {
        let app = TestApp::new().await;
        let data = tempfile::tempdir().unwrap();
        let config = Config { data: data.path().into(), ..Config::default() };
        let identity = identity(&config, &app.world).unwrap();
        (Self { app, identity, standing: JoinSet::new() }, bind().await)
    }

    /// The gateway's end.
    pub fn remote(&self, listener: &TcpListener) -> Remote {
        let (key, world) = (self.app.database.key.clone(), self.app.world.clone());
        let authority = listener.local_addr().unwrap().to_string().parse().unwrap();
        Remote::new("trial", "Thử", authority, &self.identity, key, world).unwrap()
    }

    pub fn tls(&self) -> Arc<ServerConfig> {
        Arc::new(self.identity.server().unwrap())
    }

    /// The real door to a service of our own making.
    fn door(&self, router: Router) -> Inner {
        Inner::new(self.app.platform.app.clone(), router)
    }
}

/// A service of our own making behind the real doors.
async fn service(router: Router) -> (Place, Remote) {
    let (mut place, listener) = Place::new().await;
    let remote = place.remote(&listener);
    place.standing.spawn(serve(listener, place.tls(), place.door(router)));
    (place, remote)
}

async fn bind() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap()
}

/// Serves for as long as somebody waits for it to end.
pub async fn serve(listener: TcpListener, tls: Arc<ServerConfig>, door: impl Answer) {
    serve_within(listener, tls, Bounds::internal(), door).await;
}

/// The same within bounds of one's own.
async fn serve_within(
    listener: TcpListener,
    tls: Arc<ServerConfig>,
    bounds: Bounds,
    door: impl Answer,
) {
    let (_keep, stop) = watch::channel(false);
    listen::serve(listener, Some(tls), bounds, door, stop).await;
}

/// What the gateway sends, as the service gets it.
#[derive(Clone, Default)]
struct Heard(Arc<Mutex<Vec<HeaderMap>>>);

impl Answer for Heard {
    async fn answer(self, request: Request<Body>, _: Peer) -> Response<Body> {
        self.0.lock().unwrap().push(request.into_parts().0.headers);
        Response::new(Body::empty())
    }
}

/// Puts something else in the place of a part that has ended.
async fn instead(
    services: &Services,
    part: Part,
    identity: &Identity,
    door: impl Answer,
) -> JoinSet<()> {
    let listener = TcpListener::bind(&services.config.upstreams[&part]).await.unwrap();
    let mut standing = JoinSet::new();
    standing.spawn(serve(listener, Arc::new(identity.server().unwrap()), door));
    standing
}

/// A request behind the gateway's door.
pub fn asked(method: Method, body: Body) -> Request<Body> {
    let context = RequestContext {
        tenant: TenantId::new(TENANT).unwrap(),
        actor: None,
        face: Face::Json,
        csrf: Csrf::NotNeeded,
        id: "1".into(),
        peer: Ipv4Addr::LOCALHOST.into(),
        origin: "http://thanh-hoa.localhost".into(),
        flash: None,
        device: None,
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    request.extensions_mut().insert(Arc::new(context));
    request
}

/// A 503 that names the part and says when to come back.
async fn assert_away(answer: Response<Body>) {
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.headers().contains_key(RETRY_AFTER), "{:?}", answer.headers());
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    let body = String::from_utf8_lossy(&body);
    assert!(body.contains("Phần «Thử» đang tạm dừng"), "{body}");
}

#[test]
fn what_happens_in_one_process_is_folded_in_another() {
    run(async {
        let (app, services) = TestApp::apart().await;
        let _directory = {
            let mut tasks = app.platform.background();
            let adoption = services.platform(Part::Adoption).await;
            tasks.spawn(async move { while adoption.background().join_next().await.is_some() {} });
            tasks
        };
        let settled = async || {
            let since = Instant::now();
            while app.count(TENANT, "SELECT count(*) FROM outbox").await > 0 {
                assert!(since.elapsed() < Duration::from_secs(10), "nobody folds");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        // The first sweep may find one, and whoever just began to listen another;
        // the third is found by nobody who was not told.
        for _ in 0..3 {
            let mut tx = app.db(TENANT).begin().await.unwrap();
            tx.record(&app.world, tenancy::NewEvent::new("test.happened")).await.unwrap();
            tx.commit().await.unwrap();
            settled().await;
        }
    });
}
