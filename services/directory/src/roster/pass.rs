//! A pass over a file: the check and the import itself are one and the same,
//! but that the check writes no member.

use super::{
    branches::Branches,
    plan::{Known, Outcome, counted},
    read::{self, Batch},
    row::Line,
    seen::Seen,
    store::{self, batch, members::Members},
};
use crate::member::Deltas;
use kernel::{AccountId, Error, ImportId, World};
use serde::Serialize;
use std::{path::Path, sync::Arc, time::Duration};
use tenancy::{NewEvent, TenantDb};
use tokio::sync::mpsc;
use utoipa::ToSchema;
use uuid::Uuid;

/// Batches that are read before they are needed.
const AHEAD: usize = 2;
/// Rows of the preview.
const PREVIEW: i64 = 50;
/// How often a batch is tried in all.
const TRIES: u32 = 4;

/// What a pass is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// Says what would happen.
    Check,
    /// Does it.
    Run,
}

impl Mode {
    /// The state of an import under such a pass.
    pub(super) fn state(self) -> &'static str {
        match self {
            Mode::Check => "checking",
            Mode::Run => "running",
        }
    }
}

/// The right to go through an import's file, until another pass gets it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Claim {
    pub import: ImportId,
    pub attempt: i64,
    pub mode: Mode,
}

/// What became of the rows of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Summary {
    /// Rows with something in them, the title row left out.
    pub rows: i64,
    /// Members that were not on the roll.
    pub added: i64,
    /// Members whose row differs from the roll.
    pub changed: i64,
    /// Members who are on the roll just so.
    pub unchanged: i64,
    /// Rows that cannot be imported.
    pub bad: i64,
}

/// How far a pass is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// How much of the file has been read, from 0 to 1.
    pub share: f64,
    /// What became of the rows so far.
    pub summary: Summary,
}

/// Everything that batches share.
struct Pass<'a> {
    db: &'a TenantDb,
    world: &'a World,
    claim: &'a Claim,
    by: Option<AccountId>,
    branches: Arc<Branches>,
    seen: Seen,
}

/// Goes through the file.
pub(super) async fn go(
    db: &TenantDb,
    world: &World,
    claim: &Claim,
    by: Option<AccountId>,
    path: &Path,
    on_progress: impl Fn(Progress) + Send,
) -> Result<Summary, Error> {
    let branches = Arc::new(Branches::new(store::branches(&mut *db.conn().await?).await?));
    let (batches, mut arriving) = mpsc::channel::<Batch>(AHEAD);
    let reading = tokio::task::spawn_blocking({
        let (path, branches, today) = (path.to_owned(), branches.clone(), world.today());
        move || read::read(&path, &branches, today, &batches)
    });
    let mut pass = Pass { db, world, claim, by, branches, seen: Seen::new(claim.import.0) };
    let mut summary = Summary::default();
    while let Some(Batch { lines, share }) = arriving.recv().await {
        summary = pass.persist(&lines, share, summary).await?;
        on_progress(Progress { share, summary });
    }
    reading.await??;
    store::finish(&mut *db.conn().await?, claim, world.now()).await?;
    Ok(summary)
}

impl Pass<'_> {
    /// A batch, again when it met somebody else's change or a crowded database.
    async fn persist(
        &mut self,
        lines: &[Line],
        share: f64,
        so_far: Summary,
    ) -> Result<Summary, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            match self.batch(lines, share, so_far).await {
                Err(error) if tried < TRIES && is_passing(&error) => {
                    tokio::time::sleep(Duration::from_millis(100) * 4_u32.pow(tried)).await;
                }
                done => return done,
            }
        }
    }

    /// One transaction: members, event, report and counters, all or nothing.
    async fn batch(
        &mut self,
        lines: &[Line],
        share: f64,
        mut summary: Summary,
    ) -> Result<Summary, Error> {
        let import = self.claim.import;
        let now = self.world.now();
        let good = || lines.iter().filter(|line| line.entry.is_ok());
        let cards: Vec<String> = good().filter_map(|line| line.card.clone()).collect();
        let files: Vec<String> = good().filter_map(|line| line.file.clone()).collect();
        let mut tx = self.db.begin().await?;
        batch::replan(&mut tx).await?;
        if self.claim.mode == Mode::Run {
            batch::lock(&mut tx, &self.db.tenant().id, &cards, &files).await?;
        }
        let existing = batch::existing(&mut tx, &cards, &files).await?;
        let known = Known::new(&existing);
        let (mut added, mut changed) = (Members::default(), Members::default());
        let (mut problems, mut preview) = (batch::Problems::default(), batch::Preview::default());
        let mut deltas = Deltas::default();
        for line in lines {
            let row = i64::try_from(line.number)?;
            summary.rows += 1;
            let outcome = known.decide(line, &mut self.seen, &self.branches);
            let Ok(entry) = &line.entry else {
                summary.bad += 1;
                if let Outcome::Bad(found) = outcome {
                    problems.extend(row, found);
                }
                continue;
            };
            let name = (entry.name_sort.as_str(), entry.name_folded.as_str());
            let word = match outcome {
                Outcome::Added(person) => {
                    summary.added += 1;
                    deltas.change(None, Some(counted(&person, false)));
                    added.push(self.world.id::<Uuid>(), row, name, person);
                    "added"
                }
                Outcome::Changed(before, person) => {
                    summary.changed += 1;
                    deltas.change(
                        Some(counted(&before.person, before.activated)),
                        Some(counted(&person, before.activated)),
                    );
                    changed.push(before.id, row, name, person);
                    "changed"
                }
                Outcome::Unchanged => {
                    summary.unchanged += 1;
                    "unchanged"
                }
                Outcome::Bad(found) => {
                    summary.bad += 1;
                    problems.extend(row, found);
                    continue;
                }
            };
            if self.claim.mode == Mode::Check && summary.rows - summary.bad <= PREVIEW {
                preview.push(row, &entry.full_name, &self.branches.get(entry.branch).name, word);
            }
        }
        if self.claim.mode == Mode::Run && added.ids.len() + changed.ids.len() > 0 {
            added.insert(&mut tx, import, now).await?;
            changed.update(&mut tx, import, now).await?;
            let data = Imported {
                import,
                added: added.ids.len(),
                changed: changed.ids.len(),
                deltas: deltas.list(),
            };
            tx.record(
                self.world,
                NewEvent::new("roster.imported").by(self.by).on(import).with(data)?,
            )
            .await?;
        }
        preview.insert(&mut tx, import).await?;
        problems.insert(&mut tx, import).await?;
        if !store::progress(&mut tx, self.claim, &summary, share, now).await? {
            return Err(Error::Conflict("Lần nhập này đã được làm tiếp ở nơi khác.".into()));
        }
        tx.commit().await?;
        Ok(summary)
    }
}

/// What the event of a batch tells the folds.
#[derive(Serialize)]
struct Imported<D> {
    import: ImportId,
    added: usize,
    changed: usize,
    deltas: D,
}

/// Whether trying again may help: somebody added the same person by hand, two
/// transactions waited for each other, the database was crowded or restarting.
fn is_passing(error: &Error) -> bool {
    match error {
        Error::Unavailable(_) => true,
        Error::Internal(source) => {
            tenancy::is_unavailable(source.as_ref())
                || source.downcast_ref().is_some_and(tenancy::is_duplicate)
        }
        _ => false,
    }
}
