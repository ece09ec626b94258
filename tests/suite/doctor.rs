//! Broken installations, and what the doctor says of each.

use crate::{app::TestApp, run};
use gateway::{Peer, listen};
use serde_json::{Value, json};
use sotay::{
    Config, Part,
    doctor::{Check, Verdict, examine},
};
use std::{fs, net::Ipv4Addr, path::Path};
use time::Duration;
use tokio::{io::AsyncWriteExt as _, net::TcpListener, sync::watch};

const TENANT: &str = "thanh-hoa";

/// An installation of one's own on the suite's servers: its configuration as
/// an operator would write it.
fn installed(app: &TestApp, folder: &Path) -> Value {
    fs::create_dir(folder.join("tenants")).unwrap();
    let database = &app.database;
    let secret = |name: &str, text: &str| {
        let path = folder.join(name);
        fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let main = &database.config.placements["main"];
    json!({
        "data": folder, "tenants": folder.join("tenants"),
        "https": {"port": 0},
        "master_key_file": secret("master.key", &"07".repeat(32)),
        "database": {
            "budget": database.config.budget, "per_tenant": database.config.per_tenant,
            "placements": {"main": {"host": main.host, "port": main.port, "database": main.database}},
        },
        "blob": {
            "endpoint": database.blob_config.endpoint, "region": database.blob_config.region,
            "bucket": database.blob_config.bucket, "access_key": database.blob_config.access_key,
            "secret_key_file": secret("s3.key", &database.blob_config.secret_key),
            "path_style": true,
        },
        "provisioner": {
            "role": testkit::PROVISIONER,
            "password_file": secret("provisioner.password", testkit::PASSWORD),
        },
    })
}

async fn said(app: &TestApp, config: &Value) -> Vec<Check> {
    let config: Config = serde_json::from_value(config.clone()).unwrap();
    examine(&config, &app.world).await
}

/// What is said of one thing; everything else is well, or is not reached.
fn only<'a>(checks: &'a [Check], name: &str) -> &'a str {
    let mut found = None;
    for check in checks {
        match &check.verdict {
            Verdict::Well => {}
            Verdict::Broken(says) if check.check == name => found = Some(says.as_str()),
            // The suite's own disk is not what is looked at here, and its clock stands still.
            _ if matches!(check.check, "disk" | "clock") => {}
            other => panic!("{}: {other:?}", check.check),
        }
    }
    found.unwrap_or_else(|| panic!("{name} is well: {checks:?}"))
}

/// What is said of one thing beside others that are broken.
fn broken<'a>(checks: &'a [Check], name: &str) -> &'a str {
    match verdict(checks, name) {
        Verdict::Broken(says) => says,
        other => panic!("{name}: {other:?}"),
    }
}

fn verdict<'a>(checks: &'a [Check], name: &str) -> &'a Verdict {
    &checks.iter().find(|check| check.check == name).unwrap().verdict
}

/// Nothing waits anywhere.
async fn folded(app: &TestApp) {
    for tenant in app.platform.app.tenants.all() {
        app.fold(&tenant.id).await;
    }
}

async fn execute(app: &TestApp, role: &str, sql: &'static str) {
    let mut connection = app.database.connect(role).await.unwrap();
    sqlx::raw_sql(sql).execute(&mut connection).await.unwrap();
}

