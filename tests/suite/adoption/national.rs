//! The national page, made of what the tenants signed.

use super::{TENANT, heads, newcomer};
use crate::{
    app::{PEOPLE, TestApp},
    browser::Browser,
    run,
};
use directory::people;
use kernel::{Role, TenantId};
use serde_json::json;
use sqlx::Executor as _;
use tenancy::TenantState;
use time::macros::datetime;

#[test]
fn the_national_page_adds_up_aggregates_and_knows_nobody() {
    run(async {
        let app = TestApp::new().await;
        newcomer(&app, "cb-1", "0971000099").await;
        app.fold("ha-noi").await;
        let mut reviewer = app.browser("toan-quoc", "reviewer").await;
        let review = reviewer.data("/national").await;
        let seen = review.json();
        let tenants: Vec<_> = seen["tenants"]
            .as_array()
            .unwrap()
            .iter()
            .map(|row| (row["tenant"].as_str().unwrap(), heads(&row["figures"]["raw"]).0))
            .collect();
        assert_eq!(tenants, [("ha-noi", 10), ("thanh-hoa", 11)]);
        let totals = &seen["totals"];
        assert_eq!(
            (totals["raw"].clone(), totals["percent"].as_f64(), totals["units"].as_i64()),
            (json!({"members": 21, "activated": 20}), Some(95.2), Some(4))
        );
        assert_eq!((totals["reported"].as_u64(), totals["tenants"].as_u64()), (Some(2), Some(2)));
        let page = reviewer.get("/national").await;
        assert!(
            page.shows("20 trên 21 đảng viên đã kích hoạt")
                && page.shows("95,2 %")
                && page.shows("2 trên 2 đơn vị đã có số liệu"),
            "{}",
            page.body
        );
        assert!(reviewer.get("/").await.shows("2 trên 2 đơn vị đã có số liệu"));
        let rows = reviewer.get("/national.xlsx").await.rows();
        assert_eq!((rows[3][1].as_str(), rows[3][2].as_str()), ("21", "20"), "{rows:?}");
        let names = PEOPLE
            .iter()
            .flat_map(|(who, phone, ..)| [format!("Người {who}"), (*phone).to_owned()]);
        for text in names.chain([
            "Người newcomer".into(),
            "Lê Thị".into(),
            "Chi bộ".into(),
            "Đảng bộ xã".into(),
        ]) {
            assert!(
                !review.shows(&text) && !page.shows(&text) && !format!("{rows:?}").contains(&text),
                "{text}"
            );
        }
    });
}

#[test]
fn the_national_page_believes_only_what_a_tenant_signed() {
    run(async {
        let app = TestApp::new().await;
        app.fold(TENANT).await;
        let mut reviewer = app.browser("toan-quoc", "reviewer").await;
        let mut platform = app.database.connect("sotay_platform").await.unwrap();
        let standing = async |reviewer: &mut Browser| {
            let seen = reviewer.data("/national").await.json();
            let standings: Vec<String> = seen["tenants"]
                .as_array()
                .unwrap()
                .iter()
                .map(|row| row["standing"].as_str().unwrap().into())
                .collect();
            (standings.join(" "), seen["totals"]["raw"]["members"].as_i64().unwrap())
        };
        for touch in [
            "UPDATE platform.adoption_rollup SET figures = jsonb_set(figures, '{raw,activated}', '9') WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup SET figures = figures || '{\"praise\": 1}' WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup SET version = version - 1 WHERE tenant = 'ha-noi'",
            "UPDATE platform.adoption_rollup h SET figures = t.figures, signature = t.signature
               FROM platform.adoption_rollup t WHERE h.tenant = 'ha-noi' AND t.tenant = 'thanh-hoa'",
        ] {
            app.fold("ha-noi").await;
            assert_eq!(standing(&mut reviewer).await, ("reported reported".into(), 20), "sent anew");
            platform.execute(touch).await.unwrap();
            assert_eq!(standing(&mut reviewer).await, ("invalid reported".into(), 10), "{touch}");
            let page = reviewer.get("/national").await;
            assert!(page.shows("Số liệu không hợp lệ") && page.shows("không tính vào tổng): ha-noi") && page.shows("10 trên 10 đảng viên"), "{}", page.body);
        }
        platform
            .execute("DELETE FROM platform.adoption_rollup WHERE tenant = 'ha-noi'")
            .await
            .unwrap();
        assert_eq!(standing(&mut reviewer).await, ("missing reported".into(), 10));
        assert!(reviewer.get("/national").await.shows("Chưa có số liệu: ha-noi."));

        // A relay that comes late with what it read long ago changes nothing.
        let newest = "UPDATE platform.adoption_rollup SET version = version + 100, at = '2026-11-09' WHERE tenant = 'thanh-hoa'";
        platform.execute(newest).await.unwrap();
        newcomer(&app, "cb-1", "0971000099").await;
        let at: time::OffsetDateTime = sqlx::query_scalar(
            "SELECT at FROM platform.adoption_rollup WHERE tenant = 'thanh-hoa'",
        )
        .fetch_one(&mut platform)
        .await
        .unwrap();
        assert!(at > datetime!(2026-11-08 0:00 UTC), "an older version came over a newer one");
    });
}

#[test]
fn the_national_page_is_for_the_reviewer_of_the_national_tenant() {
    run(async {
        let app = TestApp::new().await;
        for (tenant, who) in
            [(TENANT, "admin"), (TENANT, "auditor"), (TENANT, "member"), ("toan-quoc", "admin")]
        {
            let mut browser = app.browser(tenant, who).await;
            for path in ["/national", "/national.xlsx"] {
                assert_eq!(browser.get(path).await.status, 403, "{who} at {tenant}: {path}");
                assert_eq!(browser.data(path).await.status, 403, "{who} at {tenant}: {path}");
            }
            assert!(!browser.get("/").await.shows("toàn quốc"), "{who} at {tenant}");
        }
        // A province that names a reviewer of its own gains nothing by it.
        let mut tx = app.db(TENANT).begin().await.unwrap();
        let (member, root) = (app.member(TENANT, "editor").await, app.unit(TENANT, "goc").await);
        people::grant_in(&mut tx, &app.world, None, member, root, Role::Reviewer).await.unwrap();
        tx.commit().await.unwrap();
        let mut browser = app.browser(TENANT, "editor").await;
        for path in ["/national", "/national.xlsx"] {
            assert_eq!(browser.get(path).await.status, 404, "{path}");
            assert_eq!(browser.data(path).await.status, 404, "{path}");
        }
        assert_eq!(browser.get("/").await.status, 200);
    });
}

#[test]
fn a_suspended_tenant_keeps_its_place_with_its_last_figures() {
    run(async {
        let app = TestApp::new().await;
        app.fold("ha-noi").await;
        let provisioner = app.database.provisioner();
        provisioner
            .set_state(&TenantId::new("ha-noi").unwrap(), TenantState::Suspended)
            .await
            .unwrap();
        app.platform.app.tenants.refresh().await.unwrap();
        let mut reviewer = app.program("toan-quoc", "reviewer").await;
        let seen = reviewer.get("/api/v1/national").await.json();
        let row = &seen["tenants"][0];
        assert_eq!(
            (row["tenant"].as_str(), row["standing"].as_str(), heads(&row["figures"]["raw"]).0),
            (Some("ha-noi"), Some("reported"), 10)
        );
        assert_eq!(
            (seen["totals"]["tenants"].as_u64(), seen["totals"]["raw"]["members"].as_i64()),
            (Some(2), Some(20))
        );
    });
}
