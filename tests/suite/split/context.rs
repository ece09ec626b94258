//! What the gateway seals for one request is worth nothing with another, and
//! nothing at all in a person's hands.

use super::{Heard, TENANT, instead};
use crate::{app::TestApp, run};
use axum::body::Body;
use gateway::{Peer, listen::Answer as _};
use http::{HeaderName, HeaderValue, Method, Request, StatusCode};
use sotay::{Part, parts::identity};
use std::net::Ipv4Addr;
use time::Duration;

const CONTEXT: HeaderName = HeaderName::from_static("x-sotay-context");

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

/// The same with one letter changed.
fn changed(sealed: &HeaderValue, at: usize) -> HeaderValue {
    let mut bytes = sealed.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    HeaderValue::from_bytes(&bytes).unwrap()
}

#[test]
fn a_sealed_context_opens_its_own_request_and_no_other() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        let mut secretary = app.browser(TENANT, "secretary").await;
        let mut elsewhere = app.browser("ha-noi", "secretary").await;
        let known = identity(&services.config, &app.world).unwrap();
        services.end(Part::Documents).await;
        let heard = Heard::default();
        let mut standing = instead(&services, Part::Documents, &known, heard.clone()).await;
        secretary.get("/documents").await;
        secretary.get("/documents/new").await;
        secretary.post("/documents", &[]).await;
        elsewhere.get("/documents").await;
        let sealed: Vec<_> =
            heard.0.lock().unwrap().iter().map(|headers| headers[CONTEXT].clone()).collect();
        let [own, path, method, tenant] = &sealed[..] else { panic!("{} came", sealed.len()) };
        let content = &changed(own, 20);
        let seal = &changed(own, own.len() - 20);

        // At the service's own door, which nobody but the gateway reaches.
        let inner = services.platform(Part::Documents).await.inner;
        let opens = async |method: Method, path: &str, sealed: &HeaderValue| {
            let request = Request::builder().method(method).uri(path).header(CONTEXT, sealed);
            let peer = Peer { address: Ipv4Addr::LOCALHOST.into(), secure: true };
            inner.clone().answer(request.body(Body::empty()).unwrap(), peer).await.status()
        };
        assert_eq!(opens(Method::GET, "/documents", own).await, StatusCode::OK);
        assert_eq!(opens(Method::GET, "/documents", tenant).await, StatusCode::OK);
        for (to, at, sealed) in [
            (Method::POST, "/documents", own),
            (Method::HEAD, "/documents", own),
            (Method::GET, "/documents/new", own),
            (Method::GET, "/documents?q=a", own),
            (Method::GET, "/documents", path),
            (Method::GET, "/documents", method),
            (Method::GET, "/documents", content),
            (Method::GET, "/documents", seal),
        ] {
            let status = opens(to.clone(), at, sealed).await;
            assert_eq!(status, StatusCode::MISDIRECTED_REQUEST, "{to} {at}");
        }

        // A person who has got hold of one: the gateway takes it off.
        let shows = async |sealed: &HeaderValue| {
            let mut visitor = app.visitor(TENANT);
            let request = visitor.request(Method::GET, "/documents").header(CONTEXT, sealed);
            let request = request.header("x-sotay-session", "dG9rZW4");
            visitor.send(request.body(Body::empty()).unwrap()).await
        };
        for sealed in [own, path, method, tenant, content, seal] {
            shows(sealed).await;
            let arrived = heard.0.lock().unwrap().pop().unwrap();
            let ours: Vec<_> =
                arrived.iter().filter(|(name, _)| name.as_str().starts_with("x-sotay-")).collect();
            let [(name, value)] = ours[..] else { panic!("{} of our headers", ours.len()) };
            assert!(*name == CONTEXT && value != sealed, "it has the gateway's own");
        }
        standing.shutdown().await;
        services.begin(Part::Documents).await;
        for sealed in [own, path, method, tenant, content, seal] {
            assert_eq!(shows(sealed).await.location(), "/sign-in?next=/documents");
        }

        // And all of them pass.
        app.world.advance(Duration::seconds(30));
        assert_eq!(opens(Method::GET, "/documents", own).await, StatusCode::OK);
        app.world.advance(Duration::seconds(1));
        let late = opens(Method::GET, "/documents", own).await;
        assert_eq!(late, StatusCode::MISDIRECTED_REQUEST);
        assert_eq!(shows(own).await.location(), "/sign-in?next=/documents");
    });
}
