//! Migrating the whole fleet: a canary first, then many at once; one tenant's
//! failure stops nobody else, and a rerun goes on where this one ended.

mod job;
mod survey;

use super::{Crew, Provisioner, lock, registered};
use futures_util::{StreamExt as _, stream};
use job::{Job, Outcome};
use kernel::{Error, TenantId};
use serde::Serialize;
use sqlx::PgConnection;
use std::time::{Duration, Instant};

/// How often a tenant whose locks are taken is tried.
const ROUNDS: u32 = 6;
/// The pause before the second round; each one after is twice as long.
const PAUSE: Duration = Duration::from_millis(250);
/// How often the registry is told, and whoever watches.
const TELL: Duration = Duration::from_millis(200);

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

/// How far a fleet migration is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Tenants that were behind.
    pub total: usize,
    /// Those that are up to date now.
    pub migrated: usize,
    /// Those that were given up.
    pub failed: usize,
}

impl Provisioner {
    /// Migrates every tenant that is behind, `workers` at a time, and tells the
    /// registry how far each has come. A placement that is away is a failure of
    /// its tenants alone.
    ///
    /// # Errors
    /// When the registry is away, when a migration that ran was edited, or when
    /// the canary fails; other failures are in the report.
    pub async fn migrate_tenants(&self, workers: usize) -> Result<FleetReport, Error> {
        let mut main = self.main().await?;
        lock(&mut main).await?;
        let tenants = registered(&mut main).await?;
        let mut report = FleetReport::default();
        let mut jobs = self.survey(&mut main, &tenants, &mut report).await?;
        if jobs.is_empty() {
            return Ok(report);
        }
        let mut fleet = Fleet {
            crew: Crew::new(self),
            main: &mut main,
            progress: Progress {
                total: jobs.len() + report.failed.len(),
                failed: report.failed.len(),
                migrated: 0,
            },
            report: &mut report,
            told: Instant::now(),
            untold: Vec::new(),
        };
        let canary = jobs.iter().position(|job| !job.failed_before).unwrap_or(0);
        let canary = jobs.remove(canary);
        let before = fleet.report.failed.len();
        fleet.migrate(vec![canary], 1).await?;
        if let Some(failure) = fleet.report.failed.get(before) {
            return Err(Error::Conflict(
                format!(
                    "đơn vị thử trước {} không nâng cấp được ở bước {}: {}; chưa đụng tới đơn vị nào khác. Sửa migration rồi chạy lại; nếu chỉ riêng đơn vị này hỏng, chạy lại sẽ thử trước ở đơn vị khác",
                    failure.tenant, failure.version, failure.error
                )
                .into(),
            ));
        }
        fleet.migrate(jobs, workers).await?;
        Ok(report)
    }
}

/// A fleet migration under way.
struct Fleet<'a> {
    crew: Crew<'a>,
    main: &'a mut PgConnection,
    report: &'a mut FleetReport,
    progress: Progress,
    told: Instant,
    untold: Vec<(TenantId, i32)>,
}

impl Fleet<'_> {
    /// Migrates some tenants, and those whose locks are taken once more, and
    /// again, after the others: nobody waits for them.
    async fn migrate(&mut self, mut jobs: Vec<Job>, workers: usize) -> Result<(), Error> {
        for round in 1..=ROUNDS {
            let crew = &self.crew;
            let mut outcomes = std::pin::pin!(
                stream::iter(std::mem::take(&mut jobs))
                    .map(async |mut job| {
                        let outcome = job.run(crew).await;
                        (job, outcome)
                    })
                    .buffer_unordered(workers.max(1))
            );
            while let Some((job, outcome)) = outcomes.next().await {
                let reached = match &outcome {
                    Outcome::Done => job.pending.last().map_or(0, |m| m.version),
                    Outcome::Busy(version, _) | Outcome::Refused(version, _) => version - 1,
                };
                self.untold.push((job.tenant.clone(), reached));
                match outcome {
                    Outcome::Done => {
                        self.progress.migrated += 1;
                        self.report.migrated.push(job.tenant);
                    }
                    Outcome::Busy(..) if round < ROUNDS => jobs.push(job),
                    Outcome::Busy(version, error) | Outcome::Refused(version, error) => {
                        job.note_failure(crew, version, &error).await;
                        self.progress.failed += 1;
                        self.report.failed.push(Failure {
                            tenant: job.tenant,
                            version,
                            error: error.to_string(),
                        });
                    }
                }
                if self.told.elapsed() >= TELL {
                    tell_registry(self.main, &std::mem::take(&mut self.untold)).await?;
                    crew.provisioner.progress.send_replace(self.progress);
                    self.told = Instant::now();
                }
            }
            tell_registry(self.main, &std::mem::take(&mut self.untold)).await?;
            crew.provisioner.progress.send_replace(self.progress);
            if jobs.is_empty() {
                break;
            }
            tokio::time::sleep(PAUSE * 2_u32.pow(round - 1)).await;
        }
        Ok(())
    }
}

/// Copies from the ledgers what servers read.
async fn tell_registry(main: &mut PgConnection, versions: &[(TenantId, i32)]) -> Result<(), Error> {
    if versions.is_empty() {
        return Ok(());
    }
    let (slugs, versions): (Vec<String>, Vec<i32>) =
        versions.iter().map(|(tenant, version)| (tenant.to_string(), *version)).unzip();
    sqlx::query!(
        "UPDATE platform.tenant t
         SET schema_version = v.version, revision = nextval('platform.registry_revision')
         FROM unnest($1::text[], $2::int[]) AS v (slug, version)
         WHERE t.slug = v.slug AND t.schema_version <> v.version",
        &slugs,
        &versions
    )
    .execute(main)
    .await?;
    Ok(())
}
