//! An S3 server in our own process, its objects plain files in a folder. It
//! takes only requests signed with its keys.
//!
//! Other processes go on with what they were told of it when it is started
//! again: its keys and its loopback port are kept beside the folder. The port
//! changes only when somebody else has taken it meanwhile.

use crate::files;
use hyper::{
    Request, StatusCode,
    body::{Body as _, Incoming},
    service::service_fn,
};
use hyper_util::{
    rt::{TokioExecutor, TokioIo},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use s3s::{
    Body, HttpError, HttpResponse, S3Error, S3ErrorCode,
    auth::SimpleAuth,
    service::{S3Service, S3ServiceBuilder},
};
use std::{
    fmt,
    fs::{self, File},
    future::poll_fn,
    io,
    net::Ipv4Addr,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    pin::pin,
    sync::Arc,
    time::Duration,
};
use tokio::{
    net::TcpListener,
    sync::oneshot,
    task::{JoinHandle, JoinSet},
};
use tracing::{instrument::WithSubscriber as _, subscriber::NoSubscriber};

/// How long a stop waits for requests that are under way.
const DRAIN: Duration = Duration::from_secs(3);
/// Before accepting again, when the process has run out of file descriptors.
const BREATHER: Duration = Duration::from_millis(50);
/// Room for what is kept beside an object, in bytes: two small files.
const BESIDE: u64 = 64 << 10;

/// Why the server could not be started. `Display` is one Vietnamese sentence:
/// what failed and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process serves this folder.
    #[error("Một tiến trình khác đang dùng kho tệp ở «{}»: hãy dừng tiến trình đó rồi thử lại.", .0.display())]
    AlreadyRunning(PathBuf),
    /// The folder cannot be made or used.
    #[error("Không dùng được thư mục kho tệp «{}» ({source}): hãy kiểm tra quyền và chỗ trống trên đĩa rồi thử lại.", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// No loopback port could be opened.
    #[error(
        "Không mở được cổng nội bộ cho kho tệp ({0}): hãy kiểm tra giới hạn mạng của máy rồi thử lại."
    )]
    Listen(io::Error),
}

/// A running server. Dropping it stops it as well, without waiting.
pub struct S3 {
    endpoint: String,
    access_key: String,
    secret_key: String,
    /// Dropping it is the signal to stop.
    stop: oneshot::Sender<()>,
    serving: JoinHandle<()>,
}

// The keys must never reach a log.
impl fmt::Debug for S3 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("S3").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

impl S3 {
    /// Serves `folder`, which is made when it is missing, until stopped or
    /// until the runtime ends. A bucket is a folder in it.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn start(folder: &Path) -> Result<Self, Error> {
        let at = |source| Error::Folder { path: folder.to_owned(), source };
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(at)?;
        // Two servers would take each other's unfinished uploads for litter.
        let lock = files::lock(folder).await.map_err(at)?;
        let lock = lock.ok_or_else(|| Error::AlreadyRunning(folder.to_owned()))?;
        let objects = s3s_fs::FileSystem::new(folder)
            .map_err(|error| at(io::Error::other(format!("{error:?}"))))?;

