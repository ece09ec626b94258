//! `sotay migrate` over a fleet that is behind.

use crate::place::{Place, bundle};
use sotay::{Config, Installation, config};
use sqlx::{Connection as _, Executor as _, PgConnection};
use std::{path::Path, process::Output};
use tenancy::{TenantFile, migrations::Schema};
use tokio::runtime::Runtime;

const TENANTS: usize = 10;
const BROKEN: &str = "tn_sau_07";

async fn open(place: &Place) -> Installation {
    let postgres = config::Postgres { bin: bundle(), ..config::Postgres::default() };
    let data = place.folder.path().join("data");
    Installation::open(&Config { data, postgres, ..Config::default() }).await.unwrap()
}

/// Runs a statement in the schema that will not be migrated.
async fn in_the_broken(installation: &Installation, sql: &'static str) {
    let password = installation.key.role_password(BROKEN, 1);
    let options = installation.database.placements["main"].options(BROKEN, &password);
    let mut own = PgConnection::connect_with(&options).await.unwrap();
    own.execute(sql).await.unwrap();
    own.close().await.unwrap();
}

/// A fleet as the release before made it; in one tenant somebody made a table by
/// hand that the newest migration makes.
async fn behind(place: &Place) {
    let installation = open(place).await;
    let file = Path::new(crate::place::ROOT).join("tenant-config/quang-ngai.toml");
    let file = TenantFile::load(&file).unwrap();
    let files: Vec<TenantFile> = (0..TENANTS)
        .map(|number| TenantFile {
            slug: format!("sau-{number:02}").parse().unwrap(),
            ..file.clone()
        })
        .collect();
    let newest = Schema::default();
    let before = newest.clone().up_to(newest.version() - 1);
    let provisioner = installation.provisioner().unwrap().with_schema(before);
    provisioner.migrate_platform().await.unwrap();
    provisioner.apply_all(&files, 4).await.unwrap();
    in_the_broken(&installation, "CREATE TABLE adoption_exclusion (x int)").await;
    installation.close().await.unwrap();
}

/// What a command said of its progress, and at its end.
fn said(output: &Output) -> (Vec<String>, String) {
    let progress = String::from_utf8_lossy(&output.stderr);
    let result = String::from_utf8_lossy(&output.stdout).into_owned();
    (progress.lines().map(ToOwned::to_owned).collect(), result)
}

#[test]
fn migrating_a_fleet_tells_how_far_it_is_who_failed_and_goes_on_from_there() {
    let (place, runtime) = (Place::new(), Runtime::new().unwrap());
    runtime.block_on(behind(&place));

    let first = place.run(&["migrate", "--workers", "2"]);
    let (progress, result) = said(&first);
    assert!(!first.status.success(), "a script learns that one failed: {result}");
    assert_eq!(progress[0], "Đã nâng cấp 1/10 đơn vị, 0 đơn vị hỏng", "the canary");
    assert_eq!(progress.last().unwrap(), "Đã nâng cấp 9/10 đơn vị, 1 đơn vị hỏng");
    let mut lines = result.lines();
    assert_eq!(lines.next(), Some("Đã nâng cấp 9 đơn vị; 0 đơn vị vốn đã mới nhất."));
    let broken = format!("sau-07: hỏng ở bước {}: ", Schema::default().version());
    assert!(lines.next().is_some_and(|line| line.starts_with(&broken)), "{result}");
    assert_eq!(lines.next(), None, "nobody else failed");

    runtime.block_on(async {
        let installation = open(&place).await;
        in_the_broken(&installation, "DROP TABLE adoption_exclusion").await;
        installation.close().await.unwrap();
    });
    let again = place.run(&["migrate"]);
    let (progress, result) = said(&again);
    assert!(again.status.success(), "{progress:?}");
    assert_eq!(progress, ["Đã nâng cấp 1/1 đơn vị, 0 đơn vị hỏng"]);
    assert_eq!(result, "Đã nâng cấp 1 đơn vị; 9 đơn vị vốn đã mới nhất.\n");
}
