//! What one tenant still lacks, and making it.

use crate::{
    migrations::Migration,
    provision::{crew::Crew, run},
    sqlstate,
};
use kernel::{Error, TenantId};
use sqlx::{Connection as _, PgConnection, error::DatabaseError};

/// How long a statement of a migration waits for a lock. Whoever comes after it
/// waits as well, so it is short; a tenant that is busy is tried again later.
const LOCK_TIMEOUT: &str = "500ms";

/// What one tenant still lacks.
pub(super) struct Job {
    pub(super) tenant: TenantId,
    pub(super) placement: String,
    pub(super) pending: Vec<Migration>,
    /// An earlier run failed on it, so it says nothing about the others.
    pub(super) failed_before: bool,
}

/// How that went.
pub(super) enum Outcome {
    Done,
    /// Somebody holds a lock; as far as it came it stays.
    Busy(i32, Error),
    Refused(i32, Error),
}

impl Job {
    pub(super) async fn run(&mut self, crew: &Crew<'_>) -> Outcome {
        let first = self.pending[0].version;
        let mut connection = match crew.take(&self.placement).await {
            Ok(connection) => connection,
            Err(error) => return Outcome::Refused(first, error),
        };
        let mut done = 0;
        let outcome = loop {
            let Some(migration) = self.pending.get(done) else { break Outcome::Done };
            match step(&mut connection, &self.tenant, migration).await {
                Ok(()) => done += 1,
                Err(error) if lacks_lock(&error) => break Outcome::Busy(migration.version, error),
                Err(error) => break Outcome::Refused(migration.version, error),
            }
        };
        if matches!(outcome, Outcome::Busy(..)) {
            self.pending.drain(..done);
        }
        // Who knows whether the connection outlived a refusal.
        if !matches!(outcome, Outcome::Refused(..)) {
            crew.put_back(&self.placement, connection);
        }
        outcome
    }

    /// Leaves in the ledger why a migration was given up, for `verify`. One that
    /// was applied stays so: perhaps only the answer to its commit was lost.
    pub(super) async fn note_failure(&self, crew: &Crew<'_>, version: i32, error: &Error) {
        let checksum =
            self.pending.iter().find(|m| m.version == version).map_or("", |m| &m.checksum);
        let noted = async {
            let mut connection = crew.take(&self.placement).await?;
            sqlx::query!(
                "INSERT INTO platform.tenant_migration (tenant, version, checksum, state, error)
                 VALUES ($1, $2, $3, 'failed', $4)
                 ON CONFLICT (tenant, version) DO UPDATE SET state = 'failed', error = excluded.error, at = now()
                 WHERE tenant_migration.state <> 'applied'",
                &*self.tenant,
                version,
                checksum,
                error.to_string()
            )
            .execute(&mut connection)
            .await?;
            crew.put_back(&self.placement, connection);
            Ok::<_, Error>(())
        };
        if let Err(error) = noted.await {
            let tenant = &self.tenant;
            tracing::error!(%tenant, "cannot note the failed migration of {tenant}: {error}");
        }
    }
}

/// One migration of one tenant with its ledger row. Everything between `BEGIN`
/// and `COMMIT` goes to the server at once: a fleet is many round trips. The
/// ledger row comes first: it waits for whoever was killed a moment ago and is
/// committing the same migration still, and keeps it from being done twice.
async fn step(
    connection: &mut PgConnection,
    tenant: &TenantId,
    migration: &Migration,
) -> Result<(), Error> {
    let (role, Migration { version, sql, checksum, .. }) = (tenant.role(), migration);
    let mut tx = connection.begin().await?;
    let done = run(
        &mut tx,
        format!(
            "SET LOCAL lock_timeout = '{LOCK_TIMEOUT}';
             DELETE FROM platform.tenant_migration
             WHERE tenant = '{tenant}' AND version = {version} AND state <> 'applied';
             INSERT INTO platform.tenant_migration (tenant, version, checksum, state)
             VALUES ('{tenant}', {version}, '{checksum}', 'applied');
             SET LOCAL ROLE {role};
             SET LOCAL search_path = {role}, ext;
             {sql}"
        ),
    )
    .await;
    match done {
        Err(error) if is_in_ledger(&error) => {
            tx.rollback().await?;
            // Or somebody noted a failure this very moment.
            let applied = sqlx::query_scalar!(
                r#"SELECT state = 'applied' AS "applied!" FROM platform.tenant_migration
                   WHERE tenant = $1 AND version = $2"#,
                &**tenant,
                version
            );
            if applied.fetch_one(connection).await? { Ok(()) } else { Err(error) }
        }
        done => {
            done?;
            Ok(tx.commit().await?)
        }
    }
}

fn is_in_ledger(error: &Error) -> bool {
    let Error::Internal(source) = error else { return false };
    let refused = source.downcast_ref::<sqlx::Error>().and_then(sqlx::Error::as_database_error);
    refused.and_then(DatabaseError::constraint) == Some("tenant_migration_pkey")
}

fn lacks_lock(error: &Error) -> bool {
    matches!(sqlstate(error).as_deref(), Some("55P03" | "40P01"))
}
