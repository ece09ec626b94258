//! A database server of one test alone, to be killed or to run out of room.

use crate::{Cluster, Server, TestDatabase};
use embedded::postgres::{Options, Postgres};
use std::path::Path;

/// Starts a server on `data` from the programs in `bin`, which survives being
/// killed, with an empty database on it whose files are in a bucket of the run's
/// S3 server.
pub async fn own_server(cluster: &Cluster, data: &Path, bin: &Path) -> (Postgres, TestDatabase) {
    let (bin, data) = (bin.to_owned(), data.to_owned());
    let server =
        Server::start_with(Options { bin, data, max_connections: 40, durable: true }).await;
    let mut database = cluster.bucket_only().await;
    server.create_database(&database.name).await;
    database.config.placements.insert("main".into(), server.placement(&database.name));
    (server.into_postgres(), database)
}
