//! The form for a new meeting, filled in as far as the record knows.

use crate::{
    create::CreateInput,
    meeting::Kind,
    rules::{self, Rule},
    seat::own,
    store::{self, Branch},
    words::clock,
};
use kernel::{Error, Errors, Result, viet};
use serde::Serialize;
use time::{Date, Duration};
use utoipa::ToSchema;
use web::{Ctx, View};

/// Most branches to choose from.
pub(crate) const CHOICES: i64 = 200;

/// A branch to choose.
#[derive(Serialize, ToSchema)]
pub struct Choice {
    /// The branch's identifier.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The form.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "new.html")]
pub struct FormPage {
    /// The branches that the reader is secretary of, their own first.
    pub branches: Vec<Choice>,
    /// What is filled in.
    pub form: CreateInput,
    /// Why the date is proposed.
    pub usual_day: Option<Rule>,
    #[serde(skip)]
    errors: Errors,
    #[serde(skip)]
    kinds: Vec<(&'static str, &'static str)>,
}

impl FormPage {
    pub(crate) fn new(
        branches: Vec<Choice>,
        form: CreateInput,
        usual_day: Option<Rule>,
        errors: Errors,
    ) -> Self {
        let kinds = Kind::ALL.into_iter().map(|kind| (kind.name(), kind.label())).collect();
        Self { branches, form, usual_day, errors, kinds }
    }

    fn date_hint(&self) -> String {
        let how = "Ngày/tháng/năm, ví dụ 03/12/2026";
        match &self.usual_day {
            Some(rule) => format!("{how}. Đề xuất ngày {} (nguồn: {}).", rule.value, rule.citation),
            None => how.into(),
        }
    }

    fn options(&self) -> impl Iterator<Item = (&str, &str)> {
        self.branches.iter().map(|branch| (branch.id.as_str(), branch.name.as_str()))
    }
}

impl web::Page for FormPage {
    fn title(&self) -> String {
        "Lập buổi sinh hoạt".into()
    }
}

/// The reader's own branch first, the others by name.
pub(crate) fn choices(mut branches: Vec<Branch>, own: &[String]) -> Vec<Choice> {
    branches.sort_by_key(|branch| !own.contains(&branch.path));
    branches
        .into_iter()
        .map(|branch| Choice { id: branch.id.to_string(), name: branch.name })
        .collect()
}

/// The form for a new branch meeting.
#[utoipa::path(get, path = "/meetings/new", operation_id = "meeting.new", tag = "meetings",
    responses((status = 200, body = FormPage)))]
pub async fn new(ctx: Ctx) -> web::Result<View<FormPage>> {
    let actor = ctx.actor()?;
    let mut conn = ctx.read().await?;
    let branches = store::branches(&mut conn, &ctx.scopes_for("meeting.create"), CHOICES).await?;
    let branches = choices(branches, &own(actor));
    let today = ctx.world().today();
    let usual_day = rules::on(today, rules::REGULAR_DAY)?;
    let day = usual_day.as_ref().map_or(Ok(today), |rule| next_day(today, rule.value))?;
    let mut form = CreateInput {
        kind: Kind::Regular.name().into(),
        title: Kind::Regular.title(day),
        date: viet::format_date(day),
        ..CreateInput::default()
    };
    if let Some(first) = branches.first() {
        form.organisation.clone_from(&first.id);
        if let Some((place, starts_at)) =
            store::last_place(&mut conn, first.id.parse().map_err(Error::from)?).await?
        {
            form.place = place;
            form.time = clock(starts_at);
        }
    }
    Ok(View(FormPage::new(branches, form, usual_day, Errors::default())))
}

/// The next day after today that is the given one of its month.
fn next_day(today: Date, day: i64) -> Result<Date> {
    let day = u8::try_from(day)?;
    let mut next = today + Duration::DAY;
    // A day that some months lack comes at most two months later.
    for _ in 0..62 {
        if next.day() == day {
            return Ok(next);
        }
        next += Duration::DAY;
    }
    Ok(today + Duration::DAY)
}

#[cfg(test)]
mod tests {
    use super::next_day;
    use time::macros::date;

    #[test]
    fn the_proposed_day_is_still_to_come() {
        assert_eq!(next_day(date!(2026 - 11 - 22), 3).unwrap(), date!(2026 - 12 - 03));
        assert_eq!(next_day(date!(2026 - 12 - 02), 3).unwrap(), date!(2026 - 12 - 03));
        assert_eq!(next_day(date!(2026 - 12 - 03), 3).unwrap(), date!(2027 - 01 - 03));
        assert_eq!(next_day(date!(2026 - 01 - 30), 30).unwrap(), date!(2026 - 03 - 30));
    }
}
