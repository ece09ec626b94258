//! Which certificate a connection is shown, and how that changes while the
//! server runs.

use crate::{
    app::{TestApp, now, tenant_file},
    run,
    wire::{SOON, Served, Wire, strict},
};
use embedded::ca::DevCa;
use gateway::listen::Bounds;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use sotay::{Certificates, Config, config::Https, onboarding};
use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};
use tempfile::TempDir;
use tokio::{io::AsyncReadExt as _, signal::unix, task::JoinHandle, time::sleep};

const A: &str = "thanh-hoa.localhost";
const B: &str = "ha-noi.localhost";

/// A server with its certificates in a folder.
struct Place {
    app: TestApp,
    folder: TempDir,
    authority: DevCa,
}

impl Place {
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let authority = DevCa::load_or_create(&folder.path().join("authority"), now()).unwrap();
        fs::create_dir(folder.path().join("hosts")).unwrap();
        Self { app: TestApp::new().await, folder, authority }
    }

    fn hosts(&self) -> PathBuf {
        self.folder.path().join("hosts")
    }

    /// Puts a new pair in place of a host's; answers its certificate.
    fn put(&self, folder: &Path, file: &str, names: &[&str]) -> Vec<u8> {
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let leaf = self.authority.leaf_for(&names, now()).unwrap();
        fs::write(folder.join(format!("{file}.key")), &leaf.key_pem).unwrap();
        fs::write(folder.join(format!("{file}.pem")), &leaf.chain_pem).unwrap();
        CertificateDer::from_pem_slice(leaf.chain_pem.as_bytes()).unwrap().to_vec()
    }

    fn config(&self) -> Config {
        let general = self.folder.path().join("general");
        Config {
            data: self.folder.path().to_owned(),
            https: Https {
                certificate: Some(general.with_extension("pem")),
                key: Some(general.with_extension("key")),
                certificates: Some(self.hosts()),
                ..Https::default()
            },
            ..Config::default()
        }
    }

    async fn serve(&self, config: &Config, every: Duration) -> (Served, JoinHandle<()>) {
        let certificates = Certificates::open(config, &self.app.platform).unwrap();
        let limits = Bounds { greeting: SOON, idle: SOON, ..strict() };
        let tls = certificates.server().unwrap();
        let door = self.app.platform.door.clone();
        let served = Served::with(door, limits, Some(tls), self.authority.pem()).await;
        (served, tokio::spawn(certificates.keep_up(every)))
    }
}

const OFTEN: Duration = Duration::from_millis(50);

async fn shown(served: &Served, host: &str) -> Vec<u8> {
    served.dial_as(host, b"http/1.1").await.1.unwrap()
}

/// Until a new connection is shown that certificate.
async fn until(served: &Served, host: &str, certificate: &[u8]) {
    let since = Instant::now();
    while shown(served, host).await != certificate {
        assert!(since.elapsed() < SOON, "{host}: the new certificate is not shown");
        sleep(OFTEN).await;
    }
}

async fn ask(wire: &mut Wire, host: &str) {
    wire.say(format!("GET /healthz HTTP/1.1\r\nHost: {host}\r\n\r\n")).await;
    assert_eq!(wire.status().await, Some(200));
    let mut body = [0; 3];
    wire.0.read_exact(&mut body).await.unwrap();
}

#[test]
fn each_tenant_shows_its_own_certificate_and_the_others_the_general_one() {
    run(async {
        let place = Place::new().await;
        let general = place.put(place.folder.path(), "general", &["*.sotay.localhost", B]);
        let own = place.put(&place.hosts(), A, &[A]);
        let (served, _following) = place.serve(&place.config(), OFTEN).await;
        assert_eq!(shown(&served, A).await, own);
        assert_eq!(shown(&served, B).await, general);
        assert_eq!(shown(&served, "x.sotay.localhost").await, general);
        // One that comes later, with a capital in its file's name.
        let late = place.put(&place.hosts(), "Ha-Noi.localhost", &[B]);
        until(&served, B, &late).await;
        assert_eq!(shown(&served, A).await, own);
        // And one that goes.
        fs::remove_file(place.hosts().join("Ha-Noi.localhost.pem")).unwrap();
        until(&served, B, &general).await;
    });
}

#[test]
fn a_new_certificate_is_shown_and_no_connection_notices() {
    run(async {
        let place = Place::new().await;
        place.put(place.folder.path(), "general", &[A, B]);
        let old = place.put(&place.hosts(), A, &[A]);
        let (served, _following) = place.serve(&place.config(), OFTEN).await;
        let (mut before, seen) = served.dial_as(A, b"http/1.1").await;
        assert_eq!(seen, Some(old.clone()));
        ask(&mut before, A).await;
        let new = place.put(&place.hosts(), A, &[A, "www.localhost"]);
        assert_ne!(old, new);
        until(&served, A, &new).await;
        ask(&mut before, A).await;
        let general = place.put(place.folder.path(), "general", &[B]);
        until(&served, B, &general).await;
        ask(&mut before, A).await;
    });
}