#[test]
fn a_well_installation_is_well_and_a_wrong_clock_is_seen() {
    run(async {
        let app = TestApp::new().await;
        folded(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let config = installed(&app, folder.path());
        let checks = said(&app, &config).await;
        let names: Vec<&str> = checks.iter().map(|check| check.check).collect();
        assert_eq!(
            names,
            [
                "configuration",
                "tenant_files",
                "disk",
                "certificates",
                "internal_certificates",
                "telemetry",
                "servers",
                "upstreams",
                "bucket",
                "database_version",
                "connections",
                "clock",
                "platform",
                "tenants",
                "outbox",
                "stop"
            ]
        );
        // The suite's world stands in another week than the server.
        assert!(only(&checks, "clock").contains("bật đồng bộ giờ"), "{checks:?}");
        let lines = serde_json::to_value(&checks).unwrap();
        assert_eq!(
            lines[0],
            json!({"check": "configuration", "what": "cấu hình", "state": "well"})
        );
        assert_eq!(lines[11]["state"], "broken");
    });
}

#[test]
fn each_thing_that_breaks_is_named_with_what_to_do() {
    run(async {
        let app = TestApp::new().await;
        folded(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let good = installed(&app, folder.path());
        let with = |pointer: &str, value: Value| {
            let mut config = good.clone();
            *config.pointer_mut(pointer).unwrap_or_else(|| panic!("{pointer}")) = value;
            config
        };

        let many = with("/database/budget", json!(5000));
        assert!(only(&said(&app, &many).await, "connections").contains("giảm budget"));
        // What one process may hold is too much for as many as there are.
        let mut apart = with("/database/budget", json!(100));
        only(&said(&app, &apart).await, "clock");
        apart["upstreams"] = json!({"documents": "127.0.0.1:1", "meetings": "127.0.0.1:2",
            "adoption": "127.0.0.1:2", "directory": "127.0.0.1:3"});
        let checks = said(&app, &apart).await;
        assert!(broken(&checks, "connections").contains("mỗi tiến trình trong 4"), "{checks:?}");

        let wrong = folder.path().join("wrong.key");
        fs::write(&wrong, "nobody's").unwrap();
        let locked = with("/blob/secret_key_file", json!(wrong));
        assert!(only(&said(&app, &locked).await, "bucket").contains("[blob]"));

        let mut away = good.clone();
        away["telemetry"] = json!({"otlp": "http://127.0.0.1:1"});
        let checks = said(&app, &away).await;
        assert!(only(&checks, "telemetry").contains("không trả lời"));

        let mut page = good.clone();
        page["telemetry"] = json!({"otlp": not_a_collector().await});
        let checks = said(&app, &page).await;
        assert!(only(&checks, "telemetry").contains("404"));

        let lost = with("/master_key_file", json!("/nowhere/master.key"));
        assert!(only(&said(&app, &lost).await, "servers").contains("/nowhere/master.key"));

        let stranger = with("/provisioner/role", json!("nobody"));
        assert!(!only(&said(&app, &stranger).await, "tenants").is_empty());

        let mut tls = good.clone();
        let chain = folder.path().join("chain.pem");
        fs::write(&chain, "not PEM").unwrap();
        tls["https"] = json!({"port": 8443, "certificate": chain, "key": chain});
        assert!(only(&said(&app, &tls).await, "certificates").contains("PEM"));

        fs::write(folder.path().join("tenants/hue.toml"), "slug = 1").unwrap();
        assert!(only(&said(&app, &good).await, "tenant_files").contains("hue.toml"));
    });
}

#[test]
fn a_tenant_whose_schema_or_outbox_stands_still_is_named() {
    run(async {
        let app = TestApp::new().await;
        folded(&app).await;
        let folder = tempfile::tempdir().unwrap();
        let config = installed(&app, folder.path());
        // Somebody signs in, and nobody folds.
        let mut admin = app.program(TENANT, "admin").await;
        let unit = app.unit(TENANT, "cb-1").await;
        let body = json!({});
        admin.post_json(&format!("/api/v1/organisations/{unit}/codes"), &body).await;
        app.world.advance(Duration::minutes(30));
        let waiting = app.platform.relay.waiting(&TENANT.parse().unwrap()).await.unwrap();
        assert!(waiting.rows > 0, "something waits");
        let checks = said(&app, &config).await;
        let says = only(&checks, "outbox");
        assert!(says.starts_with(TENANT) && says.contains("không xóa bảng outbox"), "{says}");
        app.fold(TENANT).await;

        execute(
            &app,
            "sotay_platform",
            "DELETE FROM platform.tenant_migration WHERE tenant = 'thanh-hoa' AND version = 5",
        )
        .await;
        let checks = said(&app, &config).await;
        let says = only(&checks, "tenants");
        assert!(says.contains(TENANT) && says.contains("sotay migrate"), "{says}");
    });
}

#[test]
fn each_part_elsewhere_is_greeted_and_what_keeps_it_away_is_said() {
    run(async {
        let (app, mut services) = TestApp::apart().await;
        folded(&app).await;
        let data = services.config.data.clone();
        let mut good = installed(&app, &data);
        for (part, address) in &services.config.upstreams {
            good["upstreams"][part.name()] = json!(address);
        }
        only(&said(&app, &good).await, "clock");

        // An installation of somebody else, with an authority of its own.
        let other = tempfile::tempdir().unwrap();
        let mut stranger = good.clone();
        stranger["data"] = json!(other.path());
        let checks = said(&app, &stranger).await;
        let says = only(&checks, "upstreams");
        assert!(says.contains("phần meetings") && says.contains("chứng thư của nó"), "{says}");

        // It knows the others, and they do not know it.
        let mut unknown = good.clone();
        unknown["internal"] = internal(&data, other.path());
        let checks = said(&app, &unknown).await;
        assert!(broken(&checks, "upstreams").contains("không nhận chứng thư"), "{checks:?}");
        assert!(broken(&checks, "internal_certificates").contains("ca.crt"), "{checks:?}");

        let wrong = other.path().join("master.key");
        fs::write(&wrong, "08".repeat(32)).unwrap();
        let mut astray = good.clone();
        astray["master_key_file"] = json!(wrong);
        let checks = said(&app, &astray).await;
        assert!(broken(&checks, "upstreams").contains("so master_key_file"), "{checks:?}");

        // Somebody else's port, where nobody speaks TLS.
        let taken = TcpListener::bind("localhost:0").await.unwrap();
        let mut elsewhere = good.clone();
        let port = taken.local_addr().unwrap().port();
        elsewhere["upstreams"]["documents"] = json!(format!("localhost:{port}"));
        let nobody = tokio::spawn(async move {
            loop {
                let (mut socket, _) = taken.accept().await.unwrap();
                let _ = socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
            }
        });
        let checks = said(&app, &elsewhere).await;
        let says = only(&checks, "upstreams");
        assert!(
            says.starts_with("phần documents") && says.contains("không phải là một tiến trình"),
            "{says}"
        );
        nobody.abort();

        services.end(Part::Documents).await;
        let checks = said(&app, &good).await;
        let says = only(&checks, "upstreams");
        assert!(says.starts_with("phần documents") && says.contains("không trả lời"), "{says}");
        assert!(!says.contains("meetings"), "{says}");
    });
}

#[test]
fn the_certificates_between_processes_are_judged_like_those_for_visitors() {
    run(async {
        let (app, services) = TestApp::apart().await;
        folded(&app).await;
        let data = &services.config.data;
        let mut config = installed(&app, data);
        config["internal"] = internal(data, data);
        only(&said(&app, &config).await, "clock");
        for (key, file, says) in [
            ("key", "internal-ca/ca.key", "ca.key"),
            ("certificate", "nowhere.pem", "internal.certificate"),
            ("authority", "nowhere.pem", "internal.authority"),
        ] {
            let mut config = config.clone();
            config["internal"][key] = json!(data.join(file));
            let checks = said(&app, &config).await;
            assert!(only(&checks, "internal_certificates").contains(says), "{checks:?}");
        }
        app.world.advance(Duration::days(370));
        let checks = said(&app, &config).await;
        let soon = verdict(&checks, "internal_certificates");
        assert!(matches!(soon, Verdict::Careful(says) if says.contains("gia hạn")), "{soon:?}");
    });
}

/// The files of one folder's authority, and of another's certificate.
fn internal(authority: &Path, leaf: &Path) -> Value {
    let file = |folder: &Path, name: &str| folder.join("internal-ca").join(name);
    json!({
        "authority": file(authority, "ca.crt"),
        "certificate": file(leaf, "leaf.crt"), "key": file(leaf, "leaf.key"),
    })
}

/// A web server that is something else.
async fn not_a_collector() -> String {
    #[derive(Clone)]
    struct Nothing;
    impl listen::Answer for Nothing {
        async fn answer(self, _: axum::extract::Request, _: Peer) -> axum::response::Response {
            axum::response::IntoResponse::into_response(http::StatusCode::NOT_FOUND)
        }
    }
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (keep, stop) = watch::channel(false);
    tokio::spawn(async move {
        let _keep = keep;
        listen::serve(listener, None, listen::Bounds::default(), Nothing, stop).await;
    });
    url
}
