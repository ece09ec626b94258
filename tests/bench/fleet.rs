//! A thousand tenants migrated, and one more made.
//!
//! Making one takes 0.12 s in the database, which writes a hundred relations for it.
//! The command took 0.40 s as long as its commits waited for the disk to take the
//! thousand tenants that were laid before (they are written out first), and 0.33 to
//! 0.38 s as long as it asked casbin about every role and operation one by one. On a
//! slow day it still takes 0.296 s.

use crate::{Result, ground::Ground, load::median, people, process, report::Report};
use std::{fs, time::Instant};
use tenancy::migrations::Schema;

const TENANTS: usize = 1_000;
/// Of each command.
const RUNS: usize = 5;
/// As many as `sotay migrate` puts to work.
const WORKERS: usize = 4;

pub async fn measure(ground: &Ground, report: &mut Report) -> Result<()> {
    ground.hurry(true).await?;
    let database = ground.database("fleet").await?;
    let provisioner = database.provisioner();
    let files = (0..TENANTS).map(|number| people::file(&format!("tinh-{number:04}")));
    provisioner.apply_all(&files.collect::<Result<Vec<_>>>()?, WORKERS).await?;
    ground
        .superuser(&database.name, "ANALYZE platform.tenant; ANALYZE platform.tenant_migration")
        .await?;
    ground.hurry(false).await?;

    let mut nothing = Vec::new();
    for _ in 0..RUNS {
        nothing.push(process::run(&database, &["migrate", "--json"]).await?.took.as_secs_f64());
    }
    let name = "migrate with nothing to do, 1,000 tenants";
    report.alone(name, "s", median(nothing), Some(0.5), "the whole command");

    let mut new = Vec::new();
    for number in 0..RUNS {
        let slug = format!("moi-{number}");
        let path = ground.path(&format!("{slug}.toml"));
        fs::write(&path, toml::to_string(&people::file(&slug)?)?)?;
        let path = path.display().to_string();
        new.push(
            process::run(&database, &["tenant", "apply", &path, "--json"])
                .await?
                .took
                .as_secs_f64(),
        );
    }
    let name = "tenant apply, one new tenant beside 1,000";
    let note = "the whole command, durable, with root organisation and administrator";
    report.alone(name, "s", median(new), Some(0.3), note);

    let next = Schema::default().and("bench", "ALTER TABLE member ADD COLUMN bench text");
    let began = Instant::now();
    let migrated = provisioner.with_schema(next).migrate_tenants(WORKERS).await?;
    let took = began.elapsed().as_secs_f64();
    if migrated.migrated.len() != TENANTS + RUNS {
        return Err(format!("chỉ {} đơn vị được nâng cấp", migrated.migrated.len()).into());
    }
    let name = "migrate, a column for each of 1,000 tenants";
    let note = format!("{} tenants, {WORKERS} workers, durable", TENANTS + RUNS);
    report.alone(name, "s", took, Some(10.0), note);
    Ok(())
}
