//! An import from its file to its end, for the command line, the demo and the
//! pages' background work alike.

use super::{
    pass::{self, Claim, Mode, Progress, Summary},
    store::{self, NewImport},
};
use kernel::{AccountId, Error, ImportId, World};
use std::{future::Future, path::Path, time::Duration};
use tenancy::TenantDb;

/// How often a pass gives a sign of life.
const BEAT: Duration = Duration::from_secs(5);
/// After so long without one it is taken for dead, and may be begun again.
pub(super) const SILENT: Duration = Duration::from_secs(20);

/// Notes a local file as an import that has not begun.
///
/// # Errors
/// When the file is not there or the database refuses.
pub async fn start(
    db: &TenantDb,
    world: &World,
    by: Option<AccountId>,
    path: &Path,
) -> Result<ImportId, Error> {
    let id: ImportId = world.id();
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = NewImport {
        id,
        file_name: &kernel::viet::normalise(&name),
        file_size: i64::try_from(tokio::fs::metadata(path).await?.len())?,
        kept: false,
        at: world.now(),
        by,
    };
    store::insert(&mut *db.conn().await?, &new).await?;
    Ok(id)
}

/// Says what [`run`] would do, and keeps it with the import: counts, the first
/// rows, every problem. Changes no member.
///
/// # Errors
/// [`Error::UnsupportedMedia`] with a sentence when the file as a whole is no
/// roster; [`Error::Conflict`] when the import is being worked on or done.
pub async fn check(
    db: &TenantDb,
    world: &World,
    import: ImportId,
    path: &Path,
    on_progress: impl Fn(Progress) + Send,
) -> Result<Summary, Error> {
    let claim = claim(db, world, import, Mode::Check).await?.ok_or_else(taken)?;
    let done = alive(db, world, &claim, pass::go(db, world, &claim, None, path, on_progress)).await;
    settle(db, world, &claim, done).await
}

/// Puts the good rows into the roll and reports the others. Batches that were
/// written stay written whatever happens afterwards, and running again goes on
/// from there: what is written already counts as unchanged.
///
/// # Errors
/// As for [`check`].
pub async fn run(
    db: &TenantDb,
    world: &World,
    import: ImportId,
    path: &Path,
    by: Option<AccountId>,
    on_progress: impl Fn(Progress) + Send,
) -> Result<Summary, Error> {
    let claim = claim(db, world, import, Mode::Run).await?.ok_or_else(taken)?;
    let done = alive(db, world, &claim, pass::go(db, world, &claim, by, path, on_progress)).await;
    settle(db, world, &claim, done).await
}

/// Checks a local file, or imports it, from beginning to end.
///
/// # Errors
/// As for [`start`] and [`check`].
pub async fn import_file(
    db: &TenantDb,
    world: &World,
    by: Option<AccountId>,
    path: &Path,
    dry_run: bool,
    on_progress: impl Fn(Progress) + Send,
) -> Result<(ImportId, Summary), Error> {
    let import = start(db, world, by, path).await?;
    let summary = if dry_run {
        check(db, world, import, path, on_progress).await?
    } else {
        run(db, world, import, path, by, on_progress).await?
    };
    Ok((import, summary))
}

/// The right to go through the file, unless somebody else is at it.
pub(super) async fn claim(
    db: &TenantDb,
    world: &World,
    import: ImportId,
    mode: Mode,
) -> Result<Option<Claim>, Error> {
    let now = world.now();
    let mut tx = db.begin().await?;
    let attempt = store::claim(&mut tx, import, mode, now, now - SILENT).await?;
    tx.commit().await?;
    Ok(attempt.map(|attempt| Claim { import, attempt, mode }))
}

fn taken() -> Error {
    Error::Conflict("Lần nhập này đang chạy hoặc đã xong.".into())
}

/// Does the work, giving signs of life meanwhile.
pub(super) async fn alive<T>(
    db: &TenantDb,
    world: &World,
    claim: &Claim,
    work: impl Future<Output = T>,
) -> T {
    let beating = async {
        loop {
            tokio::time::sleep(BEAT).await;
            let beat = async { store::beat(&mut *db.conn().await?, claim, world.now()).await };
            if let Err(error) = beat.await {
                tracing::warn!(import = %claim.import, "cannot note that import {} is alive: {error}", claim.import);
            }
        }
    };
    tokio::select! {
        done = work => done,
        () = beating => unreachable!("beats until it is dropped"),
    }
}

/// Leaves a sentence with an import whose pass did not come to its end.
pub(super) async fn settle<T>(
    db: &TenantDb,
    world: &World,
    claim: &Claim,
    done: Result<T, Error>,
) -> Result<T, Error> {
    if let Err(error) = &done {
        let sentence = match error {
            Error::Internal(source) => {
                tracing::error!(import = %claim.import, "import {} failed: {source}", claim.import);
                "Có lỗi ở phía hệ thống nên việc này dừng giữa chừng. Những dòng đã nhập vẫn còn nguyên; làm lại sẽ tiếp tục từ đó.".to_owned()
            }
            error => error.to_string(),
        };
        let noted =
            async { store::fail(&mut *db.conn().await?, claim, &sentence, world.now()).await };
        if let Err(error) = noted.await {
            tracing::warn!(import = %claim.import, "cannot note that import {} failed: {error}", claim.import);
        }
    }
    done
}
