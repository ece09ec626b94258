//! `GET /adoption/exclusions`

use crate::{
    exclusion::{self, Reason},
    share::iso,
    store::{self, Entry},
};
use axum::extract::Query;
use kernel::{Errors, ExclusionId, Result, viet};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;
use time::Date;
use utoipa::{IntoParams, ToSchema};
use web::{Ctx, View};

/// Which line to end.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Ask {
    /// The line whose end is about to be entered; pages only.
    pub end: String,
}

/// The exclusion ledger, as far as the actor's reach goes.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "exclusions.html")]
pub struct LedgerPage {
    /// The lines, the newest first.
    exclusions: Vec<Line>,
    /// The line that is about to be ended.
    #[serde(skip)]
    ending: Option<Line>,
    #[serde(skip)]
    on: String,
    #[serde(skip)]
    may_exclude: bool,
    #[serde(skip)]
    errors: Errors,
}

/// A line of the ledger.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Line {
    /// Its identifier.
    #[schema(value_type = uuid::Uuid)]
    pub id: ExclusionId,
    /// The unit.
    #[schema(value_type = uuid::Uuid)]
    pub organisation: kernel::OrganisationId,
    /// Its name at present.
    pub name: String,
    /// Why.
    pub reason: Reason,
    /// More about why.
    pub note: String,
    /// The first day on which it holds.
    #[serde(serialize_with = "iso")]
    pub excluded_from: Date,
    /// The first day on which it no longer holds.
    #[serde(serialize_with = "iso")]
    pub excluded_to: Option<Date>,
    /// Who approved it.
    pub approved_by: String,
    /// How it stands today.
    pub state: State,
    #[serde(skip)]
    may_end: bool,
}

/// How an exclusion stands on a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ExclusionState)]
pub enum State {
    /// It has yet to begin.
    Upcoming,
    /// It holds.
    Current,
    /// It holds no more.
    Ended,
}

impl State {
    fn of(from: Date, to: Option<Date>, today: Date) -> Self {
        if to.is_some_and(|to| to <= today) {
            State::Ended
        } else if from > today {
            State::Upcoming
        } else {
            State::Current
        }
    }
}

impl Line {
    fn new(entry: Entry, today: Date, ctx: &Ctx) -> Result<Self> {
        let state = State::of(entry.excluded_from, entry.excluded_to, today);
        Ok(Self {
            id: entry.id,
            organisation: entry.organisation,
            name: entry.name,
            reason: entry.reason.parse().map_err(kernel::Error::internal)?,
            note: entry.note,
            excluded_from: entry.excluded_from,
            excluded_to: entry.excluded_to,
            approved_by: entry.approved_by,
            may_end: state != State::Ended && ctx.may("adoption.end_exclusion", &entry.path),
            state,
        })
    }

    /// The reason and the note in one line.
    #[must_use]
    pub fn reason_text(&self) -> String {
        exclusion::in_words(self.reason, &self.note)
    }

    /// From when until when, as people read it.
    #[must_use]
    pub fn period_text(&self) -> String {
        let from = viet::format_date(self.excluded_from);
        match self.excluded_to {
            Some(to) => format!("Từ {from}, tính lại từ {}", viet::format_date(to)),
            None => format!("Từ {from}, chưa định ngày tính lại"),
        }
    }

    /// How it stands, as people read it.
    #[must_use]
    pub fn state_text(&self) -> &'static str {
        match self.state {
            State::Upcoming => "Chưa đến ngày",
            State::Current => "Đang loại trừ",
            State::Ended => "Đã tính lại",
        }
    }

    /// The colour of its tag.
    #[must_use]
    pub fn colour(&self) -> &'static str {
        if self.state == State::Current { "yellow" } else { "grey" }
    }
}

impl web::Page for LedgerPage {
    fn title(&self) -> String {
        "Sổ loại trừ".into()
    }

    fn wide(&self) -> bool {
        true
    }
}

impl LedgerPage {
    /// The same, with what to mend.
    pub(crate) fn with_errors(self, errors: Errors) -> Self {
        Self { errors, ..self }
    }

    /// The ledger with the form for the end of a line, if one is named.
    pub(crate) async fn load(
        ctx: &Ctx,
        conn: &mut PgConnection,
        end: Option<ExclusionId>,
        on: String,
    ) -> Result<Self> {
        let today = ctx.world().today();
        let exclusions = store::ledger(conn, &ctx.scopes_for("adoption.exclusions"))
            .await?
            .into_iter()
            .map(|entry| Line::new(entry, today, ctx))
            .collect::<Result<Vec<_>>>()?;
        Ok(Self {
            ending: exclusions.iter().find(|line| line.may_end && Some(line.id) == end).cloned(),
            exclusions,
            on,
            may_exclude: ctx.may_somewhere("adoption.exclude"),
            errors: Errors::default(),
        })
    }
}

/// Lists the exclusion ledger of the units within reach.
#[utoipa::path(get, path = "/adoption/exclusions", operation_id = "adoption.exclusions", tag = "adoption",
    params(Ask), responses((status = 200, body = LedgerPage)))]
pub async fn exclusions(ctx: Ctx, Query(ask): Query<Ask>) -> web::Result<View<LedgerPage>> {
    let mut conn = ctx.read().await?;
    Ok(View(LedgerPage::load(&ctx, &mut conn, ask.end.parse().ok(), String::new()).await?))
}

#[cfg(test)]
mod tests {
    use super::State;
    use time::macros::date;

    #[test]
    fn an_exclusion_holds_from_its_first_day_until_the_day_before_its_end() {
        let state = |today| State::of(date!(2024 - 01 - 10), Some(date!(2024 - 02 - 01)), today);
        assert_eq!(state(date!(2024 - 01 - 09)), State::Upcoming);
        assert_eq!(state(date!(2024 - 01 - 10)), State::Current);
        assert_eq!(state(date!(2024 - 01 - 31)), State::Current);
        assert_eq!(state(date!(2024 - 02 - 01)), State::Ended);
    }
}
