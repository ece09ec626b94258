//! The card on the home page.

use crate::{
    national,
    overview::{self, Overview},
};
use kernel::{Error, Result, viet};
use tenancy::TenantKind;
use web::{Card, CardRow, Ctx};

const HEADING: &str = "Tình hình sử dụng";

/// The headline of the actor's topmost organisation, of all tenants for the
/// national reviewer, nothing for those who follow neither.
///
/// # Errors
/// When the database refuses.
pub async fn home(ctx: &Ctx) -> Result<Option<Card>> {
    if ctx.tenant().kind == TenantKind::National && ctx.may_somewhere("national.show") {
        return Ok(Some(national_card(&national::load(ctx).await?)));
    }
    if !ctx.may_somewhere("adoption.show") {
        return Ok(None);
    }
    let mut conn = ctx.read().await?;
    let today = ctx.world().today();
    let overview = match overview::unit(ctx, &mut conn, "adoption.show", "").await {
        Ok(unit) => overview::load(ctx, &mut conn, &unit, today).await,
        Err(error) => Err(error),
    };
    match overview {
        Ok(overview) => Ok(Some(card(&overview))),
        // A unit that is founded later or was dissolved has no figures today.
        Err(Error::Invalid(_) | Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

fn card(overview: &Overview) -> Card {
    let (raw, adjusted) = (&overview.raw, &overview.adjusted);
    let after = if raw.members == adjusted.members {
        String::new()
    } else {
        format!(
            " Sau loại trừ: {} của {} đảng viên.",
            adjusted.percent_text(),
            adjusted.members_text()
        )
    };
    let below = overview.units.iter().filter(|row| row.named).count();
    let mut rows = Vec::new();
    if raw.members > 0 {
        rows.push(CardRow {
            href: "/adoption".into(),
            title: overview.name.clone(),
            meta: format!("{}.{after}", raw.sentence()),
            status: if raw.activated.is_some() { raw.percent_text() } else { String::new() },
            colour: "grey",
        });
    }
    if let (Some(rule), 1..) = (&overview.named_below, below) {
        rows.push(CardRow {
            href: "/adoption".into(),
            title: format!("{below} đơn vị dưới {} %", rule.value),
            meta: "Sau khi đã trừ các đơn vị được loại trừ".into(),
            status: "Cần chú ý".into(),
            colour: "yellow",
        });
    }
    Card {
        heading: HEADING.into(),
        rows,
        empty: "Chưa có số liệu. Số liệu xuất hiện khi danh sách đảng viên đã được nhập.".into(),
        more: Some(("/adoption".into(), "Xem tình hình sử dụng".into())),
    }
}

fn national_card(review: &national::Review) -> Card {
    let totals = &review.totals;
    let rows = if totals.reported == 0 {
        Vec::new()
    } else {
        vec![CardRow {
            href: "/national".into(),
            title: format!("{} trên {} đơn vị đã có số liệu", totals.reported, totals.tenants),
            meta: format!(
                "{} trên {} đảng viên đã kích hoạt tài khoản. Sau loại trừ: {} của {} đảng viên. {} đơn vị trực thuộc dưới ngưỡng.",
                totals.raw.activated_text(),
                totals.raw.members_text(),
                totals.adjusted.percent_text(),
                totals.adjusted.members_text(),
                viet::format_count(totals.units_below),
            ),
            status: totals.raw.percent_text(),
            colour: "grey",
        }]
    };
    Card {
        heading: format!("{HEADING} toàn quốc"),
        rows,
        empty: "Chưa đơn vị nào gửi số liệu.".into(),
        more: Some(("/national".into(), "Xem tất cả các đơn vị".into())),
    }
}
