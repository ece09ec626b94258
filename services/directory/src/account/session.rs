//! Sessions: a random token in the browser or the program, its hash here.

use super::store::{self, SessionRow};
use kernel::{AccountId, Actor, Error, Grant, Role, SessionId, World};
use sha2::{Digest as _, Sha256};
use tenancy::{NewEvent, TenantDb, TenantTx, Together};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// How long a session lasts after sign-in.
const LIFE: Duration = Duration::days(90);
/// How exact "last seen" is: a busy session is not written with every request.
const SEEN: Duration = Duration::minutes(10);

/// A new session.
pub struct Started {
    /// What the browser or program keeps: 32 random bytes.
    pub token: String,
    /// Its identifier.
    pub session: SessionId,
    /// When it ends by itself.
    pub expires_at: OffsetDateTime,
}

/// Starts a session of an account. `device` is what the person may recognise
/// the device by.
///
/// # Errors
/// When the database refuses.
pub async fn start(
    tx: &mut TenantTx,
    world: &World,
    account: AccountId,
    device: &str,
) -> Result<Started, Error> {
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
    let token = URL_SAFE_NO_PAD.encode(world.bytes::<32>());
    let session: SessionId = world.id();
    let now = world.now();
    let expires_at = now + LIFE;
    store::insert_session(tx, session, &hash(&token), account, &name(device), now, expires_at)
        .await?;
    tx.record(world, NewEvent::new("session.started").by(account).on(session)).await?;
    Ok(Started { token, session, expires_at })
}

/// Finds out whose sessions tokens are. Everybody's request begins with that, so
/// those of a tenant that arrive together are looked up together. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sessions {
    look_ups: Together<Vec<u8>, Option<SessionRow>>,
}

impl Sessions {
    /// Who a token belongs to, with all roles that hold now.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn resolve(
        &self,
        db: &TenantDb,
        world: &World,
        token: &str,
    ) -> Result<Option<Actor>, Error> {
        // Anything else was never one of ours.
        if token.len() != 43 {
            return Ok(None);
        }
        let (within, clock) = (db.clone(), world.clone());
        let work = move |hashes| look_up(within.clone(), clock.clone(), hashes);
        let found = self.look_ups.run(&db.tenant().id, hash(token), work).await?;
        found.map(actor).transpose()
    }
}

/// One query, and every ten minutes of a session a second that notes its use.
async fn look_up(
    db: TenantDb,
    world: World,
    hashes: Vec<Vec<u8>>,
) -> Result<Vec<Option<SessionRow>>, Error> {
    let now = world.now();
    let mut conn = db.conn().await?;
    let rows = store::sessions_by_token(&mut conn, &hashes, now).await?;
    let unnoted: Vec<Uuid> =
        rows.iter().filter(|row| now - row.last_seen_at > SEEN).map(|row| row.session).collect();
    // Where nothing can be written at the moment, reading goes on.
    if !unnoted.is_empty()
        && let Err(error) = store::sessions_seen(&mut conn, &unnoted, now).await
    {
        tracing::debug!("the last use of sessions is not noted: {error}");
    }
    let of = |hash: &Vec<u8>| rows.iter().find(|row| row.token_hash == *hash).cloned();
    Ok(hashes.iter().map(of).collect())
}

fn actor(row: SessionRow) -> Result<Actor, Error> {
    let granted: Vec<Grant> = serde_json::from_value(row.grants)?;
    let mut grants = vec![Grant { role: Role::Member, scope: row.path.clone().into() }];
    grants.extend(granted);
    Ok(Actor {
        account: row.account.into(),
        member: row.member.into(),
        session: row.session.into(),
        name: row.full_name,
        organisation: row.organisation.into(),
        path: row.path.into(),
        grants,
    })
}

fn hash(token: &str) -> Vec<u8> {
    Sha256::digest(token).to_vec()
}

/// «Chrome trên Android» rather than a whole user agent.
fn name(agent: &str) -> String {
    let system = [
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "máy Mac"),
        ("Linux", "Linux"),
    ];
    let browser = [
        ("Edg", "Edge"),
        ("OPR", "Opera"),
        ("Firefox", "Firefox"),
        ("Chrome", "Chrome"),
        ("Safari", "Safari"),
    ];
    let find = |list: &[(&str, &'static str)]| {
        list.iter().find(|(mark, _)| agent.contains(mark)).map(|(_, name)| *name)
    };
    match (find(&browser), find(&system)) {
        (Some(browser), Some(system)) => format!("{browser} trên {system}"),
        (Some(one), None) | (None, Some(one)) => one.to_owned(),
        (None, None) => "Thiết bị hoặc chương trình khác".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn devices_get_names_people_know() {
        let phone = "Mozilla/5.0 (Linux; Android 13; SM-A145F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Mobile Safari/537.36";
        assert_eq!(super::name(phone), "Chrome trên Android");
        assert_eq!(super::name("curl/8"), "Thiết bị hoặc chương trình khác");
    }
}
