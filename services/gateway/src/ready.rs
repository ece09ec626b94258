//! `/readyz`: whether this process can do its work, a line for each part.
//!
//! Not ready (503) means: send nobody here. That is so when the database does
//! not answer, when the registry grew old, and when nothing can be written,
//! though pages could still be read: another process on another server may do
//! better, and when there is none, its pages say why. What takes only its own
//! pages with it does not count: the file store, the parts that run in other
//! processes, the placements beside the main one. Their lines tell all the same,
//! and so do those pages; to send nobody here would take the rest away as well.
//!
//! Probes may come as often as they like: what is asked of the database is
//! asked once a second at most, the rest more rarely, and no answer takes
//! longer than [`PATIENCE`].

use crate::upstream::{Obstacle, Remote};
use axum::response::{IntoResponse as _, Response};
use blob::BlobStore;
use futures_util::future::join_all;
use http::{HeaderValue, StatusCode, header};
use kernel::Error;
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tenancy::{Tenants, Trouble, config::MAIN};
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
const UPSTREAM: Duration = Duration::from_secs(5);
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
    files: BlobStore,
    upstreams: Vec<Remote>,
    /// Held while looking, so that many probes at once look once.
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    last: Option<(Instant, Report)>,
    writes: Part,
    files: Part,
    /// In the order of [`Inner::upstreams`].
    upstreams: Vec<Part>,
    placements: BTreeMap<String, Part>,
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
    /// Looks after the databases, the file store and the parts in other processes.
    #[must_use]
    pub fn new(tenants: Tenants, files: BlobStore, upstreams: Vec<Remote>) -> Self {
        let others = tenants.placements().filter(|name| *name != MAIN);
        let seen = Seen {
            upstreams: upstreams.iter().map(|_| Part::default()).collect(),
            placements: others.map(|name| (name.to_owned(), Part::default())).collect(),
            ..Seen::default()
        };
        Self { inner: Arc::new(Inner { tenants, files, upstreams, seen: seen.into() }) }
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
        let Seen { writes, files, upstreams, placements, .. } = seen;
        let upstreams = self
            .upstreams
            .iter()
            .zip(upstreams)
            .map(|(remote, part)| async move { (remote.name(), upstream(remote, part).await) });
        let placements = placements
            .iter_mut()
            .map(|(name, part)| async move { (name, self.placement(name, part).await) });
        let ((database, writes), files, upstreams, placements) = tokio::join!(
            self.database(writes),
            self.files(files),
            join_all(upstreams),
            join_all(placements)
        );
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
        line("files", files);
        for (name, problem) in upstreams {
            let says = problem.map(|why| {
                format!("phần này {why}; các trang của nó báo tạm dừng, các phần khác vẫn phục vụ")
            });
            line(name, says.as_deref());
        }
        for (name, problem) in placements {
            let says =
                problem.map(|why| format!("{why} Chỉ các đơn vị ở máy chủ này bị ảnh hưởng."));
            line(&format!("placement {name}"), says.as_deref());
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
            match timeout_at(deadline, self.tenants.writable(MAIN)).await {
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
        if files.is_due(FILES) {
            let well = matches!(timeout(PATIENCE, self.files.ping()).await, Ok(Ok(())));
            files.note((!well).then_some(
                "kho tệp không trả lời: chưa đăng, chưa mở được tệp văn bản và chưa nhập được danh sách; các việc khác vẫn phục vụ",
            ));
        }
        files.problem
    }

    /// What is wrong with a placement, or with writing to it.
    async fn placement(&self, name: &str, part: &mut Part) -> Option<&'static str> {
        if part.is_due(WRITES) {
            let away = Some(Trouble::Away.sentence());
            part.note(match timeout(PATIENCE, self.tenants.writable(name)).await {
                Ok(Ok(trouble)) => trouble.map(Trouble::sentence),
                // The pool has said why.
                Ok(Err(Error::Unavailable(_))) => away,
                Ok(Err(error)) => {
                    tracing::error!(placement = name, "placement {name} cannot be asked: {error}");
                    away
                }
                // Hanging, or all its connections are at work: nobody can tell from here.
                Err(_) => Some("Cơ sở dữ liệu trả lời quá chậm."),
            });
        }
        part.problem
    }
}

/// What is wrong with a part in another process. Whether people are turned away
/// from it is known without asking; whether it is back is not.
async fn upstream(remote: &Remote, part: &mut Part) -> Option<&'static str> {
    if remote.is_given_up() {
        part.note(Some(Obstacle::Away.sentence()));
    } else if part.is_due(UPSTREAM) {
        let met = match timeout(PATIENCE, remote.greet()).await {
            Ok(Ok(met)) => met,
            Ok(Err(error)) => {
                tracing::error!("cannot greet the part {}: {error}", remote.name());
                Some(Obstacle::Away)
            }
            Err(_) => Some(Obstacle::Away),
        };
        part.note(met.map(Obstacle::sentence));
    }
    part.problem
}
