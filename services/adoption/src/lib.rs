//! Adoption: how far the members of each organisation have come in using the
//! platform, which units are left out of the count and why, and what of it the
//! national committee sees.
//!
//! Every figure is folded from events into one table of increments a day, so
//! that any past day can be summed over the tree as it stood on that day. Raw
//! and adjusted figures stand side by side, each with its denominator. Who has
//! not activated is for the branch secretary alone; above the branch there are
//! counts, without the small ones.
//!
//! Events read: whatever carries `deltas` (from the directory),
//! `account.activated`, `account.withdrawn`, `document.acknowledged`,
//! `meeting.checked_in`, `meeting.marked` (a check-in taken back), `meeting.closed`.
//!
//! Events written:
//! - `adoption.excluded` on the line of the ledger: `reason`, `excluded_from`,
//!   `excluded_to`;
//! - `adoption.exclusion_ended` on the same: `excluded_to`.

mod end_exclusion;
mod exclude;
mod exclude_form;
pub mod exclusion;
mod exclusions;
mod export;
pub mod figure;
mod fold;
mod home;
pub mod measure;
pub mod national;
mod national_export;
mod national_show;
pub mod overview;
pub mod report;
pub mod rollup;
pub mod row;
pub mod rules;
pub mod share;
mod sheet;
mod show;
mod store;

pub use exclude::exclude_in;
pub use exclusion::{NewExclusion, Reason};
pub use home::home;
pub use report::{Report, report};

use kernel::{OrganisationId, Result, World};
use sqlx::PgConnection;
use tenancy::{Fold, Outlet};
use time::Date;
use web::Routes;

/// The operations.
#[must_use]
pub fn routes() -> Routes {
    Routes::new(include_str!("../policy.csv"))
        .route(web::routes!(show::show))
        .route(web::routes!(export::export))
        .route(web::routes!(exclusions::exclusions))
        .route(web::routes!(exclude_form::exclude_form))
        .route(web::routes!(exclude::exclude))
        .route(web::routes!(end_exclusion::end_exclusion))
        .route(web::routes!(national_show::show))
        .route(web::routes!(national_export::export))
        .nav(40, "/adoption", "Tình hình sử dụng", "adoption.show")
        .nav(50, "/national", "Toàn quốc", "national.show")
}

/// What is computed from events.
#[must_use]
pub fn folds() -> Vec<Box<dyn Fold>> {
    vec![Box::new(fold::Days)]
}

/// What leaves a tenant. `world` says which day is today.
#[must_use]
pub fn outlets(world: World) -> Vec<Box<dyn Outlet>> {
    vec![Box::new(rollup::NationalReview { world })]
}

/// The top of the tenant's tree on a date, where its report begins.
///
/// # Errors
/// [`Error::Invalid`] on `as_of` when there was no organisation on that date.
pub async fn root(connection: &mut PgConnection, as_of: Date) -> Result<OrganisationId> {
    store::root(connection, as_of).await?.ok_or_else(|| report::not_there(as_of))
}
