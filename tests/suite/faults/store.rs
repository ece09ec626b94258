//! The file store in the middle of something: it goes down while a file is on its
//! way, and it has no room for one.

use super::{TENANT, assert_away, count, files::publish};
use crate::{
    app::{TestApp, cluster},
    documents::{RESOLUTION, TITLE},
    roster::{checked, csv, pressed, state, tally},
    run,
};
use axum::{
    Router,
    body::Body,
    extract::Request,
    response::{IntoResponse as _, Response},
};
use embedded::s3::S3;
use gateway::{Peer, listen::Answer as _};
use http::{Method, StatusCode, header};
use http_body_util::BodyExt as _;
use std::{fs, net::Ipv4Addr, path::Path};
use testkit::Gate;
use tokio::net::TcpListener;

/// So far a file comes.
const HALF: usize = 30_000;

/// An app whose file store can be shut.
async fn gated() -> (Gate, TestApp) {
    let gate = Gate::before(cluster().await.s3_address()).await;
    let mut database = TestApp::new().await.database;
    database.blob = database.bucket_at(&format!("http://{}", gate.address()));
    (gate, TestApp::on(database).await)
}

/// Objects of a service.
pub(super) fn kept(bucket: &Path, service: &str) -> usize {
    fs::read_dir(bucket.join(TENANT).join(service)).map_or(0, Iterator::count)
}

#[test]
fn a_store_that_goes_down_in_the_middle_of_a_file_leaves_no_half_of_it() {
    run(async {
        let (gate, app) = gated().await;
        let mut editor = app.browser(TENANT, "editor").await;
        let mut member = app.browser(TENANT, "member").await;
        let first = publish(&mut editor, "01-NQ/TU").await;
        let path = format!("{}/file", first.location());

        gate.shut_after(HALF);
        let request = member.request(Method::GET, &path).body(Body::empty()).unwrap();
        let peer = Peer { address: member.peer, secure: false };
        let answer = Box::pin(app.platform.door.clone().answer(request, peer)).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()[header::CONTENT_LENGTH], RESOLUTION.len().to_string());
        let (mut body, mut got, mut broke) = (answer.into_body(), Vec::new(), false);
        while let Some(frame) = body.frame().await {
            let Ok(frame) = frame else {
                broke = true;
                break;
            };
            got.extend(frame.into_data().unwrap());
        }
        assert!(broke && got.len() < RESOLUTION.len(), "{} came as if it were all", got.len());
        gate.open();
        let rest = format!("bytes={}-", got.len());
        let rest = member.get_with(&path, header::RANGE, &rest).await;
        assert_eq!(rest.status, 206);
        got.extend(rest.bytes);
        assert_eq!(got, RESOLUTION, "the rest fits");
        let receipts = "SELECT count(*) FROM event WHERE kind = 'document.opened'";
        assert_eq!(count(&app, receipts).await, 1, "opened once");

        gate.shut_after(HALF);
        let refused = publish(&mut editor, "02-NQ/TU").await;
        assert_away(&refused);
        assert!(refused.shows("Kho tệp tạm thời không trả lời."), "{}", refused.body);
        assert!(refused.shows(TITLE) && refused.shows("02-NQ/TU"), "what was entered is there");
        let published = "SELECT count(*) FROM document WHERE number = '02-NQ/TU'";
        assert_eq!((count(&app, published).await, kept(&app.database.bucket, "documents")), (0, 1));
        gate.open();
        let mended = publish(&mut editor, "02-NQ/TU").await;
        assert_eq!(mended.status, 303, "{}", mended.body);
        assert_eq!((count(&app, published).await, kept(&app.database.bucket, "documents")), (1, 2));
        let again = member.get(&format!("{}/file", mended.location())).await;
        assert_eq!(again.bytes, RESOLUTION);
    });
}

#[test]
fn without_the_store_no_roster_is_half_taken_and_one_that_was_taken_goes_on_later() {
    run(async {
        let (gate, app) = gated().await;
        let mut admin = app.program(TENANT, "admin").await;
        let rows: Vec<String> =
            (0..1200).map(|row| format!("Lê Thị Bền,,,LL-{row},cb-1,,Chính thức,")).collect();
        let file = csv(&rows.iter().map(String::as_str).collect::<Vec<_>>());
        assert!(file.len() > HALF);
        gate.shut();
        let refused = admin.upload("/api/v1/roster", &[], "ds.csv", &file).await;
        assert_away(&refused);
        assert!(refused.shows("Kho tệp tạm thời không trả lời"), "{}", refused.body);
        assert_eq!(count(&app, "SELECT count(*) FROM roster_import").await, 0);
        assert_eq!(admin.get("/api/v1/roster").await.status, 200);
        gate.open();
        let page = checked(&mut admin, "ds.csv", &file).await;
        assert_eq!((state(&page), tally(&page)), ("checked", [1200, 0, 0, 0]), "{page}");

        gate.shut_after(HALF);
        let stopped = pressed(&mut admin, &page).await;
        let import = &stopped["import"];
        let why = import["failure"].as_str().unwrap();
        assert!(why.contains("Kho tệp tạm thời không trả lời"), "{import}");
        assert_eq!((state(&stopped), import["next"].as_str()), ("failed", Some("resume")));
        let members = "SELECT count(*) FROM member WHERE file_number LIKE 'LL-%'";
        assert_eq!(count(&app, members).await, 0);
        gate.open();
        let done = pressed(&mut admin, &stopped).await;
        assert_eq!((state(&done), tally(&done)), ("done", [1200, 0, 0, 0]), "{done}");
        assert_eq!(count(&app, members).await, 1200);
    });
}

