//! Goes on with an import: puts the good rows into the roll, or checks a file
//! whose check did not come to its end.

use super::{
    import,
    job::Job,
    pass::Mode,
    view::{Import, Next},
};
use axum::{Extension, extract::Path};
use blob::BlobStore;
use kernel::{Error, ImportId};
use serde::de::IgnoredAny;
use web::{Ctx, Done, Input};

/// Puts the good rows of a checked file into the roll, in the background.
/// Asking twice does it once.
#[utoipa::path(post, path = "/roster/{id}/run", operation_id = "roster.run", extensions(("x-budget" = json!("transfer"))), tag = "roster",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, body = Import), (status = 404, description = "No such import"),
        (status = 409, description = "The file is no longer there, or holds nothing to import")))]
pub(super) async fn run(
    ctx: Ctx,
    Extension(blob): Extension<BlobStore>,
    Path(id): Path<String>,
    _: Input<IgnoredAny>,
) -> web::Result<Done<Import>> {
    super::authorise(&ctx).await?;
    let import = super::find(&ctx, &id).await?;
    let mode = match import.next {
        Next::Check => Mode::Check,
        Next::Import | Next::Resume => Mode::Run,
        // Somebody was faster: show how it goes.
        Next::Nothing if import.active || import.is("done") => return Ok(done(import)),
        Next::Nothing => {
            return Err(Error::Conflict(
                "Tệp này không còn gì để nhập. Hãy tải lên tệp khác.".into(),
            )
            .into());
        }
    };
    let (db, world) = (ctx.db(), ctx.world());
    if let Some(claim) = import::claim(db, world, ImportId(import.id), mode).await? {
        Job { db: db.clone(), world: world.clone(), blob, claim, by: ctx.account() }.spawn();
    }
    Ok(done(super::find(&ctx, &id).await?))
}

fn done(import: Import) -> Done<Import> {
    Done::new(format!("/roster/{}", import.id), import)
}
