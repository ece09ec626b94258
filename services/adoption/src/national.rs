//! The national review: every tenant's signed aggregates side by side.

use crate::{
    report::Percent,
    rollup::{self, Figures, Ratio},
    store::{self, Rollup},
};
use kernel::{Error, Result, viet};
use serde::Serialize;
use std::{collections::HashMap, sync::Arc};
use tenancy::{MasterKey, Tenant, TenantKind, TenantState};
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::Ctx;

/// Whether a tenant's figures can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// They are there and signed.
    Reported,
    /// There are none yet.
    Missing,
    /// Their signature does not fit: somebody has touched them.
    Invalid,
}

/// One tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantRow {
    /// Its slug.
    pub tenant: String,
    /// Its name.
    pub name: String,
    /// Whether its figures can be used.
    pub standing: Standing,
    /// Its figures, when they can.
    pub figures: Option<Figures>,
    /// Activated of all members, in percent.
    #[schema(value_type = Option<f64>)]
    pub percent: Percent,
    /// The same outside the excluded units.
    #[schema(value_type = Option<f64>)]
    pub adjusted_percent: Percent,
}

/// All tenants together.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct Totals {
    /// Tenants whose figures are counted.
    pub reported: usize,
    /// Tenants there are.
    pub tenants: usize,
    /// Of all members.
    pub raw: Ratio,
    /// Of the members outside the excluded units.
    pub adjusted: Ratio,
    /// Activated of all members, in percent.
    #[schema(value_type = Option<f64>)]
    pub percent: Percent,
    /// The same outside the excluded units.
    #[schema(value_type = Option<f64>)]
    pub adjusted_percent: Percent,
    /// Units directly below the tenants' roots.
    pub units: i64,
    /// Those of them whose share lies below the threshold.
    pub units_below: i64,
    /// Branch meetings held in the last 30 days.
    pub meetings_held: i64,
    /// Attendances with a check-in in the last 30 days.
    pub checked_in: i64,
    /// Documents acknowledged in the last 30 days.
    pub acknowledged: i64,
}

/// The whole review.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Review {
    /// Every tenant, by name.
    pub tenants: Vec<TenantRow>,
    /// Those that have reported, together.
    pub totals: Totals,
}

/// Reads the review with the national tenant's own role.
///
/// # Errors
/// [`Error::NotFound`] in any other tenant.
pub(crate) async fn load(ctx: &Ctx) -> Result<Review> {
    if ctx.tenant().kind != TenantKind::National {
        return Err(Error::NotFound);
    }
    let rollups = store::rollups(&mut *ctx.read().await?).await?;
    Ok(review(&ctx.app.tenants.all(), rollups, ctx.app.tenants.key()))
}

fn review(tenants: &[Arc<Tenant>], rollups: Vec<Rollup>, key: &MasterKey) -> Review {
    let rollups: HashMap<String, Rollup> = rollups.into_iter().map(|r| (r.tenant.clone(), r)).collect();
    let mut rows: Vec<TenantRow> = tenants
        .iter()
        .filter(|tenant| tenant.kind != TenantKind::National)
        .filter(|tenant| matches!(tenant.state, TenantState::Active | TenantState::Suspended))
        .map(|tenant| TenantRow::new(tenant, rollups.get(&*tenant.id), key))
        .collect();
    rows.sort_by_cached_key(|row| viet::sort_key(&row.name));
    Review { totals: Totals::of(&rows), tenants: rows }
}

impl TenantRow {
    fn new(tenant: &Tenant, rollup: Option<&Rollup>, key: &MasterKey) -> Self {
        let figures = rollup.and_then(|rollup| rollup::verified(key, rollup));
        let percent = |ratio: Option<Ratio>| ratio.map_or(Percent(None), Ratio::percent);
        Self {
            tenant: tenant.id.to_string(),
            name: tenant.short_name.clone(),
            standing: match (rollup, &figures) {
                (None, _) => Standing::Missing,
                (Some(_), None) => Standing::Invalid,
                (Some(_), Some(_)) => Standing::Reported,
            },
            percent: percent(figures.as_ref().map(|f| f.raw)),
            adjusted_percent: percent(figures.as_ref().map(|f| f.adjusted)),
            figures,
        }
    }
}

