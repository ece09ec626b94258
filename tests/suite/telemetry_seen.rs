//! One request: a line, a trace, numbers.

use crate::{
    app::{TestApp, unhurried},
    browser::Browser,
    run,
    telemetry_collector::attribute,
    telemetry_watch::watch,
};
use axum::body::Body;
use gateway::{Peer, listen::Answer as _};
use http::{Method, Request};
use http_body_util::BodyExt as _;
use opentelemetry_proto::tonic::trace::v1::Span;
use sotay::{Part, private::Private};
use std::net::IpAddr;
use time::Duration;

/// What the private listener answers.
pub async fn private(app: &TestApp, path: &str) -> (u16, String) {
    let request = Request::get(path).body(Body::empty()).unwrap();
    let peer = Peer { address: IpAddr::from([127, 0, 0, 1]), secure: false };
    let answer = Private::new(&app.platform).answer(request, peer).await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(body.to_vec()).unwrap())
}

#[test]
fn a_request_is_one_line_and_one_trace_from_the_gateway_to_its_sql() {
    run(async {
        let watch = watch().await;
        let app = TestApp::new().await;
        // The worlds of all scenarios begin alike, and so would their identifiers.
        app.world.advance(Duration::milliseconds(1_234_567));
        let mut member = app.browser("thanh-hoa", "member").await;
        // Whoever asks from outside does not choose the trace.
        let chosen = "0af7651916cd43dd8448eb211c80319c";
        let request = member
            .request(Method::GET, "/documents")
            .header("traceparent", format!("00-{chosen}-b7ad6b7169203331-01"))
            .body(Body::empty())
            .unwrap();
        let answer = member.send(request).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = answer.headers["x-request-id"].to_str().unwrap();

        let spans = watch.spans().await;
        let server: Vec<_> = spans
            .iter()
            .filter(|s| attribute(&s.attributes, "sotay.request").as_deref() == Some(id))
            .collect();
        let [server] = server[..] else { panic!("{} spans of one request", server.len()) };
        assert_eq!(server.name, "GET document.list");
        assert_eq!(attribute(&server.attributes, "sotay.tenant").as_deref(), Some("thanh-hoa"));
        assert_eq!(
            attribute(&server.attributes, "http.response.status_code").as_deref(),
            Some("200")
        );
        assert!(server.parent_span_id.is_empty());
        let chosen = u128::from_str_radix(chosen, 16).unwrap();
        assert_ne!(server.trace_id, chosen.to_be_bytes());

        let trace: Vec<_> = spans.iter().filter(|s| s.trace_id == server.trace_id).collect();
        let step = trace.iter().find(|s| s.name == "document.list").unwrap();
        assert_eq!(step.parent_span_id, server.span_id);
        let statements: Vec<_> =
            trace.iter().filter(|s| attribute(&s.attributes, "db.query.text").is_some()).collect();
        assert!(
            statements.iter().any(|s| s.parent_span_id == step.span_id),
            "SQL of the operation: {trace:?}"
        );
        assert!(
            statements.iter().any(|s| s.parent_span_id == server.span_id),
            "SQL of the gateway, which looks who it is"
        );
        for statement in &statements {
            assert!(
                statement.start_time_unix_nano >= server.start_time_unix_nano
                    && statement.end_time_unix_nano <= server.end_time_unix_nano,
                "{statement:?}"
            );
        }

        let lines = watch.lines();
        let lines: Vec<_> = lines.iter().filter(|line| line["id"] == id).collect();
        let [line] = lines[..] else { panic!("{} lines of one request", lines.len()) };
        assert_eq!(
            (&line["operation"], &line["tenant"]),
            (&"document.list".into(), &"thanh-hoa".into())
        );
        assert_eq!(line["sql"], statements.len(), "the line counts what the trace shows");
        assert!(line["sql_millis"].as_u64().unwrap() <= line["millis"].as_u64().unwrap());
        let sent = watch.logs().await;
        let ours: Vec<_> = sent.iter().filter(|(trace, _)| *trace == server.trace_id).collect();
        assert_eq!(ours.len(), 1, "the line is sent once, with its trace: {ours:?}");
    });
}

#[test]
fn whose_statement_was_asked_together_with_others_is_led_to_it() {
    run(async {
        let watch = watch().await;
        let app = TestApp::new().await;
        // All of them get in at once, or none would share a statement.
        let door = unhurried(&app.platform.door);
        let mut programs = Vec::new();
        for _ in 0..6 {
            let mut program = Browser::new(door.clone(), "thanh-hoa");
            program.bearer = app.program("thanh-hoa", "member").await.bearer;
            programs.push(program);
        }
        let asked = programs.iter_mut().map(|program| program.get("/api/v1/documents"));
        let answers = futures_util::future::join_all(asked).await;
        let ids: Vec<_> = answers.iter().map(|a| a.headers["x-request-id"].to_str().ok()).collect();
        let spans = watch.spans().await;
        let of_these = spans.iter().filter(|s| {
            let id = attribute(&s.attributes, "sotay.request");
            id.is_some() && ids.contains(&id.as_deref())
        });
        let links: Vec<_> = of_these.flat_map(|span| &span.links).collect();
        assert!(!links.is_empty(), "six at once, and nobody shared");
        for link in links {
            let asks = spans.iter().any(|s| {
                s.parent_span_id == link.span_id
                    && attribute(&s.attributes, "db.query.text").is_some()
            });
            assert!(asks, "{link:?}");
        }
    });
}

