//! Services in processes of their own: who may ask them, what happens when one
//! is away, and that nothing is done twice or for nobody.

use crate::{
    app::{TestApp, cluster},
    run,
};
use axum::{Router, body::Body, routing::any};
use embedded::ca::DevCa;
use gateway::{
    Peer,
    listen::{self, Answer as _, Bounds},
    upstream::{Deadline, Identity, Inner, Remote},
};
use http::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use kernel::TenantId;
use rustls::{ClientConfig, RootCertStore, pki_types::CertificateDer, pki_types::pem::PemObject};
use sotay::{Part, parts::identity};
use std::{
    convert::Infallible,
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};
use tokio_rustls::{TlsAcceptor, TlsConnector};
use tower::ServiceExt as _;
use web::{Csrf, Face, RequestContext};

const TENANT: &str = "thanh-hoa";

#[test]
fn a_part_that_is_away_is_named_while_the_rest_works() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        assert_eq!(secretary.get("/documents").await.status, 200);
        services.end(Part::Documents).await;

        for _ in 0..5 {
            let missing = secretary.get("/documents").await;
            assert_eq!(missing.status, 503, "{}", missing.body);
            assert!(missing.shows("Phần «Văn bản» đang tạm dừng"), "{}", missing.body);
            assert!(missing.shows("Đảng bộ thanh-hoa"), "in the tenant's own frame");
            assert!(missing.headers.contains_key("retry-after"));
        }
        let mut program = app.program(TENANT, "secretary").await;
        let problem = program.get("/api/v1/documents").await;
        assert_eq!(problem.status, 503);
        assert_eq!(problem.headers["content-type"], "application/problem+json");
        for path in ["/", "/meetings", "/meetings/new", "/organisations"] {
            assert_eq!(secretary.get(path).await.status, 200, "{path} needs no documents");
        }

        services.begin(Part::Documents).await;
        let since = Instant::now();
        while secretary.get("/documents").await.status != 200 {
            assert!(since.elapsed() < Duration::from_secs(10), "found again by itself");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
}

#[test]
fn a_context_that_a_person_sends_is_worth_nothing() {
    run(async {
        let (app, services) = TestApp::apart().await;
        // At the gateway it is dropped: nobody is signed in by it.
        let mut visitor = app.visitor(TENANT);
        let forged = visitor
            .request(Method::GET, "/documents")
            .header("x-sotay-context", "e30.e30")
            .body(Body::empty())
            .unwrap();
        assert_eq!(visitor.send(forged).await.location(), "/sign-in?next=/documents");
        // At the service's own door it opens nothing, and nor does none.
        let inner = services.platform(Part::Documents).await.inner;
        let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), secure: true };
        for header in [None, Some("e30.e30"), Some("")] {
            let mut request = Request::get("/documents");
            if let Some(text) = header {
                request = request.header("x-sotay-context", text);
            }
            let answer = inner.clone().answer(request.body(Body::empty()).unwrap(), peer).await;
            assert_eq!(answer.status(), StatusCode::MISDIRECTED_REQUEST, "{header:?}");
        }
    });
}

#[test]
fn without_a_certificate_of_the_installation_nobody_is_greeted() {
    run(async {
        let (app, services) = TestApp::apart().await;
        let ca = DevCa::load_or_create(&services.config.data.join("internal-ca"), app.world.now())
            .unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(ca.pem().as_bytes()).unwrap()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut stranger = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        stranger.alpn_protocols = vec![b"h2".to_vec()];
        let known = identity(&services.config, &app.world).unwrap().client().unwrap();
        let address = &services.config.upstreams[&Part::Meetings];
        for (tls, greeted) in [(known, true), (stranger, false)] {
            let socket = TcpStream::connect(address).await.unwrap();
            let name = "localhost".try_into().unwrap();
            let answer = async {
                let mut stream = TlsConnector::from(Arc::new(tls)).connect(name, socket).await?;
                // The client's preface and empty settings; the server sends its own.
                stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0").await?;
                stream.read_u8().await
            };
            assert_eq!(answer.await.is_ok(), greeted);
        }
    });
}

/// A service of our own making behind the real doors.
async fn service(router: Router) -> (TestApp, Remote, watch::Sender<bool>) {
    let app = TestApp::on(cluster().await.copy(crate::app::fill).await).await;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let data = tempfile::tempdir().unwrap();
    let config = sotay::Config { data: data.path().into(), ..sotay::Config::default() };
    let identity = identity(&config, &app.world).unwrap();
    let tls = Arc::new(identity.server().unwrap());
    let inner = Inner::new(app.platform.app.clone(), router);
    let (stop, stopped) = watch::channel(false);
    tokio::spawn(listen::serve(listener, Some(tls), Bounds::internal(), inner, stopped));
    let remote = remote_at(&app, &address, &identity);
    (app, remote, stop)
}

/// The gateway's end of a service at `address`.
fn remote_at(app: &TestApp, address: &str, identity: &Identity) -> Remote {
    let (key, world) = (app.database.key.clone(), app.world.clone());
    Remote::new("Thử", address.parse().unwrap(), identity, key, world).unwrap()
}

