//! Who is behind: one query a placement for the whole fleet.

use super::{Failure, FleetReport, job::Job, tell_registry};
use crate::{
    provision::{Provisioner, changed_afterwards},
    registry::Tenant,
};
use kernel::Error;
use sqlx::PgConnection;
use std::collections::HashMap;

/// What a placement's ledger says of one tenant.
struct Entry {
    versions: Vec<i32>,
    /// A migration that ran with another text.
    edited: Option<i32>,
    failed: bool,
}

impl Provisioner {
    /// Who is behind. Where the registry is wrong of how far a tenant has come, it
    /// is put right.
    pub(super) async fn survey(
        &self,
        main: &mut PgConnection,
        tenants: &[Tenant],
        report: &mut FleetReport,
    ) -> Result<Vec<Job>, Error> {
        let mut jobs = Vec::new();
        let mut versions = Vec::new();
        for placement in self.placements.keys() {
            let mine = tenants.iter().filter(|tenant| tenant.placement == *placement);
            let ledger = match self.ledger(placement).await {
                Ok(ledger) => ledger,
                Err(error @ Error::Unavailable(_)) => {
                    report.failed.extend(mine.map(|tenant| Failure {
                        tenant: tenant.id.clone(),
                        version: tenant.schema_version + 1,
                        error: error.to_string(),
                    }));
                    continue;
                }
                Err(error) => return Err(error),
            };
            for tenant in mine {
                // Not created yet: `apply` will.
                let Some(entry) = ledger.get(&*tenant.id) else { continue };
                if let Some(edited) = entry.edited {
                    let migrations = self.schema.migrations().iter();
                    let name = migrations.filter(|m| m.version == edited).map(|m| &*m.name);
                    return Err(changed_afterwards(&name.collect::<String>()));
                }
                let pending: Vec<_> = self
                    .schema
                    .migrations()
                    .iter()
                    .filter(|m| !entry.versions.contains(&m.version))
                    .cloned()
                    .collect();
                let reached = match pending.first() {
                    Some(first) => first.version - 1,
                    None => entry.versions.iter().copied().max().unwrap_or(0),
                };
                if reached != tenant.schema_version {
                    versions.push((tenant.id.clone(), reached));
                }
                if pending.is_empty() {
                    report.current += 1;
                } else {
                    let (tenant, placement) = (tenant.id.clone(), placement.clone());
                    jobs.push(Job { tenant, placement, pending, failed_before: entry.failed });
                }
            }
        }
        tell_registry(main, &versions).await?;
        Ok(jobs)
    }

    async fn ledger(&self, placement: &str) -> Result<HashMap<String, Entry>, Error> {
        let wanted = self.schema.migrations();
        let versions: Vec<i32> = wanted.iter().map(|m| m.version).collect();
        let checksums: Vec<String> = wanted.iter().map(|m| m.checksum.clone()).collect();
        let rows = sqlx::query!(
            r#"SELECT m.tenant,
                      coalesce(array_agg(m.version) FILTER (WHERE m.state = 'applied'), '{}') AS "versions!",
                      min(m.version) FILTER (WHERE m.state = 'applied' AND m.checksum <> w.checksum) AS edited,
                      bool_or(m.state = 'failed') AS "failed!"
               FROM platform.tenant_migration m
               LEFT JOIN unnest($1::int[], $2::text[]) AS w (version, checksum) ON w.version = m.version
               GROUP BY m.tenant"#,
            &versions,
            &checksums
        )
        .fetch_all(&mut self.connect(placement).await?)
        .await?;
        Ok(rows
            .into_iter()
            .map(|r| (r.tenant, Entry { versions: r.versions, edited: r.edited, failed: r.failed }))
            .collect())
    }
}
