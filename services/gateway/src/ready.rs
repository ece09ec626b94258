//! `/readyz`: whether this process can do its work, a line for each part.
//!
//! Not ready (503) means: send nobody here. That is so when the database does
//! not answer, when the registry grew old, and when nothing can be written,
//! though pages could still be read: another process on another server may do
//! better, and when there is none, its pages say why. The file store does not
//! count, because without it all but documents' files is served; its line says
//! so all the same.
//!
//! Probes may come as often as they like: what is asked of the database is
//! asked once a second at most, the rest more rarely, and no answer takes
//! longer than [`PATIENCE`].

use axum::response::{IntoResponse as _, Response};
use blob::BlobStore;
use http::{HeaderValue, StatusCode, header};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};
use tenancy::{Tenants, Trouble};
use tokio::{
    sync::Mutex,
    time::{timeout, timeout_at},
};

/// How long a part may take: less than the second that probes usually wait.
const PATIENCE: Duration = Duration::from_millis(800);
/// How long an answer is given again.
const FRESH: Duration = Duration::from_secs(1);
/// How long a part that is well is believed to stay so.
const WRITES: Duration = Duration::from_secs(5);
const FILES: Duration = Duration::from_secs(10);
/// A process that could not read the registry for so long may serve a tenant
/// that was suspended, and misses one that is new.
const STALE: Duration = Duration::from_secs(15);

/// Looks after the parts. Clones share what they know.
#[derive(Clone)]
pub struct Ready {
    inner: Arc<Inner>,
}

struct Inner {
    tenants: Tenants,
    files: Option<BlobStore>,
    /// Held while looking, so that many probes at once look once.
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    last: Option<(Instant, Report)>,
    writes: Part,
    files: Part,
}

/// A part that is looked at more rarely than asked about.
#[derive(Default)]
struct Part {
    looked: Option<Instant>,
    problem: Option<&'static str>,
}

#[derive(Clone)]
struct Report {
    ready: bool,
    text: String,
}

impl Part {
    /// What is wrong is looked at each time, to see the end of it at once.
    fn is_due(&self, every: Duration) -> bool {
        self.problem.is_some() || self.looked.is_none_or(|looked| looked.elapsed() >= every)
    }

    fn note(&mut self, problem: Option<&'static str>) {
        *self = Self { looked: Some(Instant::now()), problem };
    }
}

impl Ready {
    /// Looks after the database alone.
    #[must_use]
    pub fn new(tenants: Tenants) -> Self {
        Self { inner: Arc::new(Inner { tenants, files: None, seen: Mutex::default() }) }
    }

    /// Looks after the database and the file store.
    #[must_use]
    pub fn watching(tenants: Tenants, files: BlobStore) -> Self {
        Self { inner: Arc::new(Inner { tenants, files: Some(files), seen: Mutex::default() }) }
    }

    /// The answer to a probe: 200 or 503, a line for each part.
    pub async fn answer(&self) -> Response {
        let mut seen = self.inner.seen.lock().await;
        let fresh = seen.last.clone().filter(|(at, _)| at.elapsed() < FRESH);
        let report = if let Some((_, report)) = fresh {
            report
        } else {
            let report = self.inner.look(&mut seen).await;
            seen.last = Some((Instant::now(), report.clone()));
            report
        };
        drop(seen);
        let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
        let mut response = (status, report.text).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if !report.ready {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
        }
        response
    }
}

impl Inner {
    async fn look(&self, seen: &mut Seen) -> Report {
        let Seen { writes, files, .. } = seen;
        let ((database, writes), files) = tokio::join!(self.database(writes), self.files(files));
        let age = self.tenants.registry_age();
        let registry = (age > STALE).then_some("đã lâu không đọc lại được danh bạ đơn vị");
        let ready = database.is_none() && registry.is_none() && writes.is_none();
        let mut text = String::from(if ready { "ready\n" } else { "cannot serve\n" });
        let mut line = |part: &str, problem: Option<&str>| {
            text.push_str(part);
            text.push_str(": ");
            text.push_str(problem.unwrap_or("ok"));
            text.push('\n');
        };
        line("database", database);
        line("registry", registry);
        line("writes", writes);
        if self.files.is_some() {
            line("files", files);
        }
        Report { ready, text }
    }

    /// What is wrong with the database, and with writing to it.
    async fn database(&self, writes: &mut Part) -> (Option<&'static str>, Option<&'static str>) {
        let deadline = tokio::time::Instant::now() + PATIENCE;
        match timeout_at(deadline, self.tenants.refresh()).await {
            Ok(Ok(())) => {}
            Ok(Err(_)) => {
                // Whether it takes changes is looked at as soon as it is back.
                writes.looked = None;
                return (Some(Trouble::Away.sentence()), writes.problem);
            }
            // Crowded, or hanging: the registry's age will tell.
            Err(_) => return (None, writes.problem),
        }
        if writes.is_due(WRITES) {
            match timeout_at(deadline, self.tenants.writable()).await {
                // It went away since it was asked for the registry.
                Ok(Ok(Some(Trouble::Away))) => {
                    return (Some(Trouble::Away.sentence()), writes.problem);
                }
                Ok(Ok(trouble)) => writes.note(trouble.map(Trouble::sentence)),
                Ok(Err(error)) => {
                    tracing::error!("cannot find out whether the database takes changes: {error}");
                    return (Some(Trouble::Away.sentence()), writes.problem);
                }
                Err(_) => {}
            }
        }
        (None, writes.problem)
    }

    async fn files(&self, files: &mut Part) -> Option<&'static str> {
        let store = self.files.as_ref()?;
        if files.is_due(FILES) {
            let well = matches!(timeout(PATIENCE, store.ping()).await, Ok(Ok(())));
            files.note((!well).then_some(
                "kho tệp không trả lời: chưa đăng và chưa mở được tệp văn bản; các việc khác vẫn phục vụ",
            ));
        }
        files.problem
    }
}
