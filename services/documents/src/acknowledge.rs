//! A member acknowledges having read a document.

use crate::{
    document::{self, Reader},
    store,
    withdraw::Nothing,
};
use axum::extract::Path;
use kernel::{AccountId, DocumentId, Error, MemberId, OrganisationId, Result, World};
use serde::Serialize;
use tenancy::{TenantTx, event::NewEvent};
use utoipa::ToSchema;
use web::{Ctx, Done, Input};

/// Who acknowledges.
#[derive(Clone, Copy, Debug)]
pub struct By {
    /// The account that acts.
    pub account: AccountId,
    /// The member behind it.
    pub member: MemberId,
    /// The member's branch, in which it counts.
    pub branch: OrganisationId,
}

/// A document that the reader has acknowledged.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentAcknowledged)]
pub struct Acknowledged {
    /// The document.
    #[schema(value_type = uuid::Uuid)]
    id: DocumentId,
    /// Whether this was the first time.
    first: bool,
}

/// Acknowledges a document that is meant for the member. Answers whether for
/// the first time; only then is there an event.
///
/// # Errors
/// When the database refuses.
pub async fn acknowledge_in(
    tx: &mut TenantTx,
    world: &World,
    by: By,
    id: DocumentId,
) -> Result<bool> {
    let first = store::acknowledge(tx, id, by.member, world.now()).await?;
    if first {
        let event =
            NewEvent::new("document.acknowledged").by(by.account).in_organisation(by.branch).on(id);
        tx.record(world, event).await?;
    }
    Ok(first)
}

/// Acknowledges having read a document; doing it twice changes nothing.
#[utoipa::path(post, path = "/documents/{id}/acknowledge", operation_id = "document.acknowledge", tag = "documents",
    params(("id" = uuid::Uuid, Path, description = "The document.")),
    responses((status = 200, body = Acknowledged),
        (status = 403, description = "The document is not meant for the reader's branch."),
        (status = 404, description = "No such document within reach."),
        (status = 409, description = "The document is withdrawn.")))]
pub async fn acknowledge(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<Nothing>,
) -> web::Result<Done<Acknowledged>> {
    let id = document::id(&id)?;
    let actor = ctx.actor()?;
    let reader = Reader::of(&ctx)?;
    let mut tx = ctx.begin().await?;
    let document = store::document(&mut tx, id, reader.member).await?.ok_or(Error::NotFound)?;
    if !reader.sees(&document.place) {
        return Err(Error::NotFound.into());
    }
    if !reader.addressed(&document.place) {
        return Err(Error::Forbidden(
            "Văn bản này không gửi tới chi bộ của đồng chí nên không cần xác nhận.".into(),
        )
        .into());
    }
    if document.withdrawn_at.is_some() {
        return Err(Error::Conflict(
            "Văn bản này đã được thu hồi nên không cần xác nhận nữa.".into(),
        )
        .into());
    }
    let by = By { account: actor.account, member: actor.member, branch: actor.organisation };
    let first = acknowledge_in(&mut tx, ctx.world(), by, id).await?;
    tx.commit().await?;
    Ok(Done::new(format!("/documents/{id}"), Acknowledged { id, first })
        .flash("Đã ghi nhận đồng chí đã đọc văn bản."))
}