        let kept = files::beside(folder, "access");
        let (access_key, secret_key, listener) = match read(&kept) {
            None => (files::secret::<10>(), files::secret::<32>(), listen(0).await),
            Some((access_key, secret_key, port)) => {
                let listener = match listen(port).await {
                    Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
                        tracing::warn!(
                            port,
                            "port {port} of the embedded S3 server is taken: it moves, and other processes on this data must be started again"
                        );
                        listen(0).await
                    }
                    listener => listener,
                };
                (access_key, secret_key, listener)
            }
        };
        let listener = listener.map_err(Error::Listen)?;
        let address = listener.local_addr().map_err(Error::Listen)?;
        let endpoint = format!("http://{address}");
        files::write(&kept, 0o600, &format!("{access_key} {secret_key} {}\n", address.port()))
            .map_err(|source| Error::Folder { path: kept, source })?;
        let mut service = S3ServiceBuilder::new(objects);
        service.set_auth(SimpleAuth::from_single(access_key.clone(), secret_key.clone()));

        let (stop, stopped) = oneshot::channel();
        let serving = serve(listener, service.build(), folder.into(), stopped, lock);
        let serving = tokio::spawn(serving);
        tracing::info!(%endpoint, "the embedded S3 server is ready");
        Ok(Self { endpoint, access_key, secret_key, stop, serving })
    }

    /// The server's URL, `http://127.0.0.1:<port>`. Buckets are addressed by
    /// path, not by host name.
    #[must_use]
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The access key that requests are signed with.
    #[must_use]
    pub fn access_key(&self) -> &str {
        &self.access_key
    }

    /// The secret key that belongs to the access key.
    #[must_use]
    pub fn secret_key(&self) -> &str {
        &self.secret_key
    }

    /// The region that requests are signed for. Any would do.
    #[must_use]
    pub fn region(&self) -> &'static str {
        "us-east-1"
    }

    /// Takes no more requests, finishes those under way (for at most 3 s) and
    /// returns when the port and the folder are free.
    pub async fn stop(self) {
        let Self { stop, serving, .. } = self;
        drop(stop);
        // It ends by panicking only, and then it has stopped too.
        let _ = serving.await;
    }
}

async fn listen(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await
}

/// Access key, secret key and port of the start before. Lost, they are drawn
/// anew: nothing is derived from them.
fn read(kept: &Path) -> Option<(String, String, u16)> {
    let text = fs::read_to_string(kept).ok()?;
    let mut words = text.split_whitespace();
    let (access_key, secret_key) = (words.next()?.to_owned(), words.next()?.to_owned());
    Some((access_key, secret_key, words.next()?.parse().ok()?))
}

/// Accepts until `stopped`, then drains. `_lock` is given up at the very end.
async fn serve(
    listener: TcpListener,
    service: S3Service,
    folder: Arc<Path>,
    mut stopped: oneshot::Receiver<()>,
    _lock: File,
) {
    let server = Builder::new(TokioExecutor::new());
    let drain = GracefulShutdown::new();
    let mut connections = JoinSet::new();
    loop {
        let socket = tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((socket, _)) => socket,
                Err(error) => {
                    tracing::warn!("the embedded S3 server cannot accept a connection: {error}");
                    tokio::time::sleep(BREATHER).await;
                    continue;
                }
            },
            Some(_) = connections.join_next() => continue,
            _ = &mut stopped => break,
        };
        // Small answers must not wait for more to send; failing is only slow.
        let _ = socket.set_nodelay(true);
        let (service, folder) = (service.clone(), folder.clone());
        let service = service_fn(move |request| answer(service.clone(), folder.clone(), request));
        let connection = server.serve_connection(TokioIo::new(socket), service);
        let connection = drain.watch(connection.into_owned());
        // The server's own spans spell out whole requests, signatures
        // included. The client sees its errors, and that is enough.
        connections.spawn(
            async move {
                let _ = connection.await;
            }
            .with_subscriber(NoSubscriber::default()),
        );
    }
    drop(listener);
    // Whatever is not done by then is aborted with the set.
    let _ = tokio::time::timeout(DRAIN, drain.shutdown()).await;
}

/// What has no room is refused before it is written: `s3s-fs` would call the
/// full disk an internal error, which a client tries again.
async fn answer(
    service: S3Service,
    folder: Arc<Path>,
    request: Request<Incoming>,
) -> Result<HttpResponse, HttpError> {
    let length = request.body().size_hint().lower();
    let room = || {
        rustix::fs::statvfs(&*folder)
            .map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
    };
    if length == 0 || length + BESIDE <= room() {
        return service.call(request.map(Body::from)).await;
    }
    // A client that is still sending when the connection ends may miss the answer.
    let mut body = pin!(request.into_body());
    while let Some(Ok(_)) = poll_fn(|context| body.as_mut().poll_frame(context)).await {}
    let code = S3ErrorCode::Custom("StorageFull".into());
    let mut full = S3Error::with_message(code, "The disk has no room for it.");
    full.set_status_code(StatusCode::INSUFFICIENT_STORAGE);
    full.to_http_response().map_err(|error| HttpError::new(Box::new(error)))
}
