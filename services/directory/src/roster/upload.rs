//! Takes a file in and begins to check it.

use super::{
    import,
    job::{self, Job},
    list::ListPage,
    pass::Mode,
    read,
    store::{self, NewImport},
};
use axum::Extension;
use blob::BlobStore;
use kernel::{Error, ImportId};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Done, Failure, UploadedFile};

/// The largest file, in bytes.
pub(super) const MAX: u64 = 100_000_000;

/// What the form holds.
#[derive(ToSchema)]
#[expect(dead_code, reason = "describes the form")]
pub(super) struct RosterFile {
    #[schema(value_type = String, format = Binary)]
    file: Vec<u8>,
}

/// An import that was begun.
#[derive(Serialize, ToSchema)]
pub(super) struct Uploaded {
    id: Uuid,
}

/// Uploads a roster. It is checked in the background; no member changes yet.
#[utoipa::path(post, path = "/roster", operation_id = "roster.upload", extensions(("x-budget" = json!("transfer"))), tag = "roster",
    request_body(content = RosterFile, content_type = "multipart/form-data"),
    responses((status = 201, body = Uploaded), (status = 413, description = "Larger than 100 MB"),
        (status = 422, description = "No file, or one that is no roster")))]
pub(super) async fn upload(
    ctx: Ctx,
    Extension(blob): Extension<BlobStore>,
    upload: web::Upload<MAX>,
) -> web::Result<Done<Uploaded>> {
    super::authorise(&ctx).await?;
    let file = match looked_at(upload.file).await {
        Ok(file) => file,
        Err(error) => {
            let page = ListPage::load(&ctx).await?;
            return Err(Failure::form(error, |errors| page.with(errors)));
        }
    };
    let (db, world) = (ctx.db(), ctx.world());
    let id: ImportId = world.id();
    // It names everybody of a province: unless it is noted, nobody would find it
    // to delete it.
    let bytes = blob
        .put_tentatively(job::key(db, id)?, &*file.path, "application/octet-stream")
        .await
        .map_err(job::said)?;
    let new = NewImport {
        id,
        file_name: &file.name,
        file_size: i64::try_from(file.size).map_err(Error::from)?,
        kept: true,
        at: world.now(),
        by: ctx.account(),
    };
    // In a transaction: what is given up before its commit is not noted.
    let mut tx = ctx.begin().await?;
    store::insert(&mut tx, &new).await?;
    // Not kept before: where a commit's outcome is not known, a row without its file
    // is the lesser evil.
    tx.commit().await?;
    bytes.keep();
    job::sweep(db.clone(), world, blob.clone());
    if let Some(claim) = import::claim(db, world, id, Mode::Check).await? {
        Job { db: db.clone(), world: world.clone(), blob, claim, by: ctx.account() }.spawn();
    }
    Ok(Done::created(format!("/roster/{id}"), Uploaded { id: id.0 }))
}

/// The file, if it is a table with the right columns: who sends another one
/// learns it at once, and nothing of it is kept.
async fn looked_at(file: Option<UploadedFile>) -> Result<UploadedFile, Error> {
    let file = file.ok_or_else(|| Error::field("file", "Chọn tệp danh sách cần nhập."))?;
    let path = file.path.to_path_buf();
    match tokio::task::spawn_blocking(move || read::look(&path)).await? {
        Ok(()) => Ok(file),
        Err(Error::UnsupportedMedia(sentence)) => Err(Error::field("file", sentence)),
        Err(error) => Err(error),
    }
}
