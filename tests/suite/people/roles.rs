//! Roles: given and taken, and how far they reach.

use super::{TENANT, fields, grant};
use crate::{app::TestApp, browser::Browser, run};
use serde_json::json;

/// The grant by which a member holds a role.
async fn held(admin: &mut Browser, member: &str, role: &str) -> String {
    let page = admin.get(&format!("/api/v1/members/{member}")).await.json();
    let held = page["roles"]
        .as_array()
        .unwrap()
        .iter()
        .find(|held| held["role"] == role)
        .unwrap_or_else(|| panic!("{page}"));
    held["id"].as_str().unwrap().to_owned()
}

#[test]
fn roles_hold_from_the_next_request_and_end_with_it() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let member = app.member(TENANT, "member").await.to_string();
        let (mut browser, mut program) =
            (app.browser(TENANT, "member").await, app.program(TENANT, "member").await);
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (403, 403)
        );
        let (status, answer) = grant(&mut admin, &member, "secretary", "cb-1").await;
        assert_eq!((status, &answer["granted"]), (200, &json!(true)), "{answer}");
        assert_eq!(
            grant(&mut admin, &member, "secretary", "cb-1").await.1["granted"],
            false,
            "held is held"
        );
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (200, 200)
        );
        assert!(browser.get("/").await.shows("href=\"/members\""));
        let path = format!("/api/v1/roles/{}/revoke", held(&mut admin, &member, "secretary").await);
        assert_eq!(program.post_json(&path, &json!({})).await.status, 403, "not one's own to take");
        assert_eq!(admin.post_json(&path, &json!({})).await.status, 200);
        assert_eq!(admin.post_json(&path, &json!({})).await.status, 404);
        assert_eq!(
            (browser.get("/members").await.status, program.get("/api/v1/members").await.status),
            (403, 403)
        );
        assert_eq!(
            app.count(TENANT, "SELECT count(*) FROM event WHERE kind = 'role.revoked'").await,
            1
        );

        // Whoever administers a commune grants there and nowhere else.
        let committee = app.member(TENANT, "committee").await.to_string();
        grant(&mut admin, &committee, "tenant_admin", "xa-1").await;
        let mut local = app.program(TENANT, "committee").await;
        assert_eq!(grant(&mut local, &member, "secretary", "cb-2").await.0, 200);
        let far = app.member(TENANT, "far").await.to_string();
        assert_eq!(
            grant(&mut local, &far, "secretary", "cb-1").await.0,
            404,
            "somebody of another commune"
        );
        for unit in ["cb-3", "goc"] {
            let (status, refused) = grant(&mut local, &member, "tenant_admin", unit).await;
            assert_eq!((status, fields(&refused)), (422, vec!["organisation"]), "{unit}");
        }
        let auditor = app.member(TENANT, "auditor").await.to_string();
        let theirs = held(&mut admin, &auditor, "auditor").await;
        assert_eq!(
            local.post_json(&format!("/api/v1/roles/{theirs}/revoke"), &json!({})).await.status,
            404
        );
    });
}

#[test]
fn somebody_always_administers_the_tenant() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let id = app.member(TENANT, "admin").await.to_string();
        let mut browser = app.browser(TENANT, "admin").await;
        let revoke = format!("/roles/{}/revoke", held(&mut admin, &id, "tenant_admin").await);
        browser.get("/roles").await;
        let refused = browser.post(&revoke, &[]).await;
        assert!(
            refused.status == 409 && refused.shows("người quản trị cuối cùng"),
            "{}",
            refused.body
        );
        let left = json!({"organisation": "goc", "full_name": "Lê Thị Quản Trị", "file_number": "QT-1", "standing": "official", "status": "left"});
        assert_eq!(admin.post_json(&format!("/api/v1/members/{id}"), &left).await.status, 409);
        assert_eq!(
            admin.post_json(&format!("/api/v1/members/{id}/withdraw"), &json!({})).await.status,
            409
        );
        // An administrator of a part is none of the whole.
        let editor = app.member(TENANT, "editor").await.to_string();
        grant(&mut admin, &editor, "tenant_admin", "xa-1").await;
        assert_eq!(admin.post_json(&format!("/api/v1{revoke}"), &json!({})).await.status, 409);
        assert_eq!(grant(&mut admin, &editor, "tenant_admin", "goc").await.0, 200);
        assert_eq!(admin.post_json(&format!("/api/v1{revoke}"), &json!({})).await.status, 200);
        assert_eq!(browser.get("/roles").await.status, 403, "taken at once");
        assert_eq!(app.browser(TENANT, "editor").await.get("/roles").await.status, 200);
    });
}

#[test]
fn reviewers_are_of_the_national_tenant() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(TENANT, "admin").await;
        let member = app.member(TENANT, "auditor").await.to_string();
        for role in ["reviewer", "member", "operator", "anyone", "ông trời"] {
            let (status, refused) = grant(&mut admin, &member, role, "goc").await;
            assert_eq!((status, fields(&refused)), (422, vec!["role"]), "{role}");
        }
        let mut browser = app.browser(TENANT, "admin").await;
        let page = browser.get(&format!("/members/{member}/roles/new")).await;
        assert!(page.shows("value=\"auditor\"") && !page.shows("reviewer"), "{}", page.body);
        let mut national = app.program("toan-quoc", "admin").await;
        let admin_there = app.member("toan-quoc", "admin").await.to_string();
        assert_eq!(grant(&mut national, &admin_there, "reviewer", "goc").await.0, 200);
    });
}

#[test]
fn above_the_branch_there_are_counts_and_beside_it_nothing() {
    run(async {
        let app = TestApp::new().await;
        let branch = app.unit(TENANT, "cb-1").await;
        let path = format!("/organisations/{branch}");
        let member = format!("/members/{}", app.member(TENANT, "member").await);
        let mut committee = app.browser(TENANT, "committee").await;
        let page = committee.get(&path).await;
        assert!(
            page.status == 200
                && !page.shows("Người member")
                && !page.shows("Người secretary")
                && !page.shows("0971"),
            "{}",
            page.body
        );
        let mut program = app.program(TENANT, "committee").await;
        let page = program.get(&format!("/api/v1{path}")).await.json();
        assert_eq!(
            (page["members_below"].as_i64(), page["members"].is_null()),
            (Some(3), true),
            "{page}"
        );
        for address in ["/members", &member] {
            assert_eq!(committee.get(address).await.status, 403, "{address}");
        }
        let mut other = app.browser(TENANT, "secretary-2").await;
        for address in [&path, &member, "/members?unit=cb-1"] {
            assert_eq!(other.get(address).await.status, 404, "{address}");
        }
        let mut secretary = app.browser(TENANT, "secretary").await;
        let page = secretary.get(&path).await;
        assert!(page.shows("Người member") && page.shows("0971000002"), "{}", page.body);
        assert_eq!(secretary.get(&member).await.status, 200);
        let page = app.browser(TENANT, "admin").await.get(&path).await;
        assert!(
            page.shows("Người member") && !page.shows("0971000002"),
            "masked for whoever is not the secretary"
        );
        // A plain member looks at no list, and an identifier from another tenant is none.
        let mut plain = app.browser(TENANT, "member").await;
        assert_eq!((plain.get(&path).await.status, plain.get(&member).await.status), (403, 403));
        assert_eq!(app.browser("ha-noi", "admin").await.get(&member).await.status, 404);
    });
}
