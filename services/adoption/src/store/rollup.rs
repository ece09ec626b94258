//! What leaves a tenant, and what it is computed from.

use kernel::Result;
use sqlx::PgConnection;
use time::{Date, Duration, OffsetDateTime};

/// What a tenant did in the last days, over all organisations.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Activity {
    pub(crate) acknowledged: i64,
    pub(crate) checked_in: i64,
    pub(crate) meetings_held: i64,
}

/// What left a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Rollup {
    pub(crate) tenant: String,
    pub(crate) version: i64,
    pub(crate) figures: serde_json::Value,
    pub(crate) signature: Vec<u8>,
}

/// Events folded so far.
pub(crate) async fn version(conn: &mut PgConnection) -> Result<i64> {
    let version = sqlx::query_scalar!("SELECT version FROM fold_state WHERE fold = 'all'")
        .fetch_optional(conn)
        .await?;
    Ok(version.unwrap_or(0))
}

/// What was done on the `days` days up to and with `to`.
pub(crate) async fn activity(conn: &mut PgConnection, to: Date, days: i64) -> Result<Activity> {
    Ok(sqlx::query_as!(
        Activity,
        r#"SELECT coalesce(sum(amount) FILTER (WHERE measure = 'acknowledged'), 0)::bigint AS "acknowledged!",
                  coalesce(sum(amount) FILTER (WHERE measure = 'checked_in'), 0)::bigint AS "checked_in!",
                  coalesce(sum(amount) FILTER (WHERE measure = 'meetings_held'), 0)::bigint AS "meetings_held!"
           FROM adoption_day
           WHERE measure IN ('acknowledged', 'checked_in', 'meetings_held') AND day > $1 AND day <= $2"#,
        to.saturating_sub(Duration::days(days)),
        to
    )
    .fetch_one(conn)
    .await?)
}

/// Writes what leaves a tenant, with the platform's own connection. A lower
/// version never overwrites a higher one.
pub(crate) async fn put_rollup(
    platform: &mut PgConnection,
    rollup: &Rollup,
    at: OffsetDateTime,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO platform.adoption_rollup (tenant, version, at, figures, signature)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (tenant) DO UPDATE
             SET version = excluded.version, at = excluded.at, figures = excluded.figures, signature = excluded.signature
             WHERE adoption_rollup.version <= excluded.version",
        rollup.tenant,
        rollup.version,
        at,
        rollup.figures,
        rollup.signature
    )
    .execute(platform)
    .await?;
    Ok(())
}

/// What left every tenant; only the national tenant's role may read it.
pub(crate) async fn rollups(conn: &mut PgConnection) -> Result<Vec<Rollup>> {
    Ok(sqlx::query_as!(
        Rollup,
        "SELECT tenant, version, figures, signature FROM platform.adoption_rollup"
    )
    .fetch_all(conn)
    .await?)
}
