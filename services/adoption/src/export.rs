//! `GET /adoption.xlsx`

use crate::{
    figure::Figure,
    overview::{self, Overview},
    sheet::{Workbook, share},
    show::Ask,
};
use axum::extract::Query;
use render::sheet::write::{Cell, Column};
use web::{Ctx, Download};

/// Downloads the figures of the adoption page as a spreadsheet.
#[utoipa::path(get, path = "/adoption.xlsx", operation_id = "adoption.export", extensions(("x-budget" = json!("transfer"))), tag = "adoption", params(Ask),
    responses((status = 200, description = "The spreadsheet.", body = Vec<u8>,
            content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 404, description = "No such organisation within reach."),
        (status = 422, description = "The date is not one that has figures.")))]
pub async fn export(ctx: Ctx, Query(ask): Query<Ask>) -> web::Result<Download> {
    let mut conn = ctx.read().await?;
    let unit = overview::unit(&ctx, &mut conn, "adoption.export", &ask.unit).await?;
    let as_of = overview::as_of(&ask.as_of, ctx.world().today())?;
    let overview = overview::load(&ctx, &mut conn, &unit, as_of).await?;
    drop(conn);
    Ok(workbook(&overview).download().await?)
}

fn workbook(overview: &Overview) -> Workbook {
    let mut rows = vec![line(&overview.name, overview.raw, Some(overview.adjusted), "Toàn đơn vị")];
    rows.extend(overview.units.iter().map(|row| {
        let state = match row.excluded {
            Some(reason) => format!("Loại trừ: {}", reason.label()),
            None if row.excluded_below.is_empty() => String::new(),
            None => format!("Trừ: {}", row.excluded_below.join("; ")),
        };
        // Nothing is left of an excluded unit; elsewhere both are the same.
        let adjusted = row.adjusted.or_else(|| row.excluded.is_none().then_some(row.raw));
        line(&row.name, row.raw, adjusted, &state)
    }));
    Workbook {
        name: "Tình hình sử dụng",
        file_name: format!("tinh-hinh-su-dung-{}.xlsx", overview.as_of),
        columns: vec![
            Column::text("Đơn vị", 44.0),
            Column::number("Tổng số đảng viên", 14.0),
            Column::number("Có điện thoại thông minh", 14.0),
            Column::number("Đã kích hoạt", 14.0),
            Column::text("Chưa kích hoạt", 14.0),
            Column::percent("Tỷ lệ trên tổng số đảng viên", 14.0),
            Column::number("Đảng viên sau loại trừ", 14.0),
            Column::number("Đã kích hoạt sau loại trừ", 14.0),
            Column::percent("Tỷ lệ sau loại trừ", 14.0),
            Column::text("Ghi chú", 50.0),
        ],
        rows,
        notes: notes(overview),
    }
}

fn line(name: &str, raw: Figure, adjusted: Option<Figure>, remark: &str) -> Vec<Cell> {
    vec![
        name.into(),
        raw.members.into(),
        raw.smartphones.into(),
        raw.activated.into(),
        raw.not_activated.map_or_else(|| Cell::Text(raw.not_activated_text()), Cell::Integer),
        share(raw.percent),
        adjusted.map(|figure| figure.members).into(),
        adjusted.and_then(|figure| figure.activated).into(),
        adjusted.map_or(Cell::Empty, |figure| share(figure.percent)),
        remark.into(),
    ]
}

fn notes(overview: &Overview) -> Vec<(&'static str, String)> {
    let mut notes = vec![
        ("Số liệu đến ngày", overview.as_of_text()),
        ("Mẫu số", "Tỷ lệ thứ nhất tính trên tất cả đảng viên của đơn vị; tỷ lệ thứ hai tính trên đảng viên ngoài các đơn vị được loại trừ.".into()),
    ];
    for e in &overview.exclusions {
        notes.push((
            "Loại trừ",
            format!(
                "{}: {}, từ ngày {}; {} phê duyệt",
                e.name,
                e.reason_text(),
                e.since_text(),
                e.approved_by
            ),
        ));
    }
    if let Some(rule) = &overview.named_below {
        notes.push(("Ngưỡng nêu tên", format!("Dưới {} %. Nguồn: {}.", rule.value, rule.citation)));
    }
    if let Some(rule) = &overview.small_cell {
        let text = format!(
            "Ở cấp trên chi bộ, số người chưa kích hoạt dưới {} không được nêu. Nguồn: {}.",
            rule.value, rule.citation
        );
        notes.push(("Số nhỏ", text));
    }
    notes
}
