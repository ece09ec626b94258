//! The file store goes away and comes back.

use super::{TENANT, assert_away, count, readiness};
use crate::{
    app::{TestApp, cluster},
    browser::{Answer, Browser},
    documents::{RESOLUTION, TITLE, form},
    run,
};
use testkit::Gate;

pub(super) async fn publish(editor: &mut Browser, number: &str) -> Answer {
    editor.get("/documents/new").await;
    editor.upload("/documents", &form(&[("number", number)]), "01-nq-tu.pdf", RESOLUTION).await
}

#[test]
fn without_the_file_store_all_else_is_served_and_nothing_is_half_published() {
    run(async {
        let gate = Gate::before(cluster().await.s3_address()).await;
        let mut database = TestApp::new().await.database;
        let endpoint = format!("http://{}", gate.address());
        database.blob = database.bucket_at(&endpoint);
        let app = TestApp::on(database).await;
        let mut editor = app.browser(TENANT, "editor").await;
        let mut member = app.browser(TENANT, "member").await;
        let first = publish(&mut editor, "01-NQ/TU").await;
        assert_eq!(first.status, 303, "{}", first.body);
        let document = first.location().to_owned();
        assert!(readiness(&app, 200).await.contains("files: ok"));

        gate.shut();
        let refused = publish(&mut editor, "02-NQ/TU").await;
        assert_away(&refused);
        assert!(refused.shows("Kho tệp tạm thời không trả lời."), "{}", refused.body);
        assert!(refused.shows(TITLE) && refused.shows("02-NQ/TU"), "what was entered is there");
        let sql = "SELECT count(*) FROM document WHERE number = '02-NQ/TU'";
        assert_eq!(count(&app, sql).await, 0);
        let unreadable = member.get(&format!("{document}/file")).await;
        assert_away(&unreadable);
        assert!(unreadable.shows("Kho tệp tạm thời không trả lời."), "{}", unreadable.body);
        for path in ["/", "/documents", "/meetings", &document] {
            assert_eq!(editor.get(path).await.status, 200, "{path}");
        }
        let acknowledged =
            member.post(&format!("{document}/acknowledge"), &[("read", "true")]).await;
        assert!(acknowledged.status < 500, "{}", acknowledged.body);
        // Still ready, because all of that was served; the line tells.
        let said = super::until(&app, "files: kho tệp không trả lời").await;
        assert!(said.starts_with("ready\n"), "{said}");

        gate.open();
        let mended = publish(&mut editor, "02-NQ/TU").await;
        assert_eq!(mended.status, 303, "{}", mended.body);
        assert_eq!(member.get(&format!("{document}/file")).await.bytes, RESOLUTION);
        assert_eq!(member.get(&format!("{}/file", mended.location())).await.bytes, RESOLUTION);
        assert_eq!(count(&app, sql).await, 1, "published once");
        let events = "SELECT count(*) FROM event WHERE kind = 'document.published'";
        assert_eq!(count(&app, events).await, 2);
        assert!(super::until(&app, "files: ok").await.starts_with("ready\n"));
    });
}
