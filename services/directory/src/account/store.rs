//! All SQL on accounts, codes and sessions.

use kernel::{AccountId, Error, Grant, MemberId, OrganisationId, SessionId};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// An account that might be meant by a login.
pub(super) struct Candidate {
    pub account: Uuid,
    pub password: Option<String>,
}

/// Accounts with this phone or card number; several people may share a phone.
pub(super) async fn candidates(
    conn: &mut PgConnection,
    phone: Option<&str>,
    card: &str,
) -> Result<Vec<Candidate>, Error> {
    let rows = sqlx::query_as!(
        Candidate,
        "SELECT a.id AS account, a.password FROM account a JOIN member m ON m.id = a.member
         WHERE (m.phone = $1 OR m.card_number = $2) AND a.state = 'active'
           AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
         ORDER BY a.id LIMIT 3",
        phone,
        card
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Whether an account is active with this password, which then stays until the
/// transaction ends: a recovery that comes between ends this session too.
pub(super) async fn hold_password(
    conn: &mut PgConnection,
    account: AccountId,
    password: Option<&str>,
) -> Result<bool, Error> {
    let held = sqlx::query_scalar!(
        "SELECT id FROM account WHERE id = $1 AND state = 'active' AND password = $2 FOR SHARE",
        account.0,
        password
    )
    .fetch_optional(conn)
    .await?;
    Ok(held.is_some())
}

pub(super) async fn insert_session(
    conn: &mut PgConnection,
    session: SessionId,
    token_hash: &[u8],
    account: AccountId,
    device: &str,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "INSERT INTO session (id, token_hash, account, device, created_at, last_seen_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $5, $6)",
        session.0,
        token_hash,
        account.0,
        device,
        now,
        expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// A session with its person and their grants.
#[derive(Clone)]
pub(super) struct SessionRow {
    pub token_hash: Vec<u8>,
    pub session: Uuid,
    pub last_seen_at: OffsetDateTime,
    pub account: Uuid,
    pub member: Uuid,
    pub full_name: String,
    pub organisation: Uuid,
    pub path: String,
    pub grants: serde_json::Value,
}

/// Those sessions of the tokens that hold, in no order. Each is looked up by
/// itself, as the limit makes sure. The planner is not shown how many they are:
/// it would plan anew each time, which takes ten times as long as looking one up.
pub(super) async fn sessions_by_token(
    conn: &mut PgConnection,
    token_hashes: &[Vec<u8>],
    now: OffsetDateTime,
) -> Result<Vec<SessionRow>, Error> {
    let rows = sqlx::query_as!(
        SessionRow,
        r#"SELECT held.token_hash AS "token_hash!", session AS "session!", last_seen_at AS "last_seen_at!",
                  account AS "account!", member AS "member!", full_name AS "full_name!",
                  organisation AS "organisation!", path AS "path!", grants AS "grants!"
           FROM unnest((SELECT $1::bytea[])) AS asked (token_hash) CROSS JOIN LATERAL (
               SELECT s.token_hash, s.id AS session, s.last_seen_at, a.id AS account,
                      m.id AS member, m.full_name, o.id AS organisation, o.path,
                      coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'scope', go.path))
                                FROM role_grant g JOIN organisation go ON go.id = g.organisation
                                WHERE g.member = m.id AND g.revoked_at IS NULL), '[]') AS grants
               FROM session s
               JOIN account a ON a.id = s.account AND a.state = 'active'
               JOIN member m ON m.id = a.member
                    AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
               JOIN organisation o ON o.id = m.organisation
               WHERE s.token_hash = asked.token_hash AND s.revoked_at IS NULL AND s.expires_at > $2
               LIMIT 1) AS held"#,
        token_hashes,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

pub(super) async fn sessions_seen(
    conn: &mut PgConnection,
    sessions: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!("UPDATE session SET last_seen_at = $2 WHERE id = ANY($1)", sessions, now)
        .execute(conn)
        .await?;
    Ok(())
}

/// A session as its owner sees it.
pub(super) struct OwnSession {
    pub id: Uuid,
    pub device: String,
    pub created_at: OffsetDateTime,
    pub last_seen_at: OffsetDateTime,
}

pub(super) async fn sessions(
    conn: &mut PgConnection,
    account: AccountId,
    now: OffsetDateTime,
) -> Result<Vec<OwnSession>, Error> {
    let rows = sqlx::query_as!(
        OwnSession,
        "SELECT id, device, created_at, last_seen_at FROM session
         WHERE account = $1 AND revoked_at IS NULL AND expires_at > $2
         ORDER BY last_seen_at DESC LIMIT 100",
        account.0,
        now
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Ends one session of an account, or all when none is named. Says how many.
pub(super) async fn end_sessions(
    conn: &mut PgConnection,
    account: AccountId,
    session: Option<Uuid>,
    now: OffsetDateTime,
) -> Result<u64, Error> {
    let done = sqlx::query!(
        "UPDATE session SET revoked_at = $3
         WHERE account = $1 AND ($2::uuid IS NULL OR id = $2) AND revoked_at IS NULL",
        account.0,
        session,
        now
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected())
}

/// A person to be given a code.
pub(super) struct Invitee {
    pub member: Uuid,
    pub full_name: String,
    pub organisation: Uuid,
    pub organisation_name: String,
    pub path: String,
    /// Of the account, if there is one: `invited`, `active`, `withdrawn`.
    pub state: Option<String>,
    /// Roles that were granted by hand, with the path where each holds.
    pub grants: sqlx::types::Json<Vec<Grant>>,
}

/// Those of the members who are on the roll, in the order of the tree and of names.
pub(super) async fn invitees(
    conn: &mut PgConnection,
    members: &[Uuid],
) -> Result<Vec<Invitee>, Error> {
    let rows = sqlx::query_as!(
        Invitee,
        r#"SELECT m.id AS member, m.full_name, o.id AS organisation, o.name AS organisation_name, o.path,
                  a.state AS "state?",
                  coalesce((SELECT jsonb_agg(jsonb_build_object('role', g.role, 'scope', go.path))
                            FROM role_grant g JOIN organisation go ON go.id = g.organisation
                            WHERE g.member = m.id AND g.revoked_at IS NULL), '[]') AS "grants!: _"
           FROM member m JOIN organisation o ON o.id = m.organisation
           LEFT JOIN account a ON a.member = m.id
           WHERE m.id = ANY($1) AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
           ORDER BY o.path, m.name_sort"#,
        members
    )
    .fetch_all(conn)
    .await?;
    Ok(rows)
}

/// Everybody on the roll below a place who has never activated.
pub(super) async fn not_activated(
    conn: &mut PgConnection,
    path: &str,
    limit: i64,
) -> Result<Vec<Uuid>, Error> {
    let members = sqlx::query_scalar!(
        "SELECT m.id FROM organisation o JOIN member m ON m.organisation = o.id
         LEFT JOIN account a ON a.member = m.id
         WHERE starts_with(o.path, $1) AND coalesce(a.state, 'invited') = 'invited'
           AND m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
         ORDER BY o.path, m.name_sort LIMIT $2",
        path,
        limit
    )
    .fetch_all(conn)
    .await?;
    Ok(members)
}

/// Accounts for members who have none yet; says whose account is whose.
pub(super) async fn ensure_accounts(
    conn: &mut PgConnection,
    ids: &[Uuid],
    members: &[Uuid],
    now: OffsetDateTime,
) -> Result<Vec<(Uuid, Uuid)>, Error> {
    sqlx::query!(
        "INSERT INTO account (id, member, state, created_at)
         SELECT id, member, 'invited', $3 FROM unnest($1::uuid[], $2::uuid[]) AS new (id, member)
         ON CONFLICT (member) DO NOTHING",
        ids,
        members,
        now
    )
    .execute(&mut *conn)
    .await?;
    let rows = sqlx::query!("SELECT id, member FROM account WHERE member = ANY($1)", members)
        .fetch_all(conn)
        .await?;
    Ok(rows.into_iter().map(|row| (row.member, row.id)).collect())
}

/// New codes; earlier unused ones of the same accounts stop working.
pub(super) struct NewCodes {
    pub ids: Vec<Uuid>,
    pub accounts: Vec<Uuid>,
    pub hashes: Vec<Vec<u8>>,
    pub issued_by: Option<Uuid>,
    pub issued_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

/// Unused codes of these accounts stop working.
pub(super) async fn end_codes(
    conn: &mut PgConnection,
    accounts: &[Uuid],
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE account_code SET expires_at = $2
         WHERE account = ANY($1) AND used_at IS NULL AND expires_at > $2",
        accounts,
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// Unused codes of a member stop working that somebody other than `by` handed
/// out; those of the operator stay.
pub(crate) async fn end_codes_of_others(
    conn: &mut PgConnection,
    member: MemberId,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<(), Error> {
    sqlx::query!(
        "UPDATE account_code SET expires_at = $3
         WHERE account = (SELECT id FROM account WHERE member = $1)
           AND used_at IS NULL AND expires_at > $3
           AND issued_by IS NOT NULL AND issued_by IS DISTINCT FROM $2",
        member.0,
        by.map(|account| account.0),
        now
    )
    .execute(conn)
    .await?;
    Ok(())
}

pub(super) async fn replace_codes(conn: &mut PgConnection, new: NewCodes) -> Result<(), Error> {
    end_codes(conn, &new.accounts, new.issued_at).await?;
    sqlx::query!(
        "INSERT INTO account_code (id, account, code_hash, issued_at, issued_by, expires_at)
         SELECT id, account, code_hash, $4, $5, $6
         FROM unnest($1::uuid[], $2::uuid[], $3::bytea[]) AS new (id, account, code_hash)",
        &new.ids,
        &new.accounts,
        &new.hashes,
        new.issued_at,
        new.issued_by,
        new.expires_at
    )
    .execute(conn)
    .await?;
    Ok(())
}

/// An account whose code was just used.
pub(super) struct Redeemed {
    pub account: Uuid,
    pub organisation: Uuid,
    pub was_active: bool,
}

/// Uses a code and sets the password, in one statement. The member stays where
/// they are until the transaction ends: the figures follow the unit that the
/// event names, and a move counts an account with whichever unit it finds it in.
pub(super) async fn redeem(
    conn: &mut PgConnection,
    code_hash: &[u8],
    password: &str,
    now: OffsetDateTime,
) -> Result<Option<Redeemed>, Error> {
    let row = sqlx::query_as!(
        Redeemed,
        r#"WITH used AS (
               UPDATE account_code SET used_at = $3
               WHERE code_hash = $1 AND used_at IS NULL AND expires_at > $3
               RETURNING account),
           person AS (
               SELECT a.id, a.state, m.organisation FROM used
               JOIN account a ON a.id = used.account JOIN member m ON m.id = a.member
               WHERE m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased')
               FOR SHARE OF m),
           changed AS (
               UPDATE account SET password = $2, state = 'active', withdrawn_at = NULL,
                      activated_at = CASE WHEN account.state = 'active' THEN activated_at ELSE $3 END
               FROM person WHERE account.id = person.id)
           SELECT id AS account, organisation, state = 'active' AS "was_active!" FROM person"#,
        code_hash,
        password,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(row)
}

/// Whether a code can still be used.
pub(super) struct CodeState {
    pub used: bool,
    pub fresh: bool,
}

/// `None` when the code was never given out.
pub(super) async fn code_state(
    conn: &mut PgConnection,
    code_hash: &[u8],
    now: OffsetDateTime,
) -> Result<Option<CodeState>, Error> {
    let state = sqlx::query_as!(
        CodeState,
        r#"SELECT used_at IS NOT NULL AS "used!", expires_at > $2 AS "fresh!"
           FROM account_code WHERE code_hash = $1"#,
        code_hash,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(state)
}

/// Keeps members where they are until the transaction ends, for what is counted
/// with their units, and lets nobody else decide meanwhile what they may become.
/// Says which units those are.
pub(crate) async fn hold(
    conn: &mut PgConnection,
    members: &[Uuid],
) -> Result<Vec<OrganisationId>, Error> {
    let units = sqlx::query_scalar!(
        "SELECT organisation FROM member WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE",
        members
    )
    .fetch_all(conn)
    .await?;
    Ok(units.into_iter().map(Into::into).collect())
}

/// Withdraws an active account. Says whose it was.
pub(super) async fn withdraw(
    conn: &mut PgConnection,
    member: MemberId,
    now: OffsetDateTime,
) -> Result<Option<AccountId>, Error> {
    let account = sqlx::query_scalar!(
        "UPDATE account SET state = 'withdrawn', withdrawn_at = $2
         WHERE member = $1 AND state = 'active' RETURNING id",
        member.0,
        now
    )
    .fetch_optional(conn)
    .await?;
    Ok(account.map(Into::into))
}

/// A unit by its identifier: name and path.
pub(super) async fn unit(
    conn: &mut PgConnection,
    id: OrganisationId,
) -> Result<Option<(String, String)>, Error> {
    let row = sqlx::query!(
        "SELECT name, path FROM organisation WHERE id = $1 AND dissolved_on IS NULL",
        id.0
    )
    .fetch_optional(conn)
    .await?;
    Ok(row.map(|row| (row.name, row.path)))
}

/// The secretaries of a branch: name and phone.
pub(super) async fn secretaries(
    conn: &mut PgConnection,
    organisation: OrganisationId,
) -> Result<Vec<(String, Option<String>)>, Error> {
    let rows = sqlx::query!(
        "SELECT m.full_name, m.phone FROM role_grant g JOIN member m ON m.id = g.member
         WHERE g.organisation = $1 AND g.role = 'secretary' AND g.revoked_at IS NULL
         ORDER BY m.name_sort LIMIT 3",
        organisation.0
    )
    .fetch_all(conn)
    .await?;
    Ok(rows.into_iter().map(|row| (row.full_name, row.phone)).collect())
}
