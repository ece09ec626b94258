//! Identifiers and codes of one tenant, tried at another.

use super::{A, B};
use crate::{app::TestApp, documents::published, meetings::under_way, run};
use axum::body::Body;
use gateway::{Limits, Proxies};
use http::{Method, header};
use serde_json::json;
use uuid::Uuid;

/// One row that can be taken and one that cannot.
const ROSTER: &str = "Họ và tên,Ngày sinh,Số thẻ đảng,Số lý lịch,Mã chi bộ,Điện thoại,Tình trạng,Có điện thoại thông minh\nNguyễn Văn An,03/02/1975,,LL-1,cb-1,0912000001,Chính thức,Có\n,,,LL-5,cb-1,,Chính thức,\n";

async fn ids(app: &TestApp, tenant: &str, sql: &str) -> Vec<Uuid> {
    let mut conn = app.db(tenant).conn().await.unwrap();
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql.to_owned())).fetch_all(&mut *conn).await.unwrap()
}

#[test]
fn nothing_of_one_tenant_is_found_at_another_by_its_identifier() {
    run(async {
        let mut app = TestApp::new().await;
        // Whoever tries everything would be slowed down, which proves nothing.
        let rates = Limits::default().unreachable_rates();
        app.platform.door = app.platform.door.clone().limited(&rates, Proxies::default());
        published(&mut app.browser(A, "editor").await, &[]).await;
        under_way(&app, &mut app.program(A, "secretary").await, A).await;
        let admin = &mut app.program(A, "admin").await;
        let file = ROSTER.as_bytes();
        assert_eq!(admin.upload("/api/v1/roster", &[], "ds.csv", file).await.status, 201);

        let mut things = Vec::new();
        for table in
            ["organisation", "member", "account", "session", "document", "meeting", "roster_import"]
        {
            let some = ids(&app, A, &format!("SELECT id FROM {table} ORDER BY id LIMIT 1")).await;
            assert_eq!(some.len(), 1, "{table}");
            things.extend(some);
        }
        let before = app.count(B, "SELECT count(*) FROM event").await;
        let mut tried = 0;
        for who in ["admin", "secretary", "editor"] {
            let mut program = app.program(B, who).await;
            for route in app.platform.routes.iter().filter(|route| route.path.contains('{')) {
                for thing in &things {
                    let path =
                        route
                            .path
                            .split('/')
                            .map(|part| {
                                if part.starts_with('{') { thing.to_string() } else { part.into() }
                            })
                            .collect::<Vec<_>>()
                            .join("/");
                    let request = program
                        .request(
                            Method::from_bytes(route.method.as_bytes()).unwrap(),
                            &format!("/api/v1{path}"),
                        )
                        .header(header::CONTENT_TYPE, "application/json")
                        .body(Body::from("{}"))
                        .unwrap();
                    let answer = program.send(request).await;
                    assert!(
                        (400..500).contains(&answer.status),
                        "{who} of {B}: {} {path}: {} {}",
                        route.method,
                        answer.status,
                        answer.body
                    );
                    tried += 1;
                }
            }
        }
        assert!(tried > 300, "{tried}");
        // Three sign-ins and nothing else came of it.
        assert_eq!(app.count(B, "SELECT count(*) FROM event").await, before + 3);
    });
}

#[test]
fn codes_of_one_tenant_open_nothing_at_another() {
    run(async {
        let app = TestApp::new().await;
        let (path, code) = under_way(&app, &mut app.program(A, "secretary").await, A).await;
        // One meeting at each, so that there is something to mix up.
        let (_, own) = under_way(&app, &mut app.program(B, "secretary").await, B).await;
        let mut member = app.browser(B, "member").await;
        member.get("/meetings/check-in").await;
        for via in ["qr", "code"] {
            let answer = member.post("/meetings/check-in", &[("code", &code), ("via", via)]).await;
            assert_eq!(answer.status, 422, "{via}: {}", answer.body);
        }
        assert_eq!(app.count(B, "SELECT count(*) FROM attendance").await, 0);
        assert_eq!(app.count(A, "SELECT count(*) FROM attendance").await, 0);
        let here = member.post("/meetings/check-in", &[("code", &own), ("via", "code")]).await;
        assert_eq!(here.status, 303, "{}", here.body);
        // The chair's screen, asked again and again, stays its own tenant's.
        let mut chair = app.browser(B, "secretary").await;
        let address = &path["/api/v1".len()..];
        for page in ["", "/board", "/board/count", "/attendance", "/attendance.xlsx"] {
            assert_eq!(chair.get(&format!("{address}{page}")).await.status, 404, "{page}");
        }
    });
}

#[test]
fn exports_and_imports_are_fetched_where_they_were_made() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(A, "admin").await;
        let file = ROSTER.as_bytes();
        let sent = admin.upload("/api/v1/roster", &[], "ds.csv", file).await;
        assert_eq!(sent.status, 201, "{}", sent.body);
        let id = sent.json()["id"].as_str().unwrap().to_owned();
        let (unit_a, unit_b) = (app.unit(A, "xa-1").await, app.unit(B, "xa-1").await);
        let mut other = app.program(B, "admin").await;
        for path in [
            format!("roster/{id}"),
            format!("roster/{id}/problems.xlsx"),
            format!("adoption?unit={unit_a}"),
            format!("adoption.xlsx?unit={unit_a}"),
        ] {
            assert_eq!(other.get(&format!("/api/v1/{path}")).await.status, 404, "{path}");
        }
        let answer = other.post_json(&format!("/api/v1/roster/{id}/run"), &json!({})).await;
        assert_eq!(answer.status, 404);
        assert_eq!(other.get(&format!("/api/v1/adoption.xlsx?unit={unit_b}")).await.status, 200);
    });
}
