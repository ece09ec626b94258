//! Migrating the whole fleet: a canary first, then many at once; one tenant's
//! failure stops nobody else, and a rerun goes on where this one ended.

use super::{Provisioner, changed_afterwards, lock, run};
use crate::{
    config::MAIN,
    migrations::{self, Migration},
    registry,
};
use futures_util::{StreamExt as _, stream};
use kernel::{Error, TenantId};
use serde::Serialize;
use sqlx::{Connection as _, PgConnection};
use std::{collections::HashMap, time::Duration};

/// How often a migration that cannot get its locks is tried.
const TRIES: u32 = 5;

/// How a fleet migration went.
#[derive(Clone, Debug, Default, Serialize)]
pub struct FleetReport {
    /// Tenants that were behind and are up to date now.
    pub migrated: Vec<TenantId>,
    /// Tenants that were up to date before.
    pub current: usize,
    /// Tenants that could not be migrated.
    pub failed: Vec<Failure>,
}

/// A tenant that could not be migrated.
#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    /// Which.
    pub tenant: TenantId,
    /// The migration that was refused.
    pub version: i32,
    /// Why.
    pub error: String,
}

struct Job {
    tenant: TenantId,
    placement: String,
    pending: Vec<Migration>,
}

impl Provisioner {
    /// Migrates every tenant that is behind.
    ///
    /// # Errors
    /// When a placement is away, when a migration that ran was edited, or when
    /// the canary fails; other failures are in the report.
    pub async fn migrate_tenants(&self, workers: usize) -> Result<FleetReport, Error> {
        let mut main = self.main().await?;
        lock(&mut main).await?;
        let (_, tenants) = registry::load(&mut main).await?;
        let wanted = migrations::tenant();
        let mut jobs = Vec::new();
        let mut report = FleetReport::default();
        for placement in self.placements.keys() {
            let done = self.ledger(placement).await?;
            for tenant in tenants.iter().filter(|tenant| tenant.placement == *placement) {
                let Some(done) = done.get(&*tenant.id) else { continue };
                let mut pending = Vec::new();
                for migration in &wanted {
                    match done.iter().find(|(version, _)| *version == migration.version) {
                        Some((_, checksum)) if *checksum != migration.checksum => {
                            return Err(changed_afterwards(migration.name));
                        }
                        Some(_) => {}
                        None => pending.push(migration.clone()),
                    }
                }
                if pending.is_empty() {
                    report.current += 1;
                } else {
                    jobs.push(Job {
                        tenant: tenant.id.clone(),
                        placement: placement.clone(),
                        pending,
                    });
                }
            }
        }
        if jobs.is_empty() {
            return Ok(report);
        }
        let canary = jobs.remove(0);
        if let Err(failure) = self.migrate(&canary).await {
            return Err(Error::Conflict(
                format!(
                    "đơn vị thử trước {} không nâng cấp được ở bước {}: {}; chưa đụng tới đơn vị nào khác",
                    failure.tenant, failure.version, failure.error
                )
                .into(),
            ));
        }
        report.migrated.push(canary.tenant);
        let outcomes: Vec<_> = stream::iter(jobs)
            .map(async |job| self.migrate(&job).await.map(|()| job.tenant))
            .buffer_unordered(workers.max(1))
            .collect()
            .await;
        for outcome in outcomes {
            match outcome {
                Ok(tenant) => report.migrated.push(tenant),
                Err(failure) => report.failed.push(failure),
            }
        }
        // Servers read the versions again.
        run(&mut main, "UPDATE platform.tenant SET revision = nextval('platform.registry_revision') WHERE slug = (SELECT min(slug) FROM platform.tenant)".into()).await?;
        Ok(report)
    }

    async fn ledger(&self, placement: &str) -> Result<HashMap<String, Vec<(i32, String)>>, Error> {
        let mut connection = self.connect(placement).await?;
        if placement != MAIN {
            lock(&mut connection).await?;
        }
        let rows = sqlx::query!(
            "SELECT tenant, version, checksum FROM platform.tenant_migration WHERE state = 'applied'"
        )
        .fetch_all(&mut connection)
        .await?;
        let mut ledger: HashMap<String, Vec<(i32, String)>> = HashMap::new();
        for row in rows {
            ledger.entry(row.tenant).or_default().push((row.version, row.checksum));
        }
        Ok(ledger)
    }

    async fn migrate(&self, job: &Job) -> Result<(), Failure> {
        let failure = |version, error: &Error| Failure {
            tenant: job.tenant.clone(),
            version,
            error: error.to_string(),
        };
        let mut connection =
            self.connect(&job.placement).await.map_err(|e| failure(job.pending[0].version, &e))?;
        for migration in &job.pending {
            let mut tries = 0;
            while let Err(error) = step(&mut connection, &job.tenant, migration).await {
                tries += 1;
                if tries < TRIES && lacks_lock(&error) {
                    tokio::time::sleep(Duration::from_millis(200 << tries)).await;
                    continue;
                }
                note_failure(&mut connection, &job.tenant, migration, &error).await;
                return Err(failure(migration.version, &error));
            }
        }
        Ok(())
    }
}

async fn step(
    connection: &mut PgConnection,
    tenant: &TenantId,
    migration: &Migration,
) -> Result<(), Error> {
    let role = tenant.role();
    let mut tx = connection.begin().await?;
    run(
        &mut tx,
        format!("SET LOCAL lock_timeout = '2s'; SET LOCAL ROLE {role}; SET LOCAL search_path = {role}, ext;"),
    )
    .await?;
    sqlx::raw_sql(migration.sql).execute(&mut *tx).await?;
    run(&mut tx, "RESET ROLE".into()).await?;
    sqlx::query!(
        "INSERT INTO platform.tenant_migration (tenant, version, checksum, state)
         VALUES ($1, $2, $3, 'applied')
         ON CONFLICT (tenant, version) DO UPDATE SET
             checksum = excluded.checksum, state = 'applied', error = NULL, at = now()",
        &**tenant,
        migration.version,
        migration.checksum
    )
    .execute(&mut *tx)
    .await?;
    tx.commit().await?;
    Ok(())
}

async fn note_failure(
    connection: &mut PgConnection,
    tenant: &TenantId,
    migration: &Migration,
    error: &Error,
) {
    let noted = sqlx::query!(
        "INSERT INTO platform.tenant_migration (tenant, version, checksum, state, error)
         VALUES ($1, $2, $3, 'failed', $4)
         ON CONFLICT (tenant, version) DO UPDATE SET state = 'failed', error = excluded.error, at = now()",
        &**tenant,
        migration.version,
        migration.checksum,
        error.to_string()
    )
    .execute(connection)
    .await;
    if let Err(error) = noted {
        tracing::error!(%tenant, "cannot note the failed migration of {tenant}: {error}");
    }
}

fn lacks_lock(error: &Error) -> bool {
    let Error::Internal(error) = error else { return false };
    error
        .downcast_ref::<sqlx::Error>()
        .and_then(sqlx::Error::as_database_error)
        .is_some_and(|e| matches!(e.code().as_deref(), Some("55P03" | "40P01")))
}
