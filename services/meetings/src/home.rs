//! The next meeting, for the home page.

use crate::{meeting::State, seat::own, store, words::when};
use kernel::Result;
use web::{Card, CardRow, Ctx};

/// The next meeting of the reader's branch, the one under way before all.
/// Nothing for those who have no branch to meet with.
///
/// # Errors
/// When the database is away.
pub async fn home(ctx: &Ctx) -> Result<Option<Card>> {
    let Some(actor) = &ctx.request.actor else { return Ok(None) };
    if !ctx.may_somewhere("meeting.check_in") {
        return Ok(None);
    }
    let mut conn = ctx.read().await?;
    let next = store::list::next(&mut conn, &own(actor), actor.member, ctx.world().now()).await?;
    let chairs = ctx.may_somewhere("meeting.create");
    let more = match &next {
        None if chairs => ("/meetings/new", "Lập buổi sinh hoạt"),
        _ => ("/meetings", "Tất cả các buổi sinh hoạt"),
    };
    let rows = next.map(|next| {
        let open = next.state == State::Opened;
        let (status, colour) = match next.mine {
            Some(mine) => (mine.label(), mine.colour()),
            None if open => (State::Opened.label(), State::Opened.colour()),
            None => ("", "grey"),
        };
        let to_check_in = open && next.mine.is_none();
        CardRow {
            href: if to_check_in {
                "/meetings/check-in".into()
            } else {
                format!("/meetings/{}", next.id)
            },
            title: next.title,
            meta: format!("{} · {}", when(next.starts_at), next.place),
            status: status.into(),
            colour,
        }
    });
    Ok(Some(Card {
        heading: "Buổi sinh hoạt tới".into(),
        rows: rows.into_iter().collect(),
        empty: if chairs {
            "Chưa có buổi sinh hoạt nào được thông báo. Hãy lập buổi sinh hoạt tới.".into()
        } else {
            "Chưa có buổi sinh hoạt nào được thông báo. Khi có, buổi họp hiện ở đây.".into()
        },
        more: Some((more.0.into(), more.1.into())),
    }))
}
