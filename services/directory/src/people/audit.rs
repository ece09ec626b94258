//! The trail of what was done, newest first.

use super::{store, trail};
use crate::organisation::words::{address, read_day};
use askama::Template;
use axum::extract::Query;
use kernel::{Errors, EventId, viet};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use time::{Duration, OffsetDateTime, Time};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Ctx, Page, View};

/// Events a page.
const PAGE: usize = 50;

/// Which part of the trail.
#[derive(Clone, Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub(super) struct Which {
    /// Only events of this kind.
    kind: String,
    /// From this day on, `dd/mm/yyyy`.
    from: String,
    /// Up to and including this day, `dd/mm/yyyy`.
    to: String,
    /// Continue after this event, the last of the page before.
    before: String,
}

/// Something that happened.
#[derive(Serialize, ToSchema)]
#[schema(as = AuditItem)]
struct Item {
    #[schema(value_type = Uuid)]
    id: EventId,
    #[serde(with = "time::serde::rfc3339")]
    at: OffsetDateTime,
    kind: String,
    /// Who acted, as far as the trail may say.
    who: String,
    /// Who acted on somebody's behalf.
    assisted_by: Option<String>,
    organisation: Option<String>,
}

impl Item {
    /// What happened; a kind that is not known speaks for itself.
    fn words(&self) -> &str {
        trail::of(&self.kind).map_or(&self.kind, |said| said.words)
    }

    fn when(&self) -> String {
        viet::format_datetime(self.at)
    }
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "audit_list.html")]
pub(super) struct AuditPage {
    kind: String,
    from: String,
    to: String,
    events: Vec<Item>,
    /// Value of `before` for the next page.
    #[schema(value_type = Option<Uuid>)]
    next: Option<EventId>,
    #[serde(skip)]
    first_page: bool,
    #[serde(skip)]
    errors: Errors,
}

impl Page for AuditPage {
    fn title(&self) -> String {
        "Nhật ký".into()
    }
    fn wide(&self) -> bool {
        true
    }
}

impl AuditPage {
    fn kinds() -> impl Iterator<Item = (&'static str, &'static str)> {
        trail::KINDS.iter().map(|said| (said.kind, said.words))
    }

    fn at(&self, before: &str) -> String {
        address(
            "/audit",
            &[("kind", &self.kind), ("from", &self.from), ("to", &self.to), ("before", before)],
        )
    }

    fn start(&self) -> String {
        self.at("")
    }

    fn after(&self) -> String {
        self.next.map(|id| self.at(&id.to_string())).unwrap_or_default()
    }
}

/// What was done within reach, newest first.
#[utoipa::path(get, path = "/audit", operation_id = "audit.list", tag = "audit", params(Which),
    responses((status = 200, body = AuditPage)))]
pub(super) async fn list(ctx: Ctx, Query(which): Query<Which>) -> web::Result<View<AuditPage>> {
    let mut errors = Errors::default();
    let mut moment = |field: &str, text: &str, days: i64| {
        let day = if text.trim().is_empty() { None } else { read_day(field, text, &mut errors) }?;
        Some(
            (day.checked_add(Duration::days(days))?)
                .with_time(Time::MIDNIGHT)
                .assume_offset(viet::HO_CHI_MINH),
        )
    };
    let period =
        store::Period { from: moment("from", &which.from, 0), to: moment("to", &which.to, 1) };
    let before: Option<Uuid> = which.before.parse().ok();
    let most = i64::try_from(PAGE + 1).map_err(kernel::Error::from)?;
    let mut conn = ctx.read().await?;
    let rows =
        store::events(&mut conn, &ctx.scopes(), which.kind.trim(), &period, before, most).await?;
    let more = rows.len() > PAGE;
    let accounts: Vec<Uuid> =
        rows.iter().flat_map(|row| [row.actor, row.assisted_by]).flatten().collect();
    let names: HashMap<Uuid, String> =
        store::account_names(&mut conn, &accounts).await?.into_iter().collect();
    let name = |account: Option<Uuid>| account.and_then(|id| names.get(&id).cloned());
    let events: Vec<Item> = rows
        .into_iter()
        .take(PAGE)
        .map(|row| Item {
            who: trail::who(&row.kind, row.actor.is_some(), name(row.actor).as_deref()),
            assisted_by: name(row.assisted_by),
            id: row.id.into(),
            at: row.at,
            kind: row.kind,
            organisation: row.organisation,
        })
        .collect();
    Ok(View(AuditPage {
        next: events.last().filter(|_| more).map(|event| event.id),
        kind: which.kind,
        from: which.from,
        to: which.to,
        events,
        first_page: before.is_none(),
        errors,
    }))
}
