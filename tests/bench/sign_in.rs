//! Signing in beside the bare hash: what a password costs is meant to be the
//! hash, and next to nothing else.

use crate::{
    Result, Trouble,
    ground::Database,
    http,
    load::{ROUNDS, SECONDS, median},
    people::{LARGE, PASSWORD, People},
    process::Serving,
    report::{Goal, Report},
};
use argon2::{Algorithm, Argon2, Params, Version};
use std::{
    net::Ipv4Addr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use tokio::task::JoinSet;

/// People who press the button at the same time, for each core.
const CROWD: usize = 4;

pub async fn measure(database: &Database, people: &People, report: &mut Report) -> Result<()> {
    let cores = thread::available_parallelism()?.get();
    let serving = Serving::start(database).await?;
    let phones: Arc<[String]> = people.members.iter().map(|member| member.phone.clone()).collect();
    let next = Arc::new(AtomicUsize::new(0));
    let (mut ours, mut against) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(sign_ins(serving.port, cores * CROWD, &phones, &next).await?);
        against.push(tokio::task::spawn_blocking(move || hashes(cores)).await??);
    }
    let name = "sign-ins, Argon2id m=19456 t=2 p=1, against the bare hash";
    let note = format!("{cores} cores, {} people at once", cores * CROWD);
    let figures = (median(ours), median(against));
    report.pair(name, "1/s", figures, Some(Goal::RatioAtLeast(0.8)), note);
    Ok(())
}

/// Sign-ins a second. Everybody signs in once and from an address of their own,
/// as the limits on tries are not what is measured.
async fn sign_ins(
    port: u16,
    crowd: usize,
    phones: &Arc<[String]>,
    next: &Arc<AtomicUsize>,
) -> Result<f64> {
    let began = Instant::now();
    let end = began + Duration::from_secs(SECONDS.into());
    let mut people = JoinSet::new();
    for _ in 0..crowd {
        let (phones, next) = (phones.clone(), next.clone());
        people.spawn(async move {
            let mut done = 0_u32;
            while Instant::now() < end {
                let number = next.fetch_add(1, Ordering::Relaxed);
                let phone = phones.get(number).ok_or("hết người đăng nhập")?;
                let [.., high, low] = number.to_be_bytes();
                let from = Ipv4Addr::new(127, 9, high, low);
                let head = format!(
                    "POST /api/v1/session HTTP/1.1\r\nHost: {LARGE}.localhost\r\n\
                     Content-Type: application/json"
                );
                let body = serde_json::json!({ "login": phone, "password": PASSWORD });
                let answer = http::ask(from, port, &head, &body.to_string()).await?;
                if answer.status != 201 {
                    return Err(format!("đăng nhập: {} {}", answer.status, answer.body).into());
                }
                done += 1;
            }
            Ok::<_, Trouble>(done)
        });
    }
    let mut done = 0;
    while let Some(count) = people.join_next().await {
        done += count??;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}

/// Hashes a second on all cores, in memory that each thread keeps.
fn hashes(cores: usize) -> Result<f64> {
    let began = Instant::now();
    let end = began + Duration::from_secs(SECONDS.into());
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| error.to_string())?;
    let threads: Vec<_> = (0..cores)
        .map(|_| {
            let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
            thread::spawn(move || {
                let mut memory = vec![argon2::Block::default(); argon2.params().block_count()];
                let (mut done, mut out) = (0_u32, [0; 32]);
                while Instant::now() < end {
                    let (password, salt) = (PASSWORD.as_bytes(), [7; 16]);
                    argon2
                        .hash_password_into_with_memory(password, &salt, &mut out, &mut memory)
                        .map_err(|error| error.to_string())?;
                    done += 1;
                }
                Ok::<_, String>(done)
            })
        })
        .collect();
    let mut done = 0;
    for thread in threads {
        done += thread.join().map_err(|_| "băm mật khẩu hỏng")??;
    }
    Ok(f64::from(done) / began.elapsed().as_secs_f64())
}
