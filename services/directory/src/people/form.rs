//! The form of a member's record, empty or filled in, and adding a member by it.

use super::{NewMember, add_in, fields::MemberForm};
use crate::{
    member::{STANDINGS, STATUSES},
    organisation::{onto, reachable},
};
use askama::Template;
use axum::extract::Query;
use kernel::{Error, Errors, MemberId};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, Done, Failure, Input, Page, View};

/// The form, for a new member or for one who is there.
#[derive(Template, Serialize, ToSchema)]
#[template(path = "member_form.html")]
pub(super) struct MemberFormPage {
    /// Whose record it is; none for a new one.
    #[schema(value_type = Option<uuid::Uuid>)]
    id: Option<MemberId>,
    form: MemberForm,
    #[serde(skip)]
    errors: Errors,
}

impl MemberFormPage {
    pub(super) fn new(id: Option<MemberId>, form: MemberForm, errors: Errors) -> Self {
        // What concerns the whole request is said at the status, which causes it.
        Self { id, form, errors: onto("status", errors) }
    }

    fn heading(&self) -> &'static str {
        if self.id.is_some() { "Sửa thông tin đảng viên" } else { "Thêm đảng viên" }
    }

    fn action(&self) -> String {
        self.id.map_or_else(|| "/members".into(), |id| format!("/members/{id}"))
    }

    fn standings() -> [(&'static str, &'static str); 2] {
        STANDINGS
    }

    fn statuses() -> [(&'static str, &'static str); 9] {
        STATUSES
    }
}

impl Page for MemberFormPage {
    fn title(&self) -> String {
        if self.errors.0.is_empty() {
            self.heading().into()
        } else {
            format!("Cần sửa: {}", self.heading())
        }
    }
}

/// What the form may start from.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Start {
    /// The branch: identifier or code.
    unit: String,
}

/// The form for a new member.
#[utoipa::path(get, path = "/members/new", operation_id = "member.new", tag = "members", params(Start),
    responses((status = 200, body = MemberFormPage)))]
pub(super) async fn form(
    ctx: Ctx,
    Query(start): Query<Start>,
) -> web::Result<View<MemberFormPage>> {
    let unit = super::unit(&mut *ctx.read().await?, &start.unit).await?;
    let form = MemberForm {
        organisation: unit
            .filter(|unit| ctx.may("member.add", &unit.path))
            .map(|unit| unit.code)
            .unwrap_or_default(),
        standing: "official".into(),
        status: "active".into(),
        ..MemberForm::default()
    };
    Ok(View(MemberFormPage::new(None, form, Errors::default())))
}

/// A member who is now on the roster.
#[derive(Serialize, ToSchema)]
pub(super) struct Added {
    #[schema(value_type = uuid::Uuid)]
    id: MemberId,
}

/// Adds a member to a branch.
#[utoipa::path(post, path = "/members", operation_id = "member.add", tag = "members",
    request_body(content((MemberForm = "application/json"), (MemberForm = "application/x-www-form-urlencoded"))),
    responses((status = 201, body = Added), (status = 422, description = "A field does not fit")))]
pub(super) async fn add(ctx: Ctx, Input(form): Input<MemberForm>) -> web::Result<Done<Added>> {
    match submit(&ctx, &form).await {
        Ok(id) => {
            Ok(Done::created(format!("/members/{id}"), Added { id }).flash("Đã thêm đảng viên."))
        }
        Err(error) => Err(Failure::form(error, |errors| MemberFormPage::new(None, form, errors))),
    }
}

async fn submit(ctx: &Ctx, form: &MemberForm) -> Result<MemberId, Error> {
    let mut tx = ctx.begin().await?;
    let mut errors = Errors::default();
    let branch =
        reachable(ctx, &mut tx, "member.add", "organisation", &form.organisation, &mut errors)
            .await?;
    let record = form.read(ctx.world().today(), &mut errors);
    if let Some(branch) = &branch {
        super::check_home(branch, &mut errors);
    }
    let Some(branch) = branch else { return Err(Error::Invalid(errors)) };
    errors.or(())?;
    let id =
        add_in(&mut tx, ctx.world(), ctx.account(), NewMember { organisation: branch.id, record })
            .await?;
    tx.commit().await?;
    Ok(id)
}
