//! What goes on behind the pages: a pass over a file of the blob store.

use super::{
    import::{alive, settle},
    pass::{self, Claim, Mode},
    store,
};
use blob::{BlobStore, Key};
use futures_util::StreamExt as _;
use kernel::{AccountId, Error, ImportId, World};
use tempfile::TempPath;
use tenancy::TenantDb;
use time::Duration;
use tokio::io::AsyncWriteExt as _;

/// A file that nobody has imported for so long is deleted: it is full of
/// personal data.
const KEPT: Duration = Duration::days(7);

/// A file's pass, to be left alone with.
pub(super) struct Job {
    pub db: TenantDb,
    pub world: World,
    pub blob: BlobStore,
    pub claim: Claim,
    pub by: Option<AccountId>,
}

impl Job {
    /// Begins, and comes back at once.
    pub(super) fn spawn(self) {
        tokio::spawn(async move {
            let Job { db, world, blob, claim, by } = self;
            let work = tokio::spawn({
                let (db, world, blob) = (db.clone(), world.clone(), blob.clone());
                async move {
                    let work = async {
                        let path = fetch(&db, &blob, claim.import).await?;
                        pass::go(&db, &world, &claim, by, &path, |_| ()).await
                    };
                    alive(&db, &world, &claim, Box::pin(work)).await
                }
            });
            // Even a panic ends in a sentence.
            let done = work.await.unwrap_or_else(|error| Err(error.into()));
            let over = match settle(&db, &world, &claim, done).await {
                Ok(_) => claim.mode == Mode::Run,
                // The file itself will not do; another has to be sent.
                Err(error) => matches!(error, Error::UnsupportedMedia(_) | Error::Gone(_)),
            };
            if over {
                forget(&db, &blob, claim.import).await;
            }
        });
    }
}

/// Deletes the files that nobody came back for.
pub(super) fn sweep(db: TenantDb, world: &World, blob: BlobStore) {
    let before = world.now() - KEPT;
    tokio::spawn(async move {
        let old = async { store::forgotten(&mut *db.conn().await?, before).await };
        match old.await {
            Ok(imports) => {
                for import in imports {
                    forget(&db, &blob, import).await;
                }
            }
            Err(error) => tracing::warn!("cannot look for forgotten rosters: {error}"),
        }
    });
}

/// Where an import's file is.
pub(super) fn key(db: &TenantDb, import: ImportId) -> Result<Key, Error> {
    Ok(Key::new(&db.tenant().id, "roster", import.0)?)
}

/// In the words of the kernel.
pub(super) fn said(error: blob::Error) -> Error {
    match error {
        blob::Error::NotFound => Error::Gone("Tệp không còn được lưu. Hãy tải tệp lên lại.".into()),
        other => other.said(),
    }
}

async fn fetch(db: &TenantDb, blob: &BlobStore, import: ImportId) -> Result<TempPath, Error> {
    let mut body = blob.get(&key(db, import)?, None).await.map_err(said)?.body;
    let path = tempfile::NamedTempFile::new()?.into_temp_path();
    let mut file = tokio::fs::File::create(&path).await?;
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|error| said(blob::Error::Unavailable(error.to_string())))?;
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    Ok(path)
}

pub(super) async fn forget(db: &TenantDb, blob: &BlobStore, import: ImportId) {
    let deleted = async {
        blob.delete(&key(db, import)?).await.map_err(said)?;
        store::not_kept(&mut *db.conn().await?, import).await
    };
    if let Err(error) = deleted.await {
        tracing::warn!(%import, "cannot delete the file of import {import} yet: {error}");
    }
}
