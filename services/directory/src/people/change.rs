//! Changing what is known of a member, and moving them to another branch.

use super::{
    fields::{MemberForm, Record},
    form::MemberFormPage,
    store,
};
use crate::{
    member::{Counted, Deltas, on_roll},
    organisation::reachable,
};
use axum::extract::Path;
use kernel::{AccountId, Error, Errors, MemberId, OrganisationId, World, viet};
use serde::Serialize;
use tenancy::{NewEvent, TenantTx};
use utoipa::ToSchema;
use web::{Ctx, Done, Failure, Input, View};

/// The form of a member who is there.
#[utoipa::path(get, path = "/members/{id}/edit", operation_id = "member.edit", tag = "members",
    params(("id" = uuid::Uuid, Path, description = "The member")),
    responses((status = 200, body = MemberFormPage), (status = 404, description = "No such member within reach")))]
pub(super) async fn edit(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<MemberFormPage>> {
    let person = reach(&ctx, &id).await?;
    let form = MemberForm::of(&person.record, person.code);
    Ok(View(MemberFormPage::new(Some(person.id), form, Errors::default())))
}

/// The member that an address names, if the actor may do this there.
pub(super) async fn reach(ctx: &Ctx, id: &str) -> Result<store::Person, Error> {
    let id: MemberId = id.parse().map_err(|_| Error::NotFound)?;
    let person = store::person(&mut *ctx.read().await?, id).await?.ok_or(Error::NotFound)?;
    ctx.authorise(&person.path)?;
    Ok(person)
}

/// What came of it.
#[derive(Serialize, ToSchema)]
#[schema(as = MemberChanged)]
pub(super) struct Changed {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
    /// Whether anything is other than before.
    changed: bool,
}

/// Changes a member's record; another branch's code moves them there.
#[utoipa::path(post, path = "/members/{id}", operation_id = "member.change", tag = "members",
    params(("id" = uuid::Uuid, Path, description = "The member")),
    request_body(content((MemberForm = "application/json"), (MemberForm = "application/x-www-form-urlencoded"))),
    responses((status = 200, body = Changed), (status = 404, description = "No such member within reach"),
        (status = 409, description = "The last administrator cannot leave"),
        (status = 422, description = "A field does not fit")))]
pub(super) async fn change(
    ctx: Ctx,
    Path(id): Path<String>,
    Input(form): Input<MemberForm>,
) -> web::Result<Done<Changed>> {
    let person = reach(&ctx, &id).await?;
    let id = person.id;
    match submit(&ctx, &person, &form).await {
        Ok(changed) => {
            let words = if changed {
                "Đã lưu thông tin đảng viên."
            } else {
                "Không có gì thay đổi."
            };
            Ok(Done::new(format!("/members/{id}"), Changed { id, changed }).flash(words))
        }
        Err(error) => {
            Err(Failure::form(error, |errors| MemberFormPage::new(Some(id), form, errors)))
        }
    }
}

async fn submit(ctx: &Ctx, person: &store::Person, form: &MemberForm) -> Result<bool, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let home = if viet::normalise(&form.organisation) == person.code {
        Some(person.organisation)
    } else {
        let branch = reachable(
            ctx,
            &mut tx,
            "member.change",
            "organisation",
            &form.organisation,
            &mut errors,
        )
        .await?;
        branch.map(|branch| {
            super::check_home(&branch, &mut errors);
            branch.id
        })
    };
    let record = form.read(ctx.world().today(), &mut errors);
    let Some(home) = home else { return Err(Error::Invalid(errors)) };
    errors.or(())?;
    let changed = change_in(&mut tx, ctx.world(), ctx.account(), person.id, home, &record).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Changes a member's record and home. Says whether anything changed.
///
/// # Errors
/// [`Error::NotFound`] without such a member or living organisation;
/// [`Error::Invalid`] when the card or file number is another member's;
/// [`Error::Conflict`] when the tenant would lose its last administrator.
pub async fn change_in(
    tx: &mut TenantTx,
    world: &World,
    by: Option<AccountId>,
    id: MemberId,
    organisation: OrganisationId,
    record: &Record,
) -> Result<bool, Error> {
    let before = store::hold_person(tx, id).await?.ok_or(Error::NotFound)?;
    let fields = different(&before.record, record);
    let moved = before.organisation != organisation;
    if fields.is_empty() && !moved {
        return Ok(false);
    }
    if moved {
        store::hold_unit(tx, organisation).await?.ok_or(Error::NotFound)?;
    }
    super::duplicates(tx, id, record).await?;
    if on_roll(&before.record.status) && !on_roll(&record.status) {
        super::keep_an_admin(tx, id).await?;
    }
    store::update(tx, id, organisation, record, world.now()).await?;
    let activated = before.account.as_deref() == Some("active");
    let counted = |organisation, record: &Record| Counted {
        organisation,
        member: on_roll(&record.status),
        smartphone: record.has_smartphone,
        activated,
    };
    let mut deltas = Deltas::default();
    deltas.change(
        Some(counted(before.organisation, &before.record)),
        Some(counted(organisation, record)),
    );
    let event = NewEvent::new("member.changed").by(by).in_organisation(organisation).on(id).with(
        serde_json::json!({
            "fields": fields,
            "from": moved.then_some(before.organisation),
            "deltas": deltas.list(),
        }),
    )?;
    tx.record(world, event).await?;
    Ok(true)
}

/// The names of the fields that differ; never what they hold.
fn different(a: &Record, b: &Record) -> Vec<&'static str> {
    [
        ("full_name", a.full_name != b.full_name),
        ("birth_date", a.birth_date != b.birth_date),
        ("sex", a.sex != b.sex),
        ("admitted_on", a.admitted_on != b.admitted_on),
        ("official_on", a.official_on != b.official_on),
        ("card_number", a.card_number != b.card_number),
        ("file_number", a.file_number != b.file_number),
        ("phone", a.phone != b.phone),
        ("standing", a.standing != b.standing),
        ("status", a.status != b.status),
        ("has_smartphone", a.has_smartphone != b.has_smartphone),
    ]
    .into_iter()
    .filter_map(|(field, differs)| differs.then_some(field))
    .collect()
}

#[cfg(test)]
mod tests {
    use super::{Record, different};

    #[test]
    fn an_event_names_fields_and_not_what_they_hold() {
        let record = Record {
            full_name: "Lê Thị Lan".into(),
            birth_date: None,
            sex: None,
            admitted_on: None,
            official_on: None,
            card_number: None,
            file_number: Some("1".into()),
            phone: None,
            standing: "official".into(),
            status: "active".into(),
            has_smartphone: false,
        };
        assert_eq!(different(&record, &record.clone()), [""; 0]);
        let other =
            Record { phone: Some("0912345678".into()), status: "exempt".into(), ..record.clone() };
        assert_eq!(different(&record, &other), ["phone", "status"]);
    }
}
