//! A roster names everybody of a province: where its bytes are, and where not.

use super::{
    A, B,
    traces::{files, spooled},
};
use crate::{app::TestApp, roster::checked, run, soon};
use std::{
    fs,
    time::{Duration, Instant},
};
use uuid::Uuid;

#[test]
fn a_roster_is_in_its_tenants_folder_when_it_was_accepted_and_nowhere_else() {
    run(async {
        let app = TestApp::new().await;
        let mut admin = app.program(A, "admin").await;
        // A column that nobody reads, so that this file is known from all others.
        let mark = Uuid::from_u128(0x5eed_0000_5678).to_string();
        let file = format!("{mark},Họ và tên,Số lý lịch,Mã chi bộ\n,Nguyễn Văn An,LL-1,cb-1\n");
        checked(&mut admin, "ds.csv", file.as_bytes()).await;

        let unread = format!("{mark},Họ và tên\n,Nguyễn Văn An\n");
        let refused = admin.upload("/api/v1/roster", &[], "ds.csv", unread.as_bytes()).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        app.execute(A, "ALTER TABLE roster_import ADD CONSTRAINT unusable CHECK (false) NOT VALID")
            .await;
        let failed = admin.upload("/api/v1/roster", &[], "ds.csv", file.as_bytes()).await;
        assert_eq!(failed.status, 500, "{}", failed.body);
        app.execute(A, "ALTER TABLE roster_import DROP CONSTRAINT unusable").await;
        let mut stranger = app.visitor(B);
        stranger.bearer = admin.bearer.clone();
        let foreign = stranger.upload("/api/v1/roster", &[], "ds.csv", file.as_bytes()).await;
        assert_eq!(foreign.status, 401, "{}", foreign.body);

        let ours = format!("{A}/roster/");
        soon("only the accepted one stays, where it belongs", async || {
            let mut kept = files(&app.database.bucket);
            kept.retain(|path| fs::read(path).is_ok_and(|all| all.starts_with(mark.as_bytes())));
            kept.len() == 1 && kept[0].starts_with(app.database.bucket.join(&ours))
        })
        .await;
        let since = Instant::now();
        while let Some(path) = spooled(mark.as_bytes()).pop() {
            assert!(since.elapsed() < Duration::from_secs(10), "{} stays", path.display());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
}
