//! Where a member lands from the QR code, or types the code. Changes nothing.

use crate::{
    roll::{Presence, Via, since},
    store::arrival,
};
use axum::extract::Query;
use kernel::{Error, Errors, MeetingId, Result};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Ctx, Failure, View};

/// What the QR code carries.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct CheckInQuery {
    /// The meeting's code.
    code: String,
    /// `qr` when it was scanned.
    via: String,
}

/// The meeting that the code belongs to.
#[derive(Serialize, ToSchema)]
pub struct Found {
    /// The meeting.
    pub id: Uuid,
    /// Its title.
    pub title: String,
    /// The branch that holds it.
    pub organisation: String,
    /// Where.
    pub place: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// How the reader stands, when it is recorded.
    pub state: Option<Presence>,
    /// Since when.
    #[serde(with = "time::serde::rfc3339::option")]
    pub at: Option<OffsetDateTime>,
}

impl Found {
    fn since(&self) -> String {
        since(self.at)
    }
}

/// One button to press, or a code to type.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "check_in.html")]
pub struct CheckInPage {
    /// The code, as it is stored.
    pub code: String,
    /// How it came here.
    pub via: Via,
    /// The meeting, once the code is known to be right.
    pub meeting: Option<Found>,
    #[serde(skip)]
    errors: Errors,
}

impl CheckInPage {
    /// The form for a code, with what is wrong with it.
    pub(crate) fn asking(code: &str, via: Via, errors: Errors) -> Self {
        Self { code: code.to_owned(), via, meeting: None, errors }
    }
}

impl web::Page for CheckInPage {
    fn title(&self) -> String {
        "Điểm danh".into()
    }
}

/// A code as people type it: case, spaces and dashes do not matter.
pub(crate) fn plain(code: &str) -> String {
    code.chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_uppercase())
        .take(32)
        .collect()
}

pub(crate) fn via(text: &str) -> Via {
    if text == Via::Qr.name() { Via::Qr } else { Via::Code }
}

/// The code is of no meeting that the member is summoned to; whether another
/// branch has it is not told.
pub(crate) fn unknown() -> Error {
    Error::field(
        "code",
        "Không có buổi sinh hoạt nào của chi bộ đồng chí mang mã này. Hãy xem lại mã trên màn hình, hoặc nhờ bí thư điểm danh giúp.",
    )
}

/// The code has been of a meeting that is over.
pub(crate) fn over() -> Error {
    Error::Gone(
        "Buổi sinh hoạt này đã kết thúc nên không điểm danh được nữa. Nếu đồng chí đã có mặt, xin báo bí thư chi bộ.".into(),
    )
}

/// Where to say that one is here.
#[utoipa::path(get, path = "/meetings/check-in", operation_id = "meeting.check_in_form", tag = "meetings",
    params(CheckInQuery),
    responses((status = 200, body = CheckInPage), (status = 410, description = "The meeting is over"),
        (status = 422, description = "No such code")))]
pub async fn check_in_form(
    ctx: Ctx,
    Query(query): Query<CheckInQuery>,
) -> web::Result<View<CheckInPage>> {
    let (code, via) = (plain(&query.code), via(&query.via));
    if code.is_empty() {
        return Ok(View(CheckInPage::asking("", Via::Code, Errors::default())));
    }
    match find(&ctx, &code).await {
        Ok(found) => {
            Ok(View(CheckInPage { code, via, meeting: Some(found), errors: Errors::default() }))
        }
        Err(error) => Err(Failure::form(error, |errors| CheckInPage::asking(&code, via, errors))),
    }
}

async fn find(ctx: &Ctx, code: &str) -> Result<Found> {
    let mut conn = ctx.read().await?;
    let found =
        arrival::invitation(&mut conn, code, ctx.actor()?.member).await?.ok_or_else(unknown)?;
    // Who was there may come back to see so.
    if !found.open && found.state.is_none() {
        return Err(over());
    }
    Ok(found.into())
}

impl From<arrival::Invitation> for Found {
    fn from(found: arrival::Invitation) -> Self {
        Self {
            id: MeetingId::into(found.id),
            title: found.title,
            organisation: found.organisation_name,
            place: found.place,
            starts_at: found.starts_at,
            state: found.state,
            at: found.at,
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_code_survives_how_people_type_it() {
        assert_eq!(super::plain(" k7q-p3 m\u{a0}"), "K7QP3M");
        assert_eq!(super::plain("mã"), "M");
    }
}
