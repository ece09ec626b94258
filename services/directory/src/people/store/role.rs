//! SQL on roles.

use kernel::{AccountId, MemberId, OrgPath, OrganisationId, Result, Role};
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

/// Grants a role unless it is held. Says whether it was granted.
pub(in crate::people) async fn grant(
    conn: &mut PgConnection,
    id: Uuid,
    member: MemberId,
    organisation: OrganisationId,
    role: Role,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "INSERT INTO role_grant (id, member, organisation, role, granted_at, granted_by) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (member, organisation, role) WHERE revoked_at IS NULL DO NOTHING",
        id,
        member.0,
        organisation.0,
        role.name(),
        now,
        by.map(|account| account.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// A role that somebody holds.
pub(in crate::people) struct HeldRole {
    pub role: String,
    pub member: Uuid,
    pub organisation: Uuid,
    pub path: String,
    /// Whether it is held on the whole tenant.
    pub is_root: bool,
}

/// A role that holds, by its grant.
pub(in crate::people) async fn held_role(
    conn: &mut PgConnection,
    id: Uuid,
) -> Result<Option<HeldRole>> {
    Ok(sqlx::query_as!(
        HeldRole,
        r#"SELECT g.role, g.member, g.organisation, o.path, o.parent IS NULL AS "is_root!"
           FROM role_grant g JOIN organisation o ON o.id = g.organisation
           WHERE g.id = $1 AND g.revoked_at IS NULL"#,
        id
    )
    .fetch_optional(conn)
    .await?)
}

/// Whether a member is the only one on the roll who administers the whole
/// tenant. The administrators' grants stay as they are until the transaction ends.
pub(in crate::people) async fn last_admin(
    conn: &mut PgConnection,
    member: MemberId,
) -> Result<bool> {
    let admins = sqlx::query!(
        r#"SELECT g.member, m.status NOT IN ('transferred_out', 'left', 'removed', 'deceased') AS "on_roll!"
           FROM role_grant g JOIN organisation o ON o.id = g.organisation JOIN member m ON m.id = g.member
           WHERE o.parent IS NULL AND g.role = 'tenant_admin' AND g.revoked_at IS NULL
           ORDER BY g.id FOR UPDATE OF g"#
    )
    .fetch_all(conn)
    .await?;
    let holds = admins.iter().any(|admin| admin.member == member.0);
    Ok(holds && !admins.iter().any(|admin| admin.member != member.0 && admin.on_roll))
}

/// Takes a role away. Says whether it was held.
pub(in crate::people) async fn revoke(
    conn: &mut PgConnection,
    id: Uuid,
    by: Option<AccountId>,
    now: OffsetDateTime,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE role_grant SET revoked_at = $2, revoked_by = $3 WHERE id = $1 AND revoked_at IS NULL",
        id,
        now,
        by.map(|account| account.0)
    )
    .execute(conn)
    .await?;
    Ok(done.rows_affected() > 0)
}

/// One of a member's roles.
pub(in crate::people) struct OwnRole {
    pub id: Uuid,
    pub role: String,
    pub organisation: String,
    pub path: OrgPath,
}

/// The roles that a member holds, from the top of the tree down.
pub(in crate::people) async fn roles_of(
    conn: &mut PgConnection,
    member: MemberId,
) -> Result<Vec<OwnRole>> {
    Ok(sqlx::query_as!(
        OwnRole,
        "SELECT g.id, g.role, o.name AS organisation, o.path
         FROM role_grant g JOIN organisation o ON o.id = g.organisation
         WHERE g.member = $1 AND g.revoked_at IS NULL ORDER BY length(o.path), o.path, g.role",
        member.0
    )
    .fetch_all(conn)
    .await?)
}

/// A role of the list.
pub(in crate::people) struct RoleRow {
    pub id: Uuid,
    pub role: String,
    pub granted_at: OffsetDateTime,
    pub member: Uuid,
    pub full_name: String,
    /// The place of the member's home.
    pub home: OrgPath,
    pub organisation: Uuid,
    pub organisation_name: String,
    pub path: OrgPath,
}

/// The roles that are held within reach, at and below a place, from the top of
/// the tree down.
pub(in crate::people) async fn roles(
    conn: &mut PgConnection,
    scopes: &[String],
    path: &str,
    skip: i64,
    most: i64,
) -> Result<Vec<RoleRow>> {
    Ok(sqlx::query_as!(
        RoleRow,
        "SELECT g.id, g.role, g.granted_at, m.id AS member, m.full_name, h.path AS home, o.id AS organisation,
                o.name AS organisation_name, o.path
         FROM role_grant g
         JOIN organisation o ON o.id = g.organisation
         JOIN member m ON m.id = g.member
         JOIN organisation h ON h.id = m.organisation
         WHERE g.revoked_at IS NULL AND starts_with(o.path, $2)
           AND EXISTS (SELECT FROM unnest($1::text[]) AS scope WHERE starts_with(o.path, scope))
         ORDER BY length(o.path), o.name_sort, g.role, m.name_sort, g.id LIMIT $4 OFFSET $3",
        scopes,
        path,
        skip,
        most
    )
    .fetch_all(conn)
    .await?)
}