#[test]
fn a_trace_goes_on_in_the_process_of_the_service() {
    run(async {
        let watch = watch().await;
        let (app, _services) = TestApp::apart().await;
        app.world.advance(Duration::milliseconds(7_654_321));
        let mut member = app.browser("thanh-hoa", "member").await;
        let answer = member.get("/documents").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let id = answer.headers["x-request-id"].to_str().unwrap();
        let spans = watch.spans().await;
        let both: Vec<_> = spans
            .iter()
            .filter(|s| attribute(&s.attributes, "sotay.request").as_deref() == Some(id))
            .collect();
        let gateway = both.iter().find(|s| s.parent_span_id.is_empty()).unwrap();
        let service = both.iter().find(|s| !s.parent_span_id.is_empty()).unwrap();
        assert_eq!(both.len(), 2, "one of each process: {both:?}");
        assert_eq!(service.trace_id, gateway.trace_id);
        assert_eq!(service.parent_span_id, gateway.span_id);

        let trace: Vec<_> = spans.iter().filter(|s| s.trace_id == gateway.trace_id).collect();
        let step = trace.iter().find(|s| s.name == "document.list").unwrap();
        assert_eq!(step.parent_span_id, service.span_id, "the operation is the service's");
        let asks = |parent: &Span| {
            trace.iter().any(|s| {
                attribute(&s.attributes, "db.query.text").is_some()
                    && s.parent_span_id == parent.span_id
            })
        };
        assert!(asks(step), "SQL of the operation, in the service: {trace:?}");
        assert!(asks(gateway), "SQL of the gateway, which looks who it is: {trace:?}");
        for span in &trace {
            let hangs = trace.iter().any(|parent| parent.span_id == span.parent_span_id);
            assert!(hangs || span.span_id == gateway.span_id, "loose: {span:?}");
        }
    });
}

#[test]
fn a_part_that_does_not_answer_is_counted_under_its_name() {
    run(async {
        let watch = watch().await;
        let (app, mut services) = TestApp::apart().await;
        let mut member = app.browser("thanh-hoa", "member").await;
        services.end(Part::Documents).await;
        assert_eq!(member.get("/documents").await.status, 503);
        let (_, page) = private(&app, "/metrics").await;
        let counted = "sotay_upstream_failures_total{part=\"documents\"} ";
        assert!(page.lines().any(|line| line.starts_with(counted)), "{page}");
        let sent = watch.metrics().await;
        assert!(sent.iter().any(|name| name == "sotay.upstream.failures"), "{sent:?}");
        // Whoever looks at the numbers is told the same in words.
        let (status, said) = private(&app, "/readyz").await;
        assert!(status == 200 && said.contains("\ndocuments: phần này không trả lời"), "{said}");
    });
}

#[test]
fn numbers_are_read_on_the_private_listener_and_nowhere_else() {
    run(async {
        let watch = watch().await;
        let app = TestApp::new().await;
        let mut member = app.browser("thanh-hoa", "member").await;
        assert_eq!(member.get("/account").await.status, 200);
        assert_eq!(member.get("/metrics").await.status, 404, "visitors see none of it");
        member.get("/nothing/here/0912345678").await;
        app.visitor("unheard-of").get("/").await;

        let (status, page) = private(&app, "/metrics").await;
        assert_eq!(status, 200);
        let has = |name: &str, labels: &[&str]| {
            page.lines().any(|line| {
                line.starts_with(name) && labels.iter().all(|label| line.contains(label))
            })
        };
        for (name, labels) in [
            ("sotay_requests_total{", &["tenant=\"thanh-hoa\"", "status=\"2xx\""][..]),
            ("sotay_requests_total{", &["tenant=\"-\"", "status=\"4xx\""]),
            (
                "sotay_request_duration_seconds_bucket{",
                &["operation=\"account.show\"", "le=\"0.05\""],
            ),
            ("sotay_sql_statements_total{", &["operation=\"account.show\""]),
            ("sotay_sql_time_seconds_total{", &["operation=\"account.show\""]),
            ("sotay_db_connections{", &["placement=\"main\"", "state=\"idle\""]),
            ("sotay_db_waiting{", &["placement=\"main\""]),
            ("sotay_db_lease_seconds_count{", &["placement=\"main\""]),
            ("sotay_sign_ins_total{", &["outcome=\"ok\""]),
            ("sotay_passwords_waiting", &[]),
            ("sotay_build_info{", &["version="]),
        ] {
            assert!(has(name, labels), "{name} {labels:?} is not in\n{page}");
        }
        assert!(!page.contains("unheard-of"), "no label is what somebody typed");

        let sent = watch.metrics().await;
        assert!(
            sent.iter().any(|name| name == "sotay.requests"),
            "the same go over OTLP: {sent:?}"
        );
        assert_eq!(private(&app, "/healthz").await, (200, "ok\n".into()));
        let (status, body) = private(&app, "/readyz").await;
        assert!(status == 200 && body.starts_with("ready\n"), "{body}");
        assert_eq!(private(&app, "/").await.0, 404);
    });
}
