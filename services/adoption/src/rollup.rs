//! What leaves a tenant for the national committee: signed aggregates, nothing
//! about anybody.

use crate::{
    report::{Report, report},
    share::Share,
    store::{self, Activity, Rollup},
};
use futures_util::future::BoxFuture;
use kernel::{Error, Result, World};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq as _;
use tenancy::{MasterKey, Outlet, TenantDb, TenantKind, Tenants};
use utoipa::ToSchema;

/// How far back meetings, check-ins and acknowledgements are counted, in days.
pub(crate) const ACTIVITY_DAYS: i64 = 30;

/// A numerator and its denominator.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Ratio {
    /// The denominator.
    pub members: i64,
    /// The numerator.
    pub activated: i64,
}

impl From<Share> for Ratio {
    fn from(share: Share) -> Self {
        Self { members: share.members, activated: share.activated }
    }
}

/// A tenant's aggregates. Serialised in this order and without spaces they are
/// the text that is signed; the database may keep them in another order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RollupFigures)]
pub struct Figures {
    /// The day they hold for.
    pub as_of: String,
    /// When they were computed, in seconds since 1970.
    pub computed_at: i64,
    /// Of all members.
    pub raw: Ratio,
    /// Of the members outside the excluded units.
    pub adjusted: Ratio,
    /// Units directly below the tenant's root.
    pub units: i64,
    /// Those of them that are excluded.
    pub units_excluded: i64,
    /// Those of them whose share lies below the threshold.
    pub units_below: i64,
    /// Branch meetings held in the last 30 days.
    pub meetings_held: i64,
    /// Attendances with a check-in in the last 30 days.
    pub checked_in: i64,
    /// Documents acknowledged in the last 30 days.
    pub acknowledged: i64,
}

impl Figures {
    fn new(report: &Report, activity: Activity, computed_at: i64) -> Result<Self> {
        let count = |n: usize| i64::try_from(n);
        Ok(Self {
            as_of: report.as_of.to_string(),
            computed_at,
            raw: report.raw.into(),
            adjusted: report.adjusted.into(),
            units: count(report.units.len())?,
            units_excluded: count(
                report.units.iter().filter(|unit| unit.excluded.is_some()).count(),
            )?,
            units_below: count(report.units.iter().filter(|unit| unit.named).count())?,
            meetings_held: activity.meetings_held,
            checked_in: activity.checked_in,
            acknowledged: activity.acknowledged,
        })
    }

    pub(crate) fn signature(
        &self,
        key: &MasterKey,
        tenant: &str,
        version: i64,
    ) -> Result<[u8; 32]> {
        let text = serde_json::to_vec(self)?;
        Ok(key.derive("adoption-rollup", &[tenant.as_bytes(), &version.to_be_bytes(), &text]))
    }
}

/// Reads a tenant's aggregates, if they are what that tenant signed.
pub(crate) fn verified(key: &MasterKey, rollup: &Rollup) -> Option<Figures> {
    let figures: Figures = serde_json::from_value(rollup.figures.clone()).ok()?;
    let signature = figures.signature(key, &rollup.tenant, rollup.version).ok()?;
    bool::from(signature.ct_eq(&rollup.signature)).then_some(figures)
}

/// Sends a tenant's aggregates after its events were folded.
pub(crate) struct NationalReview {
    pub(crate) world: World,
}

impl Outlet for NationalReview {
    fn name(&self) -> &'static str {
        "adoption_rollup"
    }

    fn send<'a>(
        &'a self,
        tenants: &'a Tenants,
        tenant: &'a TenantDb,
    ) -> BoxFuture<'a, Result<(), Error>> {
        Box::pin(async move {
            if tenant.tenant().kind == TenantKind::National {
                return Ok(());
            }
            let mut conn = tenant.conn().await?;
            let (now, today) = (self.world.now(), self.world.today());
            let Some(root) = store::root(&mut conn, today).await? else { return Ok(()) };
            // Read before the figures: they may be newer than the version says, never older.
            let version = store::version(&mut conn).await?;
            let report = report(&mut conn, root, today).await?;
            let activity = store::activity(&mut conn, today, ACTIVITY_DAYS).await?;
            drop(conn);
            let figures = Figures::new(&report, activity, now.unix_timestamp())?;
            let slug = &tenant.tenant().id;
            let rollup = Rollup {
                tenant: slug.to_string(),
                version,
                signature: figures.signature(tenants.key(), slug, version)?.to_vec(),
                figures: serde_json::to_value(&figures)?,
            };
            store::put_rollup(&mut *tenants.platform().await?, &rollup, now).await
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Figures, Ratio, verified};
    use crate::store::Rollup;
    use tenancy::MasterKey;

    fn signed(key: &MasterKey) -> Rollup {
        let figures = Figures {
            as_of: "2024-03-30".into(),
            computed_at: 1_711_785_600,
            raw: Ratio { members: 55_795, activated: 51_500 },
            adjusted: Ratio { members: 55_000, activated: 51_400 },
            units: 17,
            units_excluded: 3,
            units_below: 4,
            meetings_held: 900,
            checked_in: 20_000,
            acknowledged: 1_000,
        };
        Rollup {
            tenant: "quang-ngai".into(),
            version: 7,
            signature: figures.signature(key, "quang-ngai", 7).unwrap().to_vec(),
            figures: serde_json::to_value(&figures).unwrap(),
        }
    }

    #[test]
    fn only_what_the_tenant_signed_is_believed() {
        let key = MasterKey::new([7; 32]);
        let good = signed(&key);
        assert_eq!(verified(&key, &good).map(|f| f.raw.activated), Some(51_500));

        let mut touched = good.clone();
        touched.figures["raw"]["activated"] = 55_795.into();
        assert_eq!(verified(&key, &touched), None);
        let mut more = good.clone();
        more.figures["praise"] = 1.into();
        assert_eq!(verified(&key, &more), None);
        assert_eq!(verified(&key, &Rollup { tenant: "thanh-hoa".into(), ..good.clone() }), None);
        assert_eq!(verified(&key, &Rollup { version: 8, ..good.clone() }), None);
        assert_eq!(verified(&key, &Rollup { signature: vec![], ..good.clone() }), None);
        assert_eq!(verified(&MasterKey::new([8; 32]), &good), None);
    }
}
