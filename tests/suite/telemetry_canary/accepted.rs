//! Every writing operation as it is meant to be used, over both faces: done, and
//! failing half way, when errors are written down.

use super::{
    TENANT, TOKEN, fields,
    forms::{Form, Scene},
    nothing_left, unhindered,
};
use crate::{
    app::{PASSWORD, TestApp, cluster},
    browser::{Answer, Browser},
    run,
    telemetry_watch::watch,
};
use axum::body::Body;
use http::{Method, header};
use serde_json::{Value, json};
use testkit::Gate;
use time::Duration;
use web::{Face, RouteInfo};

/// From now on whatever is written is refused, and the server says why with the
/// whole row beside it.
const UNUSABLE: &str = "ADD CONSTRAINT unusable CHECK (false) NOT VALID";
const USABLE: &str = "DROP CONSTRAINT unusable";
/// What every operation leaves behind; an upload alone is no event yet.
const DONE: &str = "SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM roster_import)";

/// Alters every table of the tenant.
async fn alter(app: &TestApp, change: &str) {
    let sql = format!(
        "DO $$ DECLARE name text; BEGIN
             FOR name IN SELECT relname FROM pg_class
                         WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r'
             LOOP EXECUTE format('ALTER TABLE %I {change}', name); END LOOP;
         END $$"
    );
    app.execute(TENANT, &sql).await;
}

/// Sends a form with whatever else a request can carry.
async fn send(browser: &mut Browser, route: &RouteInfo, form: &Form, face: Face) -> Answer {
    let encoded = web::percent_encoded(TOKEN);
    let prefix = if face == Face::Json { "/api/v1" } else { "" };
    let address = format!("{prefix}{}?q={encoded}", route.path.replace("{id}", &form.id));
    let fields = form.fields.iter().map(|(name, value)| (*name, value.as_str()));
    if let Some((name, bytes)) = &form.file {
        let fields: Vec<(&str, &str)> = fields.collect();
        return browser.upload(&address, &fields, name, bytes).await;
    }
    let (kind, body) = if face == Face::Json {
        ("application/json", json!(form.fields).to_string())
    } else {
        let pairs = std::iter::once(("csrf", browser.csrf.as_str())).chain(fields);
        let pairs: Vec<String> =
            pairs.map(|(name, value)| format!("{name}={}", web::percent_encoded(value))).collect();
        ("application/x-www-form-urlencoded", pairs.join("&"))
    };
    let request = browser
        .request(Method::from_bytes(route.method.as_bytes()).unwrap(), &address)
        .header(header::USER_AGENT, &encoded)
        .header(header::REFERER, format!("http://x/{encoded}"))
        .header(header::CONTENT_TYPE, kind);
    browser.send(request.body(Body::from(body)).unwrap()).await
}

/// A line that was added to a form is filled in here as well.
fn assert_whole(api: &Value, route: &RouteInfo, form: &Form) {
    for name in fields(api, &route.method, &route.path).0 {
        let filled = form.fields.contains_key(name.as_str());
        assert!(filled || name == "file" && form.file.is_some(), "{}: {name}", route.operation);
    }
}

#[test]
fn what_is_done_and_what_fails_half_way_is_told_to_nobody_else() {
    run(async {
        let watch = watch().await;
        let gate = Gate::before(cluster().await.s3_address()).await;
        let mut database = TestApp::new().await.database;
        database.blob = database.bucket_at(&format!("http://{}", gate.address()));
        let app = unhindered(TestApp::on(database).await);
        app.world.advance(Duration::hours(2));
        let api = app.visitor(TENANT).get("/api/openapi.json").await.json();
        let mut scene = Scene::new(&app);
        let routes: Vec<&RouteInfo> =
            app.platform.routes.iter().filter(|route| route.method != "GET").collect();
        for route in &routes {
            for face in [Face::Html, Face::Json] {
                let named = format!("{} as {face:?}", route.operation);
                let form = scene.form(route.operation).await;
                let form =
                    form.unwrap_or_else(|| panic!("{named}: nothing is known to be accepted"));
                assert_whole(&api, route, &form);
                let mut browser = scene.browser(form.who, face).await;

                scene.settled().await;
                alter(&app, UNUSABLE).await;
                let failed = send(&mut browser, route, &form, face).await;
                assert_eq!(failed.status, 500, "{named}: {}", failed.body);
                alter(&app, USABLE).await;
                if form.file.is_some() {
                    gate.shut();
                    let failed = send(&mut browser, route, &form, face).await;
                    assert_eq!(failed.status, 503, "{named}: {}", failed.body);
                    gate.open();
                }

                let before = app.count(TENANT, DONE).await;
                let done = send(&mut browser, route, &form, face).await;
                let turned_away = done.location().starts_with("/sign-in?");
                assert!(
                    (200..400).contains(&done.status) && !turned_away,
                    "{named}: {} {} {}",
                    done.status,
                    done.location(),
                    done.body
                );
                scene.settled().await;
                assert!(app.count(TENANT, DONE).await > before, "{named} did nothing");
                if let Some(page) = done.location().split('#').next().filter(|to| !to.is_empty())
                    && face == Face::Html
                {
                    assert_eq!(browser.get(page).await.status, 200, "{named}: {page}");
                }
                if face == Face::Json {
                    let token = done.json()["token"].as_str().map(ToOwned::to_owned);
                    scene.secrets.extend(token);
                }
                if route.operation == "session.end" {
                    scene.secrets.extend(browser.bearer.take());
                } else {
                    scene.keep(form.who, face, browser);
                }
            }
        }
        app.fold(TENANT).await;

        // A test that sees nothing finds nothing: each was seen done and failing,
        // and why it failed was written down.
        let lines = watch.lines();
        for route in &routes {
            let ends: Vec<(&Value, u64)> = lines
                .iter()
                .filter(|line| line["operation"] == route.operation)
                .filter_map(|line| Some((&line["id"], line["status"].as_u64()?)))
                .collect();
            let page = route.operation.starts_with("account.invite");
            for class in [2, 3, 5] {
                let seen = ends.iter().any(|(_, status)| status / 100 == class);
                assert!(seen || class == 3 && page, "{}: {ends:?}", route.operation);
            }
            let why: Vec<&Value> = lines
                .iter()
                .filter(|line| line["level"] == "ERROR")
                .filter(|line| ends.iter().any(|(id, _)| **id == line["request"]))
                .map(|line| &line["message"])
                .collect();
            assert!(
                why.iter().filter(|why| why.to_string().contains("unusable")).count() >= 2,
                "{}: {why:?}",
                route.operation
            );
        }
        scene.secrets.push(PASSWORD.into());
        nothing_left(watch, &scene.secrets).await;
    });
}
