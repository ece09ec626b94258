//! A folder, two ports and the program on them.

use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    ops::{Deref, DerefMut},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

pub const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// A process that a scenario ends by itself; when it fails before, this does.
pub struct Running(Child);

impl Running {
    pub fn of(command: &mut Command) -> Self {
        Self(command.spawn().unwrap())
    }
}

impl Deref for Running {
    type Target = Child;
    fn deref(&self) -> &Child {
        &self.0
    }
}

impl DerefMut for Running {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.0
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let ended = self.0.try_wait();
        let _ = self.0.kill();
        let _ = self.0.wait();
        assert!(thread::panicking() || matches!(ended, Ok(Some(_))), "nobody ended it");
    }
}

pub struct Place {
    pub folder: tempfile::TempDir,
    pub http: u16,
    pub https: u16,
    /// Where `documents` is asked when it has a process of its own.
    documents: Option<u16>,
    /// Environment variables of everything that is run here.
    pub settings: Vec<(&'static str, String)>,
}

impl Place {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let tenants = folder.path().join("tenants");
        fs::create_dir(&tenants).unwrap();
        for file in ["quang-ngai.toml", "toan-quoc.toml"] {
            fs::copy(Path::new(ROOT).join("tenant-config").join(file), tenants.join(file)).unwrap();
        }
        let (http, https) = (free_port(), free_port());
        Self { http, https, documents: None, settings: Vec::new(), folder }
    }

