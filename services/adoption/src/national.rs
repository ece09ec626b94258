//! The national review: every tenant's signed aggregates side by side.

use crate::{
    rollup::{self, Figures, Ratio},
    share::Percent,
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
    let rollups: HashMap<String, Rollup> =
        rollups.into_iter().map(|r| (r.tenant.clone(), r)).collect();
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
        OffsetDateTime::from_unix_timestamp(self.computed_at)
            .map(viet::format_datetime)
            .unwrap_or_default()
    }
}

#[cfg(test)]
pub(crate) mod tests;