fn asked(method: Method, body: Body) -> Request<Body> {
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

#[test]
fn what_nobody_waits_for_any_more_is_stopped_at_the_other_end() {
    struct Told(mpsc::UnboundedSender<()>);
    impl Drop for Told {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    run(async {
        let (tell, mut told) = mpsc::unbounded_channel();
        let slow = move || {
            let told = Told(tell.clone());
            async move {
                tokio::time::sleep(Duration::from_mins(1)).await;
                drop(told);
            }
        };
        let (_app, remote, _stop) = service(Router::new().route("/", any(slow))).await;

        let mut late = asked(Method::POST, Body::empty());
        let deadline = tokio::time::Instant::now() + Duration::from_millis(300);
        late.extensions_mut().insert(Deadline(deadline));
        let answer = remote.clone().oneshot(late).await.unwrap();
        assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
        tokio::time::timeout(Duration::from_secs(5), told.recv()).await.expect("its deadline");

        // Somebody closes the page.
        let asking = tokio::spawn(remote.oneshot(asked(Method::POST, Body::empty())));
        tokio::time::sleep(Duration::from_millis(200)).await;
        asking.abort();
        tokio::time::timeout(Duration::from_secs(5), told.recv()).await.expect("its caller left");
    });
}

#[test]
fn bodies_stream_both_ways() {
    run(async {
        // Sends back each piece as it comes.
        let echo = Router::new().route("/", any(async |body: Body| Response::new(body)));
        let (_app, remote, _stop) = service(echo).await;
        let (send, pieces) = mpsc::channel::<Result<&'static [u8], Infallible>>(1);
        let stream = futures_util::stream::unfold(pieces, async |mut pieces| {
            pieces.recv().await.map(|piece| (piece, pieces))
        });
        let request = asked(Method::POST, Body::from_stream(stream));
        send.send(Ok(b"one")).await.unwrap();
        let answer = remote.oneshot(request).await.unwrap();
        let mut body = answer.into_body();
        for (piece, next) in [("one", Some("two")), ("two", Some("three")), ("three", None)] {
            // It is here before the rest of the request has been sent.
            let frame = http_body_util::BodyExt::frame(&mut body).await.unwrap().unwrap();
            assert_eq!(frame.into_data().unwrap(), piece);
            if let Some(next) = next {
                send.send(Ok(next.as_bytes())).await.unwrap();
            }
        }
    });
}

#[test]
fn only_what_can_do_no_harm_is_asked_twice() {
    run(async {
        let (app, _remote, _stop) = service(Router::new()).await;
        let data = tempfile::tempdir().unwrap();
        let config = sotay::Config { data: data.path().into(), ..sotay::Config::default() };
        let identity = identity(&config, &app.world).unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(identity.server().unwrap()));
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let asked_for = Arc::new(AtomicU32::new(0));
        let counter = asked_for.clone();
        // Takes every request and loses it.
        let losing = tokio::spawn(async move {
            loop {
                let Ok((socket, _)) = listener.accept().await else { return };
                let Ok(stream) = acceptor.accept(socket).await else { continue };
                let counter = counter.clone();
                let lose = hyper::service::service_fn(move |_| {
                    counter.fetch_add(1, Ordering::SeqCst);
                    async { Err::<Response<Body>, _>(std::io::Error::other("lost")) }
                });
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                tokio::spawn(server.serve_connection(TokioIo::new(stream), lose));
            }
        });
        let remote = remote_at(&app, &address, &identity);
        for (method, body, times) in [
            (Method::GET, Body::empty(), 2),
            (Method::POST, Body::empty(), 1),
            (Method::GET, Body::from("a body"), 1),
        ] {
            asked_for.store(0, Ordering::SeqCst);
            // A fresh circuit each time would hide that they are counted: wait it out.
            tokio::time::sleep(Duration::from_millis(600)).await;
            let answer = remote.clone().oneshot(asked(method.clone(), body)).await.unwrap();
            assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
            assert_eq!(asked_for.load(Ordering::SeqCst), times, "{method}");
        }
        losing.abort();
    });
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
        let waiting = async || {
            let mut conn = app.db(TENANT).conn().await.unwrap();
            sqlx::query_scalar::<_, i64>("SELECT count(*) FROM outbox")
                .fetch_one(&mut *conn)
                .await
                .unwrap()
        };
        let settled = async || {
            let since = Instant::now();
            while waiting().await > 0 {
                assert!(since.elapsed() < Duration::from_secs(10), "nobody folds");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        settled().await;
        // The listener has its connection once the first sweep is through.
        tokio::time::sleep(Duration::from_millis(500)).await;
        let mut tx = app.db(TENANT).begin().await.unwrap();
        tx.record(&app.world, tenancy::NewEvent::new("test.happened")).await.unwrap();
        tx.commit().await.unwrap();
        settled().await;
    });
}
