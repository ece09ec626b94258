//! The reference table: Quảng Ngãi on 30 March 2024, from a roster of its size
//! and activations on their dates to the published figures.

use crate::{
    app::{cluster, platform},
    run,
};
use directory::account::withdraw;
use kernel::{TenantId, World};
use serde_json::Value;
use sotay::demo::reference;
use time::macros::date;

#[test]
fn the_published_figures_come_out_of_the_operations() {
    run(async {
        let database = cluster().await.empty().await;
        let provisioner = database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        let platform = platform(&database, World::system()).await;
        reference::load(&provisioner, &platform, |_| {}).await.unwrap();

        let tenant = TenantId::new(reference::SLUG).unwrap();
        let db = platform.app.tenants.db(&tenant).unwrap();
        let report = async || -> Value {
            let mut conn = db.conn().await.unwrap();
            let as_of = date!(2024 - 03 - 30);
            let root = adoption::root(&mut conn, as_of).await.unwrap();
            serde_json::to_value(adoption::report(&mut conn, root, as_of).await.unwrap()).unwrap()
        };
        let before = report().await;
        assert_eq!(before["as_of"], "2024-03-30");
        assert_eq!(before["adjusted"]["members"], 55_795);
        assert_eq!(before["adjusted"]["percent"], 92.3);
        assert!(before["raw"]["members"].as_i64().unwrap() > 55_795, "raw stands beside adjusted");
        let units = before["units"].as_array().unwrap();
        let excluded: Vec<&Value> =
            units.iter().filter(|unit| !unit["excluded"].is_null()).collect();
        assert_eq!((units.len(), excluded.len()), (17, 3));
        assert!(excluded.iter().all(|unit| unit["excluded"]["reason"] == "armed_forces"
            && unit["excluded"]["approved_by"].is_string()));
        let percent = |name: &str| {
            let unit =
                units.iter().find(|unit| unit["name"].as_str().unwrap().contains(name)).unwrap();
            unit["percent"].as_f64().unwrap()
        };
        for (name, expected) in
            [("Trà Bồng", 86.8), ("Lý Sơn", 83.9), ("Sơn Hà", 73.6), ("Sơn Tây", 71.5)]
        {
            assert!((percent(name) - expected).abs() < 1e-9, "{name}: {}", percent(name));
        }
        assert!(percent("Mộ Đức") > 98.0 && percent("Đức Phổ") > 98.0);
        let counted = units.iter().filter(|unit| unit["excluded"].is_null());
        assert_eq!(counted.filter(|unit| unit["percent"].as_f64().unwrap() < 90.0).count(), 4);

        // Nothing is typed in: one activation less is one less in the figure.
        let member: uuid::Uuid = {
            let mut conn = db.conn().await.unwrap();
            sqlx::query_scalar(
                "SELECT m.id FROM member m JOIN account a ON a.member = m.id
                 JOIN organisation o ON o.id = m.organisation
                 WHERE a.state = 'active' AND o.code LIKE 'ly-son-%' LIMIT 1",
            )
            .fetch_one(&mut *conn)
            .await
            .unwrap()
        };
        let world = platform.app.world.at(date!(2024 - 03 - 30).midnight().assume_utc());
        let mut tx = db.begin().await.unwrap();
        withdraw::withdraw_in(&mut tx, &world, None, member.into()).await.unwrap();
        tx.commit().await.unwrap();
        platform.relay.fold(&tenant).await.unwrap();
        let after = report().await;
        let activated = |report: &Value| report["adjusted"]["activated"].as_i64().unwrap();
        assert_eq!(activated(&after), activated(&before) - 1);
        platform.app.tenants.close().await;
    });
}
