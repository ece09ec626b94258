//! The roster import beside a bare COPY, and whether it needs more memory for
//! more rows.

use crate::{
    Result,
    ground::{Database, Ground},
    load::median,
    people, process,
    report::{Goal, Report},
};
use std::time::Instant;

/// The membership of Thanh Hóa, the largest province.
const ROWS: usize = 230_000;
/// From here on memory should not grow.
const FEW: usize = 10_000;

pub async fn measure(ground: &Ground, database: &Database, report: &mut Report) -> Result<()> {
    ground.hurry(true).await?;
    let platform = database.platform().await?;
    for slug in [people::SMALL, people::LARGE] {
        people::found(database, &platform, slug).await?;
    }
    platform.app.tenants.close().await;
    ground.hurry(false).await?;

    let mut ended = Vec::new();
    for (slug, rows) in [(people::SMALL, FEW), (people::LARGE, ROWS)] {
        let path = ground.path(&format!("{rows}.csv"));
        people::write_file(&path, rows)?;
        let path = path.display().to_string();
        let arguments = ["roster", "import", &path, "--tenant", slug, "--json"];
        ended.push(process::run(database, &arguments).await?);
    }
    let ours = ROWS as f64 / ended[1].took.as_secs_f64();
    let role = format!("tn_{}", people::LARGE.replace('-', "_"));
    let (same, bare) =
        (copy(ground, database, &role, true).await?, copy(ground, database, &role, false).await?);
    report.pair(
        "roster import, 230,000 rows, against COPY",
        "rows/s",
        (ours, same),
        Some(Goal::RatioAtLeast(0.25)),
        "COPY of the finished rows into one table with the same keys, indexes and checks",
    );
    report.pair(
        "  the same, against COPY into a table without any key",
        "rows/s",
        (ours, bare),
        None,
        "the member table has six indexes, a foreign key and four checks",
    );
    report.pair(
        "roster import, peak memory at 230,000 rows against 10,000",
        "MB",
        (ended[1].peak, ended[0].peak),
        Some(Goal::RatioAtMost(1.5)),
        "peak resident size of the program; 32 bytes a row remember repeated numbers",
    );
    Ok(())
}

/// Rows a second of a COPY of the rows that the import wrote.
async fn copy(ground: &Ground, database: &Database, role: &str, like: bool) -> Result<f64> {
    let file = ground.path("members.copy").display().to_string();
    let psql = async |sql: String| {
        let arguments = ["-v", "ON_ERROR_STOP=1", "-q", "-d", &database.name, "-c", &sql];
        ground.postgres.run_tool("psql", arguments).await
    };
    psql(format!("\\copy {role}.member TO '{file}'")).await?;
    let shape = if like { "INCLUDING ALL" } else { "" };
    psql(format!("CREATE TABLE {role}.copied (LIKE {role}.member {shape})")).await?;
    if like {
        let key = format!("FOREIGN KEY (organisation) REFERENCES {role}.organisation");
        psql(format!("ALTER TABLE {role}.copied ADD {key}")).await?;
    }
    let mut rates = Vec::new();
    for _ in 0..3 {
        psql(format!("TRUNCATE {role}.copied")).await?;
        let began = Instant::now();
        psql(format!("\\copy {role}.copied FROM '{file}'")).await?;
        rates.push(ROWS as f64 / began.elapsed().as_secs_f64());
    }
    psql(format!("DROP TABLE {role}.copied")).await?;
    Ok(median(rates))
}
