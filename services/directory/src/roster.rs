//! Importing a roster: a file of members is checked, shown, and then put into
//! the roll batch by batch. Good rows are kept, bad rows are reported.
//!
//! Memory does not grow with the file but for 16 bytes a number (see
//! [`seen::Seen`]). A batch is one transaction: its members, its event
//! `roster.imported` and its counters are there together or not at all.

mod branches;
mod column;
mod dates;
mod header;
mod import;
mod job;
mod list;
mod pass;
mod plan;
mod problems;
mod read;
mod row;
mod run;
mod seen;
mod show;
mod store;
mod template;
mod upload;
mod view;
mod words;

pub use column::columns;
pub use import::{check, import_file, run, start};
pub use pass::{Progress, Summary};

use blob::BlobStore;
use kernel::{Error, ImportId};
use web::{Ctx, Routes};

/// The operations on rosters.
#[must_use]
pub fn routes(blob: BlobStore) -> Routes {
    Routes::new(include_str!("../roster_policy.csv"))
        .route(web::routes!(list::list))
        .route(web::routes!(template::template))
        .route(web::routes!(upload::upload))
        .route(web::routes!(show::show))
        .route(web::routes!(show::progress))
        .route(web::routes!(run::run))
        .route(web::routes!(problems::problems))
        .with(blob)
        .nav(60, "/roster", "Nhập danh sách", "roster.list")
}

/// A roster reaches every branch of the tenant, so whoever handles one must
/// hold their role at the root of the tree.
async fn authorise(ctx: &Ctx) -> Result<(), Error> {
    let roots = store::roots(&mut *ctx.read().await?).await?;
    roots.into_iter().try_for_each(|path| ctx.authorise(&path.into()).map(drop))
}

/// The import with this id.
async fn find(ctx: &Ctx, id: &str) -> Result<view::Import, Error> {
    let id: ImportId = id.parse().map_err(|_| Error::NotFound)?;
    let row =
        store::imports(&mut *ctx.read().await?, Some(id), 1).await?.pop().ok_or(Error::NotFound)?;
    Ok(view::Import::new(row, ctx.world().now()))
}
