//! Who sends a file hangs up before it is noted.

use super::{TENANT, count, files::publish, store::kept, waiting};
use crate::{
    app::TestApp,
    browser::Answer,
    roster::{checked, csv},
    run, soon,
};
use kernel::TenantId;
use sqlx::{AssertSqlSafe, Connection as _};

/// Gives up a request that has stored its file and is about to note it in a table.
async fn hang_up(app: &TestApp, table: &str, service: &str, sending: impl Future<Output = Answer>) {
    let role = TenantId::new(TENANT).unwrap().role();
    let mut own = app.database.connect(&role).await.unwrap();
    let mut busy = own.begin().await.unwrap();
    // It may be read.
    let lock = format!("LOCK TABLE {table} IN SHARE MODE");
    sqlx::raw_sql(AssertSqlSafe(lock)).execute(&mut *busy).await.unwrap();
    let stored = || kept(&app.database.bucket, service);
    tokio::select! {
        answer = Box::pin(sending) => panic!("{service}: {}", answer.body),
        () = async {
            waiting(&app.database, 1).await;
            assert_eq!(stored(), 1, "{service}");
        } => {}
    }
    soon("its file goes", async || stored() == 0).await;
    busy.rollback().await.unwrap();
}

#[test]
fn a_file_whose_sender_hangs_up_before_it_is_noted_is_deleted_and_may_be_sent_again() {
    run(async {
        let app = TestApp::new().await;
        let mut editor = app.browser(TENANT, "editor").await;
        hang_up(&app, "document", "documents", publish(&mut editor, "01-NQ/TU")).await;
        let again = publish(&mut editor, "01-NQ/TU").await;
        assert_eq!(again.status, 303, "{}", again.body);

        let mut admin = app.program(TENANT, "admin").await;
        let file = csv(&["Lê Thị Bền,,,LL-1,cb-1,,Chính thức,"]);
        let sending = admin.upload("/api/v1/roster", &[], "ds.csv", &file);
        hang_up(&app, "roster_import", "roster", sending).await;
        checked(&mut admin, "ds.csv", &file).await;

        let noted = "SELECT (SELECT count(*) FROM document) + (SELECT count(*) FROM roster_import)";
        assert_eq!(count(&app, noted).await, 2);
        for service in ["documents", "roster"] {
            assert_eq!(kept(&app.database.bucket, service), 1, "{service}");
        }
    });
}
