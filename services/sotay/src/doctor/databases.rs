//! The database servers: new enough, roomy enough, of one time with us.

use super::Verdict;
use crate::{Config, Installation};
use kernel::World;
use sqlx::{Connection as _, PgConnection};
use std::{collections::BTreeSet, io};
use tenancy::{PlacementConfig, config::MAIN};
use time::{Duration, OffsetDateTime};
use tokio::time::timeout;

/// The oldest server that the schema runs on.
const OLDEST: i32 = 17;
/// Codes and sessions end by our clock, rows are stamped by theirs.
const SKEW: Duration = Duration::seconds(2);
/// How long a server may take to answer.
const SLOW: std::time::Duration = std::time::Duration::from_secs(10);

pub(super) struct Databases {
    pub version: Verdict,
    pub connections: Verdict,
    pub clock: Verdict,
}

/// What one server says of itself.
struct Server {
    version: i32,
    room: i32,
    /// How far its clock is ahead of ours.
    ahead: Duration,
}

pub(super) async fn look(installation: &Installation, config: &Config, world: &World) -> Databases {
    let processes = processes(config);
    let (mut version, mut connections, mut clock) = (Vec::new(), Vec::new(), Vec::new());
    for (name, placement) in &installation.database.placements {
        let answer = timeout(SLOW, ask(installation, placement, world)).await;
        let late = |_| Err(sqlx::Error::Io(io::ErrorKind::TimedOut.into()));
        let server = match answer.unwrap_or_else(late) {
            Ok(server) => server,
            Err(error) => {
                version.push(format!(
                    "«{name}» không trả lời: {error}; kiểm tra database.placements.{name}, hoặc chạy sotay migrate nếu là bản cài đặt mới"
                ));
                continue;
            }
        };
        judge(
            name,
            &server,
            installation.database.budget,
            processes,
            &mut version,
            &mut connections,
            &mut clock,
        );
    }
    Databases {
        version: Verdict::of(&version),
        connections: Verdict::of(&connections),
        clock: Verdict::of(&clock),
    }
}

/// How many processes hold a budget of their own: this one, and those that run
/// parts of it. The server that is brought along is shared out among them.
fn processes(config: &Config) -> usize {
    let others: BTreeSet<&String> = config.upstreams.values().collect();
    if config.database.is_some() { 1 + others.len() } else { 1 }
}

fn judge(
    name: &str,
    server: &Server,
    budget: usize,
    processes: usize,
    version: &mut Vec<String>,
    connections: &mut Vec<String>,
    clock: &mut Vec<String>,
) {
    if server.version < OLDEST {
        version.push(format!(
            "«{name}» là PostgreSQL {}; cần từ {OLDEST} trở lên, hãy nâng cấp máy chủ",
            server.version
        ));
    }
    let room = usize::try_from(server.room).unwrap_or(0);
    // Whoever folds listens on one more, outside the budget, where the registry is.
    let listening = usize::from(name == MAIN);
    if budget * processes + listening > room {
        let each = if processes > 1 {
            format!(" cho mỗi tiến trình trong {processes}")
        } else {
            String::new()
        };
        let more = if listening > 0 { ", cộng 1 kết nối để nghe" } else { "" };
        connections.push(format!(
            "database.budget là {budget}{each}{more}, nhưng «{name}» chỉ cho {room} kết nối; giảm budget hoặc tăng max_connections"
        ));
    }
    if server.ahead.abs() > SKEW {
        let seconds = server.ahead.abs().whole_seconds();
        let which = if server.ahead.is_positive() { "nhanh" } else { "chậm" };
        clock.push(format!(
            "«{name}» {which} hơn máy này {seconds} giây; bật đồng bộ giờ (chrony) ở cả hai máy"
        ));
    }
}

async fn ask(
    installation: &Installation,
    placement: &PlacementConfig,
    world: &World,
) -> Result<Server, sqlx::Error> {
    let role = tenancy::tenants::PLATFORM_ROLE;
    let password = installation.key.role_password(role, 1);
    let mut connection = PgConnection::connect_with(&placement.options(role, &password)).await?;
    let before = world.now();
    let row = sqlx::query!(
        r#"SELECT current_setting('server_version_num')::int / 10000 AS "version!",
                  current_setting('max_connections')::int
                      - current_setting('superuser_reserved_connections')::int
                      - current_setting('reserved_connections')::int AS "room!",
                  clock_timestamp() AS "now!""#
    )
    .fetch_one(&mut connection)
    .await?;
    let after = world.now();
    connection.close().await?;
    let halfway: OffsetDateTime = before + (after - before) / 2;
    Ok(Server { version: row.version, room: row.room, ahead: row.now - halfway })
}

#[cfg(test)]
mod tests {
    use super::{Server, judge};
    use time::Duration;

    fn said(server: &Server, budget: usize) -> [Vec<String>; 3] {
        let (mut version, mut connections, mut clock) = (vec![], vec![], vec![]);
        judge("main", server, budget, 1, &mut version, &mut connections, &mut clock);
        [version, connections, clock]
    }

    #[test]
    fn an_old_small_server_of_another_time_is_told_apart() {
        let good = Server { version: 17, room: 97, ahead: Duration::milliseconds(400) };
        assert_eq!(said(&good, 96), [vec![], vec![], vec![]] as [Vec<String>; 3]);
        let bad = Server { version: 16, room: 97, ahead: Duration::seconds(-90) };
        let [version, connections, clock] = said(&bad, 97);
        assert!(version[0].contains("PostgreSQL 16") && version[0].contains("từ 17"));
        assert!(connections[0].contains("là 97") && connections[0].contains("cho 97"));
        assert!(clock[0].contains("chậm hơn máy này 90 giây"));
    }
}