/// What a store that has no room left says, in the words of `MinIO`.
async fn no_room(request: Request) -> Response {
    let put = request.method() == Method::PUT;
    let _ = request.into_body().collect().await;
    if !put {
        return StatusCode::OK.into_response();
    }
    let said = "<Error><Code>XMinioStorageFull</Code><Message>It is full.</Message></Error>";
    (StatusCode::INSUFFICIENT_STORAGE, said).into_response()
}

/// Uploads of both kinds are refused, nothing of them is recorded, and all else
/// is served.
async fn takes_nothing(app: &TestApp) {
    let sentence = "Kho tệp đã hết chỗ";
    let mut editor = app.browser(TENANT, "editor").await;
    let refused = publish(&mut editor, "02-NQ/TU").await;
    assert_away(&refused);
    assert!(refused.shows(sentence), "{}", refused.body);
    assert!(refused.shows(TITLE) && refused.shows("02-NQ/TU"), "what was entered is there");
    let published = "SELECT count(*) FROM document WHERE number = '02-NQ/TU'";
    assert_eq!(count(app, published).await, 0);
    let mut admin = app.program(TENANT, "admin").await;
    // More than fits into what lies between: it is being sent when it is refused.
    let file = csv(&vec!["Lê Thị Bền,,,LL-1,cb-1,,Chính thức,"; 200_000]);
    let refused = admin.upload("/api/v1/roster", &[], "ds.csv", &file).await;
    assert_away(&refused);
    assert!(refused.shows(sentence), "{}", refused.body);
    assert_eq!(count(app, "SELECT count(*) FROM roster_import").await, 0);
    for path in ["/", "/documents", "/meetings"] {
        assert_eq!(editor.get(path).await.status, 200, "{path}");
    }
}

#[test]
fn a_store_that_says_it_is_full_is_told_as_that_and_all_else_is_served() {
    run(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let serving = axum::serve(listener, Router::new().fallback(no_room));
        let serving = tokio::spawn(serving.into_future());
        let mut database = TestApp::new().await.database;
        database.blob = database.bucket_at(&endpoint);
        let app = TestApp::on(database).await;
        takes_nothing(&app).await;
        serving.abort();
    });
}

#[test]
fn on_a_full_disk_the_embedded_store_keeps_what_it_has_and_takes_more_when_there_is_room() {
    run(async {
        let small = match super::disk::Small::mount("8m") {
            Ok(small) => small,
            Err(said) => {
                println!("no file system may be mounted here, the test before stands in: {said}");
                return;
            }
        };
        let folder = small.folder.path().join("s3");
        let s3 = S3::start(&folder).await.unwrap();
        let mut database = TestApp::new().await.database;
        let config = &mut database.blob_config;
        config.endpoint = Some(s3.endpoint().into());
        config.access_key = s3.access_key().into();
        config.secret_key = s3.secret_key().into();
        database.bucket = folder.join(&config.bucket);
        database.blob = blob::BlobStore::new(config.clone());
        database.blob.ensure_bucket().await.unwrap();
        let app = TestApp::on(database).await;
        let mut editor = app.browser(TENANT, "editor").await;
        let first = publish(&mut editor, "01-NQ/TU").await;
        assert_eq!(first.status, 303, "{}", first.body);
        let ballast = small.folder.path().join("ballast");
        super::disk::ballast(&ballast);
        takes_nothing(&app).await;
        assert_eq!(kept(&app.database.bucket, "documents"), 1, "no half of it");
        let mut member = app.browser(TENANT, "member").await;
        let file = member.get(&format!("{}/file", first.location())).await;
        assert_eq!(file.bytes, RESOLUTION, "what is there is got");
        fs::remove_file(&ballast).unwrap();
        assert_eq!(publish(&mut editor, "02-NQ/TU").await.status, 303, "there is room again");
        assert_eq!(kept(&app.database.bucket, "documents"), 2);
        app.platform.app.tenants.close().await;
        s3.stop().await;
    });
}
