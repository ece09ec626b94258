//! What the pool believes of a server that was gone for a moment.

use super::TENANT;
use crate::{app::TestApp, run};
use kernel::{Error, TenantId};
use sqlx::Connection as _;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tenancy::Tenants;
use tokio::{
    io::copy_bidirectional,
    net::{UnixListener, UnixStream},
    task::JoinSet,
};

/// A proxy in front of the server.
#[derive(Clone, Default)]
struct Line {
    state: Arc<Mutex<State>>,
}

#[derive(Default)]
struct State {
    /// The next connection is taken and hears nothing.
    mute: bool,
    muted: Option<UnixStream>,
    through: JoinSet<()>,
}

impl Line {
    async fn serve(self, listener: UnixListener, server: PathBuf) {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let mut state = self.state.lock().unwrap();
            if std::mem::take(&mut state.mute) {
                state.muted = Some(client);
                continue;
            }
            let server = server.clone();
            state.through.spawn(async move {
                let mut server = UnixStream::connect(server).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    }
}

/// Tenants that reach their server through a line.
async fn connect(app: &TestApp) -> (tempfile::TempDir, Line, Tenants) {
    let folder = tempfile::tempdir().unwrap();
    let mut config = app.database.config.clone();
    let main = config.placements.get_mut("main").unwrap();
    let socket = format!(".s.PGSQL.{}", main.port);
    let listener = UnixListener::bind(folder.path().join(&socket)).unwrap();
    let server = PathBuf::from(&main.host).join(socket);
    main.host = folder.path().display().to_string();
    let line = Line::default();
    tokio::spawn(line.clone().serve(listener, server));
    let tenants = Tenants::connect(&config, app.database.key.clone()).await.unwrap();
    (folder, line, tenants)
}

fn tenant(slug: &str) -> TenantId {
    TenantId::new(slug).unwrap()
}

#[test]
fn who_failed_to_reach_the_server_before_others_reached_it_keeps_nobody_out() {
    run(async {
        let app = TestApp::new().await;
        let (_folder, line, tenants) = connect(&app).await;
        line.state.lock().unwrap().mute = true;
        let late = tenants.db(&tenant(TENANT)).unwrap();
        let late = tokio::spawn(async move { late.conn().await.map(drop) });
        while line.state.lock().unwrap().muted.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        drop(tenants.db(&tenant("ha-noi")).unwrap().conn().await.unwrap());
        line.state.lock().unwrap().muted = None;
        let refused = late.await.unwrap();
        assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
        // A login that has no connection yet, so that one has to be opened.
        tenants.db(&tenant("toan-quoc")).unwrap().conn().await.unwrap();
        tenants.close().await;
    });
}

#[test]
fn a_connection_that_was_on_loan_when_the_server_went_away_is_lent_to_nobody() {
    run(async {
        let app = TestApp::new().await;
        let (_folder, line, tenants) = connect(&app).await;
        let idles = tenants.db(&tenant("ha-noi")).unwrap();
        drop(idles.conn().await.unwrap());
        // Old enough to be asked whether it lives, which the one on loan is not.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let db = tenants.db(&tenant(TENANT)).unwrap();
        let on_loan = db.conn().await.unwrap();
        line.state.lock().unwrap().through.abort_all();
        tokio::time::sleep(Duration::from_millis(20)).await;
        idles.conn().await.unwrap().ping().await.expect("found dead and replaced");
        drop(on_loan);
        db.conn().await.unwrap().ping().await.expect("lives");
        tenants.close().await;
    });
}
