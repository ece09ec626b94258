//! Meetings: those of one's own branch, or of the units that one follows.

use crate::{
    meeting::{Kind, State},
    seat::{above, own},
    store::{
        list::{Line, Reach, page},
        roll,
    },
    tally::Figures,
    words::when,
};
use axum::extract::Query;
use kernel::privacy;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use web::{Ctx, View};

/// Meetings on a page.
const PAGE: u32 = 20;

/// Which meetings to list.
#[derive(Default, Deserialize, IntoParams)]
#[serde(default)]
#[into_params(parameter_in = Query)]
pub struct ListQuery {
    /// The page, from 1.
    page: String,
    /// `own` for one's own branch, `below` for the units that one follows; by
    /// default `below` for those who follow any.
    of: String,
}

/// One meeting of a list.
#[derive(Serialize, ToSchema)]
pub struct Item {
    /// The meeting.
    pub id: Uuid,
    /// The branch that holds it.
    pub organisation: String,
    /// What kind.
    pub kind: Kind,
    /// How far it has come.
    pub state: State,
    /// Its title.
    pub title: String,
    /// Where.
    pub place: String,
    /// When.
    #[serde(with = "time::serde::rfc3339")]
    pub starts_at: OffsetDateTime,
    /// Figures, for those who follow the branch from above or chair it.
    pub figures: Option<Figures>,
}

impl Item {
    fn meta(&self, below: bool) -> String {
        let mut meta = when(self.starts_at);
        if below {
            meta = format!("{} · {meta}", self.organisation);
        } else {
            meta = format!("{meta} · {}", self.place);
        }
        if let Some(figures) = &self.figures {
            meta = format!("{meta} · có mặt {}", figures.text());
        }
        meta
    }

    fn href(&self) -> String {
        format!("/meetings/{}", self.id)
    }
}

/// A page of meetings.
#[derive(askama::Template, Serialize, ToSchema)]
#[template(path = "list.html")]
pub struct ListPage {
    /// Under way first, then to come, then gone by.
    pub meetings: Vec<Item>,
    /// Whether these are the units that the reader follows.
    pub below: bool,
    /// Whether the reader follows any units.
    pub follows: bool,
    /// Whether the reader may lay a meeting on.
    pub may_create: bool,
    /// The page before, empty when there is none.
    pub before: String,
    /// The page after, empty when there is none.
    pub after: String,
}

impl web::Page for ListPage {
    fn title(&self) -> String {
        "Sinh hoạt chi bộ".into()
    }
}

/// The meetings of the reader's branch, or of the units below.
#[utoipa::path(get, path = "/meetings", operation_id = "meeting.list", tag = "meetings",
    params(ListQuery), responses((status = 200, body = ListPage)))]
pub async fn list(ctx: Ctx, Query(query): Query<ListQuery>) -> web::Result<View<ListPage>> {
    let actor = ctx.actor()?;
    let scopes = above(&ctx);
    let follows = !scopes.is_empty();
    let below = follows && query.of != "own";
    let number = query.page.parse::<u32>().unwrap_or(1).clamp(1, 100_000);
    let chaired = ctx.scopes_for("meeting.create");
    let own = own(actor);
    let reach = if below {
        Reach { own: &[], below: &scopes, drafts: &chaired }
    } else {
        // A secretary may chair a branch that is not their own home.
        Reach { own: &own, below: &chaired, drafts: &chaired }
    };
    let mut conn = ctx.read().await?;
    let offset = i64::from(number - 1) * i64::from(PAGE);
    let mut lines = page(&mut conn, &reach, ctx.world().now(), i64::from(PAGE) + 1, offset).await?;
    let more = lines.len() > PAGE as usize;
    lines.truncate(PAGE as usize);
    let mut tallies = HashMap::new();
    if below || !chaired.is_empty() {
        let held = lines.iter().filter(|line| matches!(line.state, State::Opened | State::Closed));
        let held: Vec<_> = held.map(|line| line.id).collect();
        tallies.extend(roll::tallies(&mut conn, &held).await?);
    }
    let few = privacy::below(ctx.world().today());
    let meetings =
        lines
            .into_iter()
            .map(|line| {
                let chairs = chaired.iter().any(|scope| line.path.starts_with(scope));
                let tally = tallies.get(&line.id).filter(|_| below || chairs);
                let figures = tally.map(|tally| {
                    if chairs { Figures::exact(tally) } else { Figures::above(tally, few) }
                });
                item(line, figures)
            })
            .collect();
    let link =
        |number: u32| format!("/meetings?of={}&page={number}", if below { "below" } else { "own" });
    Ok(View(ListPage {
        meetings,
        below,
        follows,
        may_create: !chaired.is_empty(),
        before: if number > 1 { link(number - 1) } else { String::new() },
        after: if more { link(number + 1) } else { String::new() },
    }))
}

fn item(line: Line, figures: Option<Figures>) -> Item {
    Item {
        id: line.id.0,
        organisation: line.organisation_name,
        kind: line.kind,
        state: line.state,
        title: line.title,
        place: line.place,
        starts_at: line.starts_at,
        figures,
    }
}
