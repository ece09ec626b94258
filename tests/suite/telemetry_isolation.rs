//! What is seen from outside says of each tenant what was its own.

use crate::{
    app::{PASSWORD, TestApp, cluster, fill_with, login},
    run,
    telemetry_watch::watch,
};
use axum::body::Body;
use gateway::{Limits, Places, Proxies, Rate};
use http::{Method, Request};
use std::collections::{BTreeMap, BTreeSet};
use time::Duration;
use tokio::task::JoinSet;

/// Of this file alone: the meter is the process's, and others count as well.
const A: &str = "dien-bien";
const B: &str = "lai-chau";
const NATIONAL: &str = "trung-uong-thu";
/// Whose requests the other scenarios of this process count.
const OTHERS: [&str; 4] = ["thanh-hoa", "ha-noi", "toan-quoc", "-"];

/// Every number with a label, by all that stands before it.
fn series(label: &str) -> BTreeMap<String, f64> {
    let page = telemetry::page::text();
    let lines = page.lines().filter(|line| !line.starts_with('#') && line.contains(label));
    lines
        .map(|line| {
            let (name, number) = line.rsplit_once(' ').unwrap();
            (name.to_owned(), number.parse().unwrap())
        })
        .collect()
}

fn of(tenant: &str) -> BTreeMap<String, f64> {
    series(&format!("tenant=\"{tenant}\""))
}

/// Requests of a tenant that ended in a class of statuses.
fn requests(tenant: &str, class: &str) -> f64 {
    let class = format!("status=\"{class}\"");
    let counted = of(tenant).into_iter();
    counted
        .filter(|(name, _)| name.starts_with("sotay_requests_total{") && name.contains(&class))
        .map(|(_, number)| number)
        .sum()
}

/// The values that the label `tenant` has.
fn tenants() -> BTreeSet<String> {
    let value = |name: String| Some(name.split("tenant=\"").nth(1)?.split('"').next()?.to_owned());
    series("tenant=\"").into_keys().filter_map(value).collect()
}

#[test]
fn a_tenants_numbers_move_by_what_is_asked_at_its_own_host_alone() {
    run(async {
        watch().await;
        let database = cluster().await.empty().await;
        let tenants_here =
            [(A, "province", "main"), (B, "province", "main"), (NATIONAL, "national", "main")];
        fill_with(&database, tenants_here).await;
        let mut app = TestApp::on(database).await;
        let visitor = Rate { per_minute: 1, burst: 60 };
        let limits = Limits { visitor, ..Limits::default() };
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        let mut at_a = app.program(A, "member").await;
        let mut at_b = app.program(B, "member").await;
        assert_eq!(at_b.get("/api/v1/account").await.status, 200);
        app.fold(B).await;
        let (of_b, done_at_a) = (of(B), requests(A, "2xx"));
        assert!(requests(B, "2xx") >= 2.0, "{of_b:?}");

        // At A's host, with the name of B wherever it may stand.
        let mut asked = 0.0;
        let named = format!("{B}.localhost");
        for name in ["x-forwarded-host", "x-host", "x-original-host", "x-tenant", "origin"] {
            let name = http::HeaderName::from_static(name);
            assert_eq!(at_a.get_with("/api/v1/account", name, &named).await.status, 200);
            asked += 1.0;
        }
        let forwarded = format!("host={named};proto=https");
        let name = http::header::FORWARDED;
        assert_eq!(at_a.get_with("/api/v1/account", name, &forwarded).await.status, 200);
        assert_eq!(at_a.get(&format!("/api/v1/account?tenant={B}")).await.status, 200);
        asked += 2.0;
        for path in [format!("/{B}"), format!("/{B}/account"), format!("/api/v1/{B}")] {
            assert_eq!(at_a.get(&path).await.status, 404, "{path}");
        }
        let mut stranger = app.visitor(A);
        stranger.bearer.clone_from(&at_b.bearer);
        assert_eq!(stranger.get("/api/v1/account").await.status, 401);
        let mut guesser = app.visitor(A);
        guesser.get("/sign-in").await;
        for _ in 0..3 {
            let fields = [("login", login("member")), ("password", "đoán mò thôi")];
            assert_eq!(guesser.post("/session", &fields).await.status, 422);
        }
        // More than an address may: A has a limit that was reached, B has not.
        while guesser.get("/sign-in").await.status != 429 {
            asked += 1.0;
            assert!(asked < 200.0, "the limit is not reached");
        }
        app.fold(A).await;
        assert_eq!(of(B), of_b, "numbers of B moved by what was asked at A");
        assert!(requests(A, "2xx") >= done_at_a + asked);
        let reached = |(name, number): (&String, &f64)| name.contains("refused") && *number > 0.0;
        assert!(of(A).iter().any(reached) && !of(B).iter().any(reached));

        // At B's host, with what is A's: turned away there, and nothing is A's.
        let of_a = of(A);
        let mut at_b = app.visitor(B);
        at_b.bearer.clone_from(&at_a.bearer);
        for _ in 0..5 {
            assert_eq!(at_b.get("/api/v1/account").await.status, 401);
        }
        assert_eq!(of(A), of_a, "numbers of A moved by what was asked at B");
        let refused = of_b.keys().filter(|name| name.contains("status=\"4xx\""));
        let before: f64 = refused.map(|name| of_b[name]).sum();
        assert!(requests(B, "4xx") >= before + 5.0);
        let mut others = of(B);
        others.retain(|name, _| !name.contains("status=\"4xx\""));
        assert!(others.iter().all(|(name, number)| of_b.get(name) == Some(number)), "{others:?}");
    });
}

