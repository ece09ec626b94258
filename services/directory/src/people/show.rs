//! One member: what the roster says, positions, roles, account.

use super::{account_words, store};
use crate::member::{STANDINGS, STATUSES, label, on_roll};
use askama::Template;
use axum::extract::Path;
use kernel::{
    Error, MemberId, OrganisationId, Role,
    viet::{self, Day},
};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use web::{Ctx, Page, View};

/// A position that the member holds or held.
#[derive(Serialize, ToSchema)]
struct Position {
    id: Uuid,
    title: String,
    organisation: String,
    #[schema(value_type = time::Date)]
    from: Day,
    #[schema(value_type = Option<time::Date>)]
    to: Option<Day>,
}

/// A role that holds.
#[derive(Serialize, ToSchema)]
struct Held {
    id: Uuid,
    /// `secretary`, `committee`, …
    role: String,
    organisation: String,
    /// Whether the reader may take it away.
    #[serde(skip)]
    may_revoke: bool,
}

impl Held {
    fn role_label(&self) -> &'static str {
        self.role.parse::<Role>().map_or("", Role::label)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "member_show.html")]
pub(super) struct MemberPage {
    #[schema(value_type = Uuid)]
    id: MemberId,
    name: String,
    #[schema(value_type = Uuid)]
    organisation: OrganisationId,
    organisation_name: String,
    #[schema(value_type = Option<time::Date>)]
    birth_date: Option<Day>,
    sex: Option<String>,
    #[schema(value_type = Option<time::Date>)]
    admitted_on: Option<Day>,
    #[schema(value_type = Option<time::Date>)]
    official_on: Option<Day>,
    card_number: Option<String>,
    file_number: Option<String>,
    phone: Option<String>,
    standing: String,
    status: String,
    has_smartphone: bool,
    /// `invited`, `active`, `withdrawn`, or none.
    account: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    activated_at: Option<time::OffsetDateTime>,
    positions: Vec<Position>,
    roles: Vec<Held>,
    #[serde(skip)]
    may: May,
}

/// What the reader may do here, as far as it makes sense.
#[expect(clippy::struct_excessive_bools, reason = "one for each button")]
struct May {
    edit: bool,
    invite: bool,
    withdraw: bool,
    take: bool,
    leave: bool,
    grant: bool,
}

impl Page for MemberPage {
    fn title(&self) -> String {
        self.name.clone()
    }
}

impl MemberPage {
    /// What the roster says, as far as it says anything.
    fn facts(&self) -> Vec<(&'static str, String)> {
        let day = |date: Option<Day>| date.map(|day| day.to_string());
        let text = |text: &Option<String>| text.clone();
        let sex =
            self.sex.as_deref().map(|sex| if sex == "female" { "Nữ" } else { "Nam" }.to_owned());
        [
            ("Ngày sinh", day(self.birth_date)),
            ("Giới tính", sex),
            ("Số điện thoại", text(&self.phone)),
            (
                "Điện thoại thông minh",
                Some(if self.has_smartphone { "Có" } else { "Không" }.into()),
            ),
            ("Đảng viên", Some(label(&STANDINGS, &self.standing).into())),
            ("Tình trạng", Some(label(&STATUSES, &self.status).into())),
            ("Ngày vào Đảng", day(self.admitted_on)),
            ("Ngày chính thức", day(self.official_on)),
            ("Số thẻ đảng viên", text(&self.card_number)),
            ("Số lý lịch", text(&self.file_number)),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
    }

    fn account_words(&self) -> (&'static str, &'static str) {
        account_words(self.account.as_deref())
    }

    fn activated(&self) -> String {
        self.activated_at.map(viet::format_datetime).unwrap_or_default()
    }

    fn invite_words(&self) -> &'static str {
        if self.is_active() {
            "Cấp mã đặt lại mật khẩu"
        } else {
            "In phiếu kích hoạt"
        }
    }

    fn is_active(&self) -> bool {
        self.account.as_deref() == Some("active")
    }
}

/// One member.
#[utoipa::path(get, path = "/members/{id}", operation_id = "member.show", tag = "members",
    params(("id" = Uuid, Path, description = "The member")),
    responses((status = 200, body = MemberPage), (status = 404, description = "No such member within reach")))]
pub(super) async fn show(ctx: Ctx, Path(id): Path<String>) -> web::Result<View<MemberPage>> {
    let id: MemberId = id.parse().map_err(|_| Error::NotFound)?;
    let mut conn = ctx.read().await?;
    let person = store::person(&mut conn, id).await?.ok_or(Error::NotFound)?;
    let path = person.path;
    ctx.authorise(&path)?;
    let positions = store::positions(&mut conn, id).await?;
    let roles = store::roles_of(&mut conn, id).await?;
    let rolled = on_roll(&person.record.status);
    let active = person.account.as_deref() == Some("active");
    let record = person.record;
    let invite = crate::account::invite::may_hand(
        &ctx,
        &path,
        person.account.as_deref(),
        roles.iter().map(|g| (g.role.as_str(), &g.path)),
    );
    Ok(View(MemberPage {
        id,
        name: record.full_name,
        organisation: person.organisation,
        organisation_name: person.organisation_name,
        birth_date: record.birth_date.map(Day),
        sex: record.sex,
        admitted_on: record.admitted_on.map(Day),
        official_on: record.official_on.map(Day),
        card_number: record.card_number,
        file_number: record.file_number,
        phone: record.phone,
        standing: record.standing,
        status: record.status,
        has_smartphone: record.has_smartphone,
        account: person.account,
        activated_at: person.activated_at.filter(|_| active),
        positions: positions
            .into_iter()
            .map(|p| Position {
                id: p.id,
                title: p.title,
                organisation: p.organisation,
                from: Day(p.held_from),
                to: p.held_to.map(Day),
            })
            .collect(),
        roles: roles
            .into_iter()
            .map(|g| Held {
                may_revoke: ctx.may("role.revoke", &g.path),
                id: g.id,
                role: g.role,
                organisation: g.organisation,
            })
            .collect(),
        may: May {
            edit: ctx.may("member.change", &path),
            invite: rolled && invite,
            withdraw: active && ctx.may("account.withdraw", &path),
            take: rolled && ctx.may("position.take", &path),
            leave: ctx.may("position.leave", &path),
            grant: rolled && ctx.may("role.grant", &path),
        },
    }))
}