impl Totals {
    fn of(rows: &[TenantRow]) -> Self {
        let mut totals = Self { tenants: rows.len(), ..Self::default() };
        for figures in rows.iter().filter_map(|row| row.figures.as_ref()) {
            totals.reported += 1;
            totals.raw += figures.raw;
            totals.adjusted += figures.adjusted;
            totals.units += figures.units;
            totals.units_below += figures.units_below;
            totals.meetings_held += figures.meetings_held;
            totals.checked_in += figures.checked_in;
            totals.acknowledged += figures.acknowledged;
        }
        totals.percent = totals.raw.percent();
        totals.adjusted_percent = totals.adjusted.percent();
        totals
    }
}

impl Ratio {
    /// In tenths of a percent.
    #[must_use]
    pub fn percent(self) -> Percent {
        Percent::of(self.activated, self.members)
    }

    /// The share, as people read it.
    #[must_use]
    pub fn percent_text(&self) -> String {
        viet::format_percent(self.activated, self.members)
    }

    /// The denominator, as people read it.
    #[must_use]
    pub fn members_text(&self) -> String {
        viet::format_count(self.members)
    }

    /// The numerator, as people read it.
    #[must_use]
    pub fn activated_text(&self) -> String {
        viet::format_count(self.activated)
    }
}

impl std::ops::AddAssign for Ratio {
    fn add_assign(&mut self, other: Self) {
        self.members += other.members;
        self.activated += other.activated;
    }
}

impl Figures {
    /// When they were computed, as people read it.
    #[must_use]
    pub fn updated_text(&self) -> String {
        OffsetDateTime::from_unix_timestamp(self.computed_at).map(viet::format_datetime).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::{Standing, review};
    use crate::{report::Percent, rollup::{Figures, Ratio}, store::Rollup};
    use kernel::TenantId;
    use std::sync::Arc;
    use tenancy::{MasterKey, Tenant, TenantKind, TenantState};

    fn tenant(slug: &str, name: &str, kind: TenantKind) -> Arc<Tenant> {
        let id = TenantId::new(slug).unwrap();
        Arc::new(Tenant {
            role: id.role().into(),
            id,
            kind,
            name: name.into(),
            short_name: name.into(),
            accent: "#8c1d18".into(),
            hosts: vec![],
            placement: "main".into(),
            state: TenantState::Active,
            password_version: 1,
            schema_version: 5,
        })
    }

    fn rollup(key: &MasterKey, slug: &str, members: i64, activated: i64) -> Rollup {
        let ratio = Ratio { members, activated };
        let figures = Figures {
            as_of: "2024-03-30".into(),
            computed_at: 1_711_785_600,
            raw: ratio,
            adjusted: ratio,
            units: 2,
            units_excluded: 0,
            units_below: 1,
            meetings_held: 3,
            checked_in: 4,
            acknowledged: 5,
        };
        Rollup {
            tenant: slug.into(),
            version: 1,
            signature: figures.signature(key, slug, 1).unwrap().to_vec(),
            figures: serde_json::to_value(&figures).unwrap(),
        }
    }

    #[test]
    fn tenants_stand_side_by_side_and_only_good_figures_are_summed() {
        let key = MasterKey::new([7; 32]);
        let tenants = [
            tenant("thanh-hoa", "Thanh Hóa", TenantKind::Province),
            tenant("quang-ngai", "Quảng Ngãi", TenantKind::Province),
            tenant("dak-lak", "Đắk Lắk", TenantKind::Province),
            tenant("hue", "Huế", TenantKind::Province),
            tenant("trung-uong", "Trung ương", TenantKind::National),
        ];
        let mut touched = rollup(&key, "hue", 10, 1);
        touched.figures["raw"]["activated"] = 10.into();
        let rollups = vec![
            rollup(&key, "quang-ngai", 55_795, 51_500),
            rollup(&key, "thanh-hoa", 230_000, 200_000),
            touched,
        ];
        let review = review(&tenants, rollups, &key);
        let rows: Vec<_> = review.tenants.iter().map(|r| (r.name.as_str(), r.standing, r.percent.0)).collect();
        assert_eq!(
            rows,
            [
                ("Đắk Lắk", Standing::Missing, None),
                ("Huế", Standing::Invalid, None),
                ("Quảng Ngãi", Standing::Reported, Some(923)),
                ("Thanh Hóa", Standing::Reported, Some(870)),
            ]
        );
        assert_eq!((review.totals.reported, review.totals.tenants), (2, 4));
        assert_eq!(review.totals.raw, Ratio { members: 285_795, activated: 251_500 });
        assert_eq!(review.totals.percent, Percent(Some(880)));
        assert_eq!(review.totals.units_below, 2);
    }
}