#[test]
fn what_strangers_type_makes_no_new_numbers() {
    run(async {
        watch().await;
        let app = TestApp::new().await;
        let known: BTreeSet<String> =
            OTHERS.into_iter().chain([A, B, NATIONAL]).map(ToOwned::to_owned).collect();
        let mut visitor = app.visitor("thanh-hoa");
        for n in 0..40 {
            visitor.host = "thanh-hoa.localhost".into();
            visitor.get(&format!("/vo-danh-{n}?tenant=vo-danh-{n}")).await;
            let method = Method::from_bytes(format!("VO-DANH-{n}").as_bytes()).unwrap();
            let request = visitor.request(method, "/").header("x-tenant", format!("vo-danh-{n}"));
            visitor.send(request.body(Body::empty()).unwrap()).await;
            for host in ["vo-danh-N.localhost", "a.vo-danh-N.localhost", "thanh-hoa.vo-danh-N.vn"] {
                visitor.host = host.replace('N', &n.to_string());
                assert_eq!(visitor.get("/").await.status, 404, "{host}");
            }
            let uri = format!("http://vo-danh-{n}.localhost/");
            let request = Request::get(uri).header("host", "thanh-hoa.localhost");
            visitor.send(request.body(Body::empty()).unwrap()).await;
        }
        let page = telemetry::page::text().to_lowercase();
        assert!(!page.contains("vo-danh"), "{page}");
        assert!(tenants().is_subset(&known), "{:?}", tenants());
        assert!(tenants().contains("-"), "requests of nobody are counted as such");
    });
}

#[test]
fn lines_of_requests_that_interleave_name_each_their_own_tenant_in_every_process() {
    const HERE: &str = "thanh-hoa";
    const THERE: &str = "ha-noi";
    run(async {
        let watch = watch().await;
        let (mut app, _services) = TestApp::apart().await;
        app.world.advance(Duration::milliseconds(2_468_013));
        let places = Places { total: 96, per_tenant: 48 };
        let limits = Limits { work: places, ..Limits::default() }.unreachable_rates();
        app.platform.door = app.platform.door.clone().limited(&limits, Proxies::default());
        // What fails at one tenant is nothing of the other's.
        app.execute(HERE, "ALTER TABLE document RENAME TO document_away").await;
        let mut tokens = BTreeMap::new();
        for tenant in [HERE, THERE] {
            tokens.insert(tenant, app.program(tenant, "member").await.bearer);
        }
        let mut asking = JoinSet::new();
        for _ in 0..8 {
            for tenant in [HERE, THERE] {
                for path in ["account", "documents", "meetings", "organisations", "khong-co"] {
                    let mut program = app.visitor(tenant);
                    program.bearer.clone_from(&tokens[tenant]);
                    asking.spawn(async move {
                        let answer = program.get(&format!("/api/v1/{path}")).await;
                        let id = answer.headers["x-request-id"].to_str().unwrap().to_owned();
                        (id, tenant, path, answer.status)
                    });
                }
            }
        }
        let asked: Vec<_> = asking.join_all().await;
        let lines = watch.lines();
        for (id, tenant, path, status) in &asked {
            let other = if *tenant == HERE { THERE } else { HERE };
            let own: Vec<_> =
                lines.iter().filter(|line| line["id"] == **id || line["request"] == **id).collect();
            // The gateway's and the service's, where it came so far.
            let ends = own.iter().filter(|line| line["id"] == **id);
            let processes = if *path == "khong-co" { 1 } else { 2 };
            assert_eq!(ends.clone().count(), processes, "{path} {status}: {own:?}");
            assert!(ends.clone().all(|line| line["tenant"] == **tenant), "{own:?}");
            for line in &own {
                assert!(!line.to_string().contains(other), "{line}");
            }
            let fails = *tenant == HERE && *path == "documents";
            assert_eq!(*status >= 500, fails, "{tenant} {path}: {status}");
            let errors = own.iter().filter(|line| line["level"] == "ERROR").count();
            assert_eq!(errors > 0, fails, "{tenant} {path}: {own:?}");
        }
        for secret in [PASSWORD, login("member")] {
            assert!(!lines.iter().any(|line| line.to_string().contains(secret)));
        }
    });
}