#[test]
fn a_broken_certificate_is_not_taken_and_a_mended_one_is() {
    run(async {
        let place = Place::new().await;
        let general = place.put(place.folder.path(), "general", &[A, B]);
        let old = place.put(&place.hosts(), A, &[A]);
        let (served, _following) = place.serve(&place.config(), OFTEN).await;
        let pem = place.hosts().join(format!("{A}.pem"));
        let whole = fs::read(&pem).unwrap();
        for broken in [&whole[..whole.len() / 4], b"", b"-----BEGIN CERTIFICATE-----\n%\n"] {
            fs::write(&pem, broken).unwrap();
            sleep(6 * OFTEN).await;
            assert_eq!(shown(&served, A).await, old);
        }
        // Somebody else's certificate.
        place.put(&place.hosts(), A, &[B]);
        sleep(6 * OFTEN).await;
        assert_eq!(shown(&served, A).await, old);
        // One whose key is another: it comes in one step, without its own.
        let former = place.put(&place.hosts(), B, &[B]);
        until(&served, B, &former).await;
        place.put(place.folder.path(), "other", &[B, "www.localhost"]);
        let other = place.folder.path().join("other.pem");
        fs::rename(other, place.hosts().join(format!("{B}.pem"))).unwrap();
        sleep(6 * OFTEN).await;
        assert_eq!(shown(&served, B).await, former);
        let mended = place.put(&place.hosts(), A, &[A, "new.localhost"]);
        until(&served, A, &mended).await;
        // Hosts whose pairs were broken from the start have the general one.
        fs::write(&pem, "").unwrap();
        let (again, _following) = place.serve(&place.config(), OFTEN).await;
        assert_eq!(shown(&again, A).await, general);
        assert_eq!(shown(&again, B).await, general);
    });
}

#[test]
fn a_server_does_not_start_on_a_broken_general_certificate() {
    run(async {
        let place = Place::new().await;
        place.put(place.folder.path(), "general", &[A]);
        let config = place.config();
        fs::write(config.https.key.as_ref().unwrap(), "x").unwrap();
        let fault = Certificates::open(&config, &place.app.platform).unwrap_err();
        assert!(fault.0.contains("general.key"), "{fault}");
        let missing = Config {
            https: Https { certificates: Some("/khong/co".into()), ..Https::default() },
            ..config
        };
        let fault = Certificates::open(&missing, &place.app.platform).unwrap_err();
        assert!(fault.0.contains("/khong/co"), "{fault}");
    });
}

#[test]
fn told_by_a_signal_it_looks_at_once() {
    run(async {
        // Ours is heard first: unheard, the signal would end the tests.
        let _heard = unix::signal(unix::SignalKind::hangup()).unwrap();
        let place = Place::new().await;
        place.put(place.folder.path(), "general", &[A]);
        place.put(&place.hosts(), A, &[A]);
        let (served, _following) = place.serve(&place.config(), Duration::from_hours(1)).await;
        let new = place.put(&place.hosts(), A, &[A, "www.localhost"]);
        sleep(Duration::from_millis(300)).await;
        assert_ne!(shown(&served, A).await, new, "nobody has told it yet");
        let id = std::process::id().to_string();
        assert!(Command::new("kill").args(["-HUP", &id]).status().unwrap().success());
        until(&served, A, &new).await;
    });
}

#[test]
fn a_tenant_made_while_the_server_runs_has_a_development_certificate() {
    run(async {
        let place = Place::new().await;
        let config = Config { data: place.folder.path().join("data"), ..Config::default() };
        let certificates = Certificates::open(&config, &place.app.platform).unwrap();
        let authority = DevCa::load_or_create(&config.data.join("ca"), now()).unwrap();
        let tls = certificates.server().unwrap();
        let door = place.app.platform.door.clone();
        let served = Served::with(door, strict(), Some(tls), authority.pem()).await;
        let _following = tokio::spawn(certificates.keep_up(OFTEN));
        ask(&mut served.dial_as(A, b"http/1.1").await.0, A).await;
        let before = shown(&served, A).await;
        let new = "hung-yen.localhost";
        let provisioner = place.app.database.provisioner();
        onboarding::apply(&provisioner, &place.app.platform, &tenant_file("hung-yen", "province"))
            .await
            .unwrap();
        place.app.platform.app.tenants.refresh().await.unwrap();
        let since = Instant::now();
        while shown(&served, A).await == before {
            assert!(since.elapsed() < SOON, "the new tenant is not covered");
            sleep(OFTEN).await;
        }
        // The client checks the name.
        ask(&mut served.dial_as(new, b"http/1.1").await.0, new).await;
    });
}
