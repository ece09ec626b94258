//! A process that dies between two steps, as its database sees it: a proxy in
//! front of `PostgreSQL` that cuts all connections at the n-th step.
//!
//! A step is a message that can change something: a simple query, or the end of
//! an extended one that executes. (Preparing a statement changes nothing, so a
//! cut there is the same as one before the statement.) Of the wire protocol the
//! proxy knows no more than how messages are framed: a byte for the kind, then
//! a length of four bytes that counts itself; the very first message lacks the
//! byte.

use std::{
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        UnixListener, UnixStream,
        unix::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::Notify,
    task::{AbortHandle, JoinHandle},
};

use crate::TestDatabase;

/// What became of the step at which the cut is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It never reached the server.
    Before,
    /// The server did it, and nobody was told: the commit whose answer is lost.
    After,
}

/// The proxy. It passes everything on until it is told where to cut.
pub struct Cutter {
    folder: TempDir,
    wire: Arc<Wire>,
    accepting: JoinHandle<()>,
}

struct Wire {
    server: PathBuf,
    plan: Mutex<Plan>,
    cut: Notify,
}

#[derive(Default)]
struct Plan {
    at: Option<(usize, Cut)>,
    steps: usize,
    /// Only connections are lost: whoever held them may open new ones.
    survives: bool,
    /// The cut was made.
    cut: bool,
    dead: bool,
    connections: Vec<AbortHandle>,
}

/// What the two directions of a connection know of each other.
#[derive(Default)]
struct Link {
    /// Times that the server still has to say that it is ready.
    owed: AtomicUsize,
    /// Answers are swallowed, and the last one makes the cut.
    last: AtomicBool,
}

impl Cutter {
    /// A proxy in front of the main placement of a database, and the same
    /// database as it is reached through the proxy.
    #[must_use]
    pub fn before(database: &TestDatabase) -> (Self, TestDatabase) {
        Self::before_placement(database, "main")
    }

    /// The same in front of any placement, and of it alone.
    #[must_use]
    pub fn before_placement(database: &TestDatabase, placement: &str) -> (Self, TestDatabase) {
        let mut through = database.clone();
        let behind = through.config.placements.get_mut(placement).unwrap();
        let socket = format!(".s.PGSQL.{}", behind.port);
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join(&socket)).unwrap();
        let server = PathBuf::from(&behind.host).join(socket);
        behind.host = folder.path().display().to_string();
        let wire = Arc::new(Wire { server, plan: Mutex::default(), cut: Notify::new() });
        let accepting = tokio::spawn(accept(listener, wire.clone()));
        (Self { folder, wire, accepting }, through)
    }

    /// Does the work, and drops it dead at its n-th step, counted from 1.
    /// Nothing when it was cut; what came of it when it has fewer steps.
    pub async fn kill<T>(&self, at: usize, cut: Cut, work: impl Future<Output = T>) -> Option<T> {
        {
            let mut plan = self.wire.plan();
            (plan.at, plan.steps, plan.survives) = (Some((at, cut)), 0, false);
        }
        let done = tokio::select! {
            biased;
            () = self.wire.cut.notified() => None,
            done = work => Some(done),
        };
        // It may have noticed its connections' death a moment before its own.
        let died = self.wire.plan().dead;
        self.wire.bury();
        let _ = tokio::time::timeout(Duration::ZERO, self.wire.cut.notified()).await;
        done.filter(|_| !died)
    }

    /// Does the work, whose connections are all lost once, at its n-th step,
    /// counted from 1: a process that lives on. What came of the work, and whether
    /// it had such a step.
    pub async fn interrupt<T>(
        &self,
        at: usize,
        cut: Cut,
        work: impl Future<Output = T>,
    ) -> (T, bool) {
        {
            let mut plan = self.wire.plan();
            (plan.at, plan.steps) = (Some((at, cut)), 0);
            (plan.survives, plan.cut) = (true, false);
        }
        let done = work.await;
        let mut plan = self.wire.plan();
        plan.at = None;
        (done, plan.cut)
    }
}

impl Drop for Cutter {
    fn drop(&mut self) {
        self.accepting.abort();
        // The socket is in it until now.
        let _ = self.folder.path();
    }
}

impl Wire {
    fn plan(&self) -> std::sync::MutexGuard<'_, Plan> {
        self.plan.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Closes what is open, and takes connections again.
    fn bury(&self) {
        let mut plan = self.plan();
        for connection in plan.connections.drain(..) {
            connection.abort();
        }
        *plan = Plan::default();
    }

    /// Counts a step: what to do with it, if it is the one.
    fn step(&self) -> Option<Cut> {
        let mut plan = self.plan();
        plan.steps += 1;
        plan.at.filter(|(at, _)| *at == plan.steps).map(|(_, cut)| cut)
    }

    /// All connections are closed, and unless they alone are lost, none is taken
    /// any more.
    fn die(&self) {
        let mut plan = self.plan();
        (plan.at, plan.cut) = (None, true);
        if !plan.survives {
            plan.dead = true;
            self.cut.notify_one();
        }
        for connection in plan.connections.drain(..) {
            connection.abort();
        }
    }
}

async fn accept(listener: UnixListener, wire: Arc<Wire>) {
    loop {
        let (client, _) = listener.accept().await.unwrap();
        if wire.plan().dead {
            continue;
        }
        let connection = tokio::spawn(connect(client, wire.clone())).abort_handle();
        wire.plan().connections.push(connection);
    }
}

async fn connect(client: UnixStream, wire: Arc<Wire>) {
    let Ok(server) = UnixStream::connect(&wire.server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let link = Link::default();
    // In one task, so that ending it closes all four halves.
    tokio::select! {
        () = forward(from_client, to_server, &wire, &link) => {}
        () = back(from_server, to_client, &wire, &link) => {}
    }
}

/// A message with its kind; the first of a connection has none.
async fn message(from: &mut OwnedReadHalf, first: bool) -> Option<(u8, Vec<u8>)> {
    let mut bytes = Vec::new();
    let kind = if first { 0 } else { from.read_u8().await.ok()? };
    if !first {
        bytes.push(kind);
    }
    let length = from.read_u32().await.ok()?;
    bytes.extend_from_slice(&length.to_be_bytes());
    let head = bytes.len();
    bytes.resize(head + usize::try_from(length).unwrap() - 4, 0);
    from.read_exact(&mut bytes[head..]).await.ok()?;
    Some((kind, bytes))
}

async fn forward(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, wire: &Wire, link: &Link) {
    link.owed.store(1, Ordering::SeqCst);
    let (mut first, mut executes) = (true, false);
    while let Some((kind, bytes)) = message(&mut from, first).await {
        first = false;
        executes |= kind == b'E';
        if matches!(kind, b'Q' | b'S') {
            let cut = if kind == b'Q' || executes { wire.step() } else { None };
            executes = false;
            match cut {
                Some(Cut::Before) => return wire.die(),
                Some(Cut::After) => link.last.store(true, Ordering::SeqCst),
                None => {}
            }
            link.owed.fetch_add(1, Ordering::SeqCst);
        }
        if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, wire: &Wire, link: &Link) {
    while let Some((kind, bytes)) = message(&mut from, false).await {
        let owed = if kind == b'Z' { link.owed.fetch_sub(1, Ordering::SeqCst) - 1 } else { 1 };
        if link.last.load(Ordering::SeqCst) {
            if owed == 0 {
                return wire.die();
            }
        } else if to.write_all(&bytes).await.is_err() {
            return;
        }
    }
}
