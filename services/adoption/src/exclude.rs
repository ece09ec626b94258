//! `POST /adoption/exclusions`

use crate::{
    exclude_form::ExcludePage,
    exclusion::{ExclusionForm, NewExclusion},
    store::{self, Organisation},
};
use kernel::{AccountId, Error, ExclusionId, Result, World};
use serde::Serialize;
use sqlx::PgConnection;
use tenancy::{NewEvent, TenantTx};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input};

/// The new line of the ledger.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recorded {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    id: ExclusionId,
}

/// Excludes a unit, with all below it, from the adjusted figures for a time.
#[utoipa::path(post, path = "/adoption/exclusions", operation_id = "adoption.exclude", tag = "adoption",
    request_body(content((ExclusionForm = "application/json"), (ExclusionForm = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Recorded), (status = 404, description = "No such unit within reach."),
        (status = 409, description = "The unit is excluded already at some time of that period."),
        (status = 422, description = "Fields need mending.")))]
pub async fn exclude(ctx: Ctx, Input(form): Input<ExclusionForm>) -> web::Result<Done<Recorded>> {
    let mut tx = ctx.begin().await?;
    let unit = chosen(&ctx, &mut tx, &form).await?;
    let outcome = match NewExclusion::parse(&form) {
        Ok(input) => exclude_in(&mut tx, ctx.world(), ctx.account(), input).await,
        Err(error) => Err(error),
    };
    match outcome {
        Ok(id) => {
            tx.commit().await?;
            Ok(Done::created("/adoption/exclusions", Recorded { id })
                .flash("Đã ghi vào sổ loại trừ."))
        }
        Err(error) => {
            let page = ExcludePage::load(&ctx, &mut tx, form, unit.as_ref()).await?;
            Err(Failure::form(error, |errors| page.with_errors(errors)))
        }
    }
}

/// The unit of the form: none when there is nothing that could be one.
async fn chosen(
    ctx: &Ctx,
    conn: &mut PgConnection,
    form: &ExclusionForm,
) -> Result<Option<Organisation>> {
    let Ok(id) = form.organisation.parse() else { return Ok(None) };
    let unit = store::organisation(conn, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&unit.path)?;
    Ok(Some(unit))
}

/// Enters an exclusion in the ledger, with event `adoption.excluded`. Whether
/// `by` may do it is the caller's question; none is the operator at the command
/// line.
///
/// # Errors
/// [`Error::Invalid`] when the input breaks a rule, [`Error::NotFound`] when
/// there is no such unit, [`Error::Conflict`] when it is excluded already at
/// some time of that period.
pub async fn exclude_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    input: NewExclusion,
) -> Result<ExclusionId> {
    input.check()?;
    let unit = store::organisation(tx, input.organisation).await?.ok_or(Error::NotFound)?;
    if store::overlaps(tx, &input).await? {
        return Err(Error::Conflict(
            "Đơn vị này đã có một lần loại trừ trùng thời gian. Hãy xem sổ loại trừ, kết thúc lần đó hoặc chọn thời gian khác.".into(),
        ));
    }
    let id: ExclusionId = world.id();
    store::insert_exclusion(tx, id, &input, world.now(), by).await?;
    let event = NewEvent::new("adoption.excluded").by(by).in_organisation(unit.id).on(id).with(
        serde_json::json!({
            "reason": input.reason,
            "excluded_from": input.excluded_from.to_string(),
            "excluded_to": input.excluded_to.map(|date| date.to_string()),
        }),
    )?;
    tx.record(world, event).await?;
    Ok(id)
}
