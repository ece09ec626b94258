//! Withdrawing a document.

use crate::{document, store};
use axum::extract::Path;
use kernel::{DocumentId, Error};
use serde::{Deserialize, Serialize};
use tenancy::event::NewEvent;
use utoipa::ToSchema;
use web::{Ctx, Done, Input};

/// Nothing needs to be said beside which document.
#[derive(Deserialize)]
pub struct Nothing {}

/// A document that is withdrawn.
#[derive(Serialize, ToSchema)]
#[schema(as = DocumentWithdrawn)]
pub struct Withdrawn {
    /// The document.
    #[schema(value_type = uuid::Uuid)]
    id: DocumentId,
}

/// Withdraws a document; doing it twice changes nothing.
#[utoipa::path(post, path = "/documents/{id}/withdraw", operation_id = "document.withdraw", tag = "documents",
    params(("id" = uuid::Uuid, Path, description = "The document.")),
    responses((status = 200, body = Withdrawn), (status = 404, description = "No such document within reach.")))]
pub async fn withdraw(
    ctx: Ctx,
    Path(id): Path<String>,
    _: Input<Nothing>,
) -> web::Result<Done<Withdrawn>> {
    let id = document::id(&id)?;
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    let document = store::document(&mut tx, id, actor.member).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&document.place)?;
    if store::withdraw(&mut tx, id, ctx.world().now()).await? {
        let event = NewEvent::new("document.withdrawn").by(actor.account);
        tx.record(ctx.world(), event.in_organisation(document.organisation.into()).on(id)).await?;
    }
    tx.commit().await?;
    Ok(Done::new(format!("/documents/{id}"), Withdrawn { id }).flash("Đã thu hồi văn bản."))
}