    /// One whose documents are served by a process of their own.
    pub fn apart() -> Self {
        let mut place = Self::new();
        place.documents = Some(free_port());
        place
    }

    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sotay"));
        command
            .args(arguments)
            .env("SOTAY__DATA", self.folder.path().join("data"))
            .env("SOTAY__TENANTS", self.folder.path().join("tenants"))
            .env("SOTAY__POSTGRES__BIN", bundle())
            .env("SOTAY__HTTP__PORT", self.http.to_string())
            .env("SOTAY__HTTPS__PORT", self.https.to_string())
            // Tests ask more often than people do.
            .env("SOTAY__LIMITS__MEMBER__PER_MINUTE", "60000")
            .env("SOTAY__LIMITS__MEMBER__BURST", "10000")
            .envs(self.settings.iter().map(|(name, value)| (name, value)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Starts the demo and waits until it answers.
    pub fn start(&self) -> (Running, Duration) {
        let since = Instant::now();
        let child = Running::of(&mut self.command(&["demo", "run"]));
        (self.until_ready(child), since.elapsed())
    }

    /// Starts `serve` and waits until it answers; its log goes to `serve.log`.
    pub fn serve(&self) -> Running {
        let log = fs::OpenOptions::new().create(true).append(true).open(self.log()).unwrap();
        let mut command = match self.documents {
            None => self.command(&["serve"]),
            Some(port) => {
                let roles = "gateway,directory,meetings,adoption";
                let mut command = self.command(&["serve", "--roles", roles]);
                command.env("SOTAY__UPSTREAMS__DOCUMENTS", format!("localhost:{port}"));
                command
            }
        };
        self.until_ready(Running::of(command.stderr(log)))
    }

    /// Starts the process of the documents, beside a running [`Place::serve`].
    pub fn serve_documents(&self) -> Running {
        let port = self.documents.unwrap().to_string();
        let mut command = self.command(&["serve", "--roles", "documents"]);
        Running::of(command.env("SOTAY__INTERNAL__PORT", port).stderr(Stdio::inherit()))
    }

    pub fn log(&self) -> PathBuf {
        self.folder.path().join("serve.log")
    }

    fn until_ready(&self, mut child: Running) -> Running {
        let since = Instant::now();
        loop {
            if self.ask("quang-ngai.localhost", "/readyz").is_some_and(|a| a.starts_with("ready")) {
                return child;
            }
            if let Some(status) = child.try_wait().unwrap() {
                let mut said = String::new();
                match child.stderr.take() {
                    Some(mut pipe) => _ = pipe.read_to_string(&mut said).unwrap(),
                    None => said = fs::read_to_string(self.log()).unwrap(),
                }
                panic!("ended with {status}: {said}");
            }
            assert!(since.elapsed() < Duration::from_mins(3), "not ready in time");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn ask(&self, host: &str, path: &str) -> Option<String> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
        self.exchange(request.as_bytes()).map(|(_, body)| body)
    }

    /// Sends JSON to the API, with a token unless it is empty: status and body,
    /// or nothing when there was no whole answer.
    pub fn post(&self, path: &str, token: &str, json: &serde_json::Value) -> Option<(u16, String)> {
        let (body, length) = (json.to_string(), json.to_string().len());
        let who = match token {
            "" => String::new(),
            token => format!("Authorization: Bearer {token}\r\n"),
        };
        let request = format!(
            "POST /api/v1{path} HTTP/1.1\r\nHost: quang-ngai.localhost\r\nConnection: close\r\n\
             {who}Content-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        );
        self.exchange(request.as_bytes())
    }

    /// Publishes a document with this number for the whole province; as
    /// [`Place::post`].
    pub fn publish(&self, token: &str, number: &str) -> Option<(u16, String)> {
        let fields = [
            ("organisation", "51"),
            ("kind", "nghi_quyet"),
            ("number", number),
            ("title", "Nghị quyết về đẩy mạnh chuyển đổi số"),
            ("issued_on", "15/10/2025"),
            ("attested", "true"),
            ("attested_by", "Lê Văn Kiểm, Chánh Văn phòng"),
        ];
        let mut body = String::new();
        for (name, value) in fields {
            write!(
                body,
                "--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            )
            .unwrap();
        }
        body.push_str(
            "--x\r\nContent-Disposition: form-data; name=\"file\"; filename=\"tb.pdf\"\r\n\r\n",
        );
        let mut body = body.into_bytes();
        let pdf = "services/sotay/demo/documents/04-tb-vptu-lich-tap-huan.pdf";
        body.extend(fs::read(Path::new(ROOT).join(pdf)).unwrap());
        body.extend(b"\r\n--x--\r\n");
        let head = format!(
            "POST /api/v1/documents HTTP/1.1\r\nHost: quang-ngai.localhost\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\nContent-Type: multipart/form-data; boundary=x\r\n\
             Content-Length: {}\r\n\r\n",
            body.len()
        );
        self.exchange(&[head.as_bytes(), &body].concat())
    }

    /// As [`Place::post`].
    pub fn get(&self, path: &str, token: &str) -> Option<(u16, String)> {
        let request = format!(
            "GET /api/v1{path} HTTP/1.1\r\nHost: quang-ngai.localhost\r\nConnection: close\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        );
        self.exchange(request.as_bytes())
    }

    fn exchange(&self, request: &[u8]) -> Option<(u16, String)> {
        exchange(self.http, request)
    }

    pub fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Servers that still work on this place's data.
    pub fn leftovers(&self) -> usize {
        let needle = self.folder.path().join("data/postgres").display().to_string();
        fs::read_dir("/proc")
            .unwrap()
            .filter_map(|entry| fs::read(entry.ok()?.path().join("cmdline")).ok())
            .filter(|line| String::from_utf8_lossy(line).contains(&needle))
            .count()
    }
}

impl Drop for Place {
    /// The database server of a program that was killed ends a moment after it, and
    /// then the folder can go.
    fn drop(&mut self) {
        let since = Instant::now();
        while self.leftovers() > 0 && since.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// The programs of the database that is brought along.
pub fn bundle() -> PathBuf {
    std::env::var_os("SOTAY_POSTGRES")
        .map_or_else(|| Path::new(ROOT).join(".cache/postgresql-18.6.3"), PathBuf::from)
}

/// Sends a request to a port: status and body, or nothing when there was no whole
/// answer.
pub fn exchange(port: u16, request: &[u8]) -> Option<(u16, String)> {
    let mut socket = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    socket.set_read_timeout(Some(Duration::from_secs(10))).ok()?;
    socket.write_all(request).ok()?;
    let mut answer = String::new();
    socket.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = length.is_none_or(|length| length.parse() == Ok(body.len()));
    whole.then(|| (status, body.to_owned()))
}

/// A port that was free a moment ago, and that nobody here was given before.
pub fn free_port() -> u16 {
    static GIVEN: Mutex<BTreeSet<u16>> = Mutex::new(BTreeSet::new());
    loop {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        if GIVEN.lock().unwrap().insert(port) {
            return port;
        }
    }
}

pub fn signal(child: &Child, name: &str) {
    let done = Command::new("kill").args([name, &child.id().to_string()]).status().unwrap();
    assert!(done.success());
}
