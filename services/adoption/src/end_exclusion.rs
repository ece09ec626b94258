//! `POST /adoption/exclusions/{id}/end`

use crate::{
    exclusion,
    exclusions::LedgerPage,
    store::{self, Entry},
};
use axum::extract::Path;
use kernel::{Error, Errors, ExclusionId, Result, viet};
use serde::{Deserialize, Serialize};
use tenancy::{NewEvent, TenantTx};
use time::Date;
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input};

/// What is entered.
#[derive(Clone, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct EndForm {
    /// The day from which the unit counts again: `dd/mm/yyyy` or `yyyy-mm-dd`.
    pub on: String,
}

/// The line of the ledger that was ended.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ExclusionEnded)]
pub struct Ended {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    id: ExclusionId,
}

/// Ends an exclusion: from a day on, the unit counts again.
#[utoipa::path(post, path = "/adoption/exclusions/{id}/end", operation_id = "adoption.end_exclusion", tag = "adoption",
    params(("id" = uuid::Uuid, Path, description = "The line of the ledger.")),
    request_body(content((EndForm = "application/json"), (EndForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Ended), (status = 404, description = "No such exclusion within reach."),
        (status = 409, description = "It has ended by then."), (status = 422, description = "The day needs mending.")))]
pub async fn end_exclusion(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<EndForm>,
) -> web::Result<Done<Ended>> {
    let id: ExclusionId = id.parse().map_err(|_| Error::NotFound)?;
    let mut tx = ctx.begin().await?;
    let entry = store::lock_entry(&mut tx, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&entry.path)?;
    match last_day(&entry, &form.on) {
        Ok(on) => {
            end(&mut tx, &ctx, &entry, on).await?;
            tx.commit().await?;
            Ok(Done::new("/adoption/exclusions", Ended { id })
                .flash("Đã ghi ngày tính lại vào sổ loại trừ."))
        }
        Err(error) => {
            let page = LedgerPage::load(&ctx, &mut tx, Some(id), form.on).await?;
            Err(Failure::form(error, |errors| page.with_errors(errors)))
        }
    }
}

async fn end(tx: &mut TenantTx, ctx: &Ctx, entry: &Entry, on: Date) -> Result<()> {
    store::end_exclusion(tx, entry.id, on).await?;
    let event = NewEvent::new("adoption.exclusion_ended")
        .by(ctx.account())
        .in_organisation(entry.organisation)
        .on(entry.id)
        .with(serde_json::json!({ "excluded_to": on.to_string() }))?;
    tx.record(ctx.world(), event).await?;
    Ok(())
}

/// An exclusion may be shortened, not lengthened: that is a new decision.
fn last_day(entry: &Entry, on: &str) -> Result<Date> {
    let mut errors = Errors::default();
    let Some(on) = exclusion::date(on, "on", &mut errors) else {
        return Err(Error::Invalid(errors));
    };
    if on <= entry.excluded_from {
        let from = viet::format_date(entry.excluded_from);
        return Err(Error::field(
            "on",
            format!("Ngày tính lại phải sau ngày bắt đầu loại trừ ({from})."),
        ));
    }
    if entry.excluded_to.is_some_and(|to| to <= on) {
        return Err(Error::Conflict("Đến ngày ấy đơn vị này đã được tính lại rồi.".into()));
    }
    Ok(on)
}

#[cfg(test)]
mod tests {
    use super::last_day;
    use crate::store::Entry;
    use kernel::{Error, ExclusionId, OrgPath, OrganisationId};
    use time::macros::date;
    use uuid::Uuid;

    #[test]
    fn an_exclusion_ends_after_it_began_and_is_never_lengthened() {
        let mut entry = Entry {
            id: ExclusionId(Uuid::nil()),
            organisation: OrganisationId(Uuid::nil()),
            name: String::new(),
            path: OrgPath("1.".into()),
            reason: "other".into(),
            note: String::new(),
            excluded_from: date!(2024 - 01 - 10),
            excluded_to: None,
            approved_by: String::new(),
        };
        assert!(matches!(last_day(&entry, "10/01/2024"), Err(Error::Invalid(_))));
        assert!(matches!(last_day(&entry, ""), Err(Error::Invalid(_))));
        assert_eq!(last_day(&entry, "11/01/2024").ok(), Some(date!(2024 - 01 - 11)));
        entry.excluded_to = Some(date!(2024 - 06 - 01));
        assert!(matches!(last_day(&entry, "01/06/2024"), Err(Error::Conflict(_))));
        assert!(last_day(&entry, "31/05/2024").is_ok());
    }
}
