//! `GET /national.xlsx`

use crate::{
    national::{self, Review, Standing, TenantRow},
    sheet::{Workbook, share},
};
use kernel::viet;
use render::sheet::write::{Cell, Column};
use web::{Ctx, Download};

/// Downloads the figures of the national page as a spreadsheet.
#[utoipa::path(get, path = "/national.xlsx", operation_id = "national.export", extensions(("x-budget" = json!("transfer"))), tag = "national",
    responses((status = 200, description = "The spreadsheet.", body = Vec<u8>,
            content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (status = 404, description = "This is not a national tenant.")))]
pub async fn export(ctx: Ctx) -> web::Result<Download> {
    let review = national::load(&ctx).await?;
    Ok(workbook(&review, &ctx).download().await?)
}

fn workbook(review: &Review, ctx: &Ctx) -> Workbook {
    let mut rows: Vec<Vec<Cell>> = review.tenants.iter().map(line).collect();
    let totals = &review.totals;
    rows.push(vec![
        "Cộng các đơn vị đã có số liệu".into(),
        totals.raw.members.into(),
        totals.raw.activated.into(),
        share(totals.percent),
        totals.adjusted.members.into(),
        totals.adjusted.activated.into(),
        share(totals.adjusted_percent),
        totals.units.into(),
        totals.units_below.into(),
        totals.meetings_held.into(),
        totals.checked_in.into(),
        totals.acknowledged.into(),
    ]);
    Workbook {
        name: "Toàn quốc",
        file_name: format!("tinh-hinh-su-dung-toan-quoc-{}.xlsx", ctx.world().today()),
        columns: vec![
            Column::text("Đơn vị", 36.0),
            Column::number("Tổng số đảng viên", 14.0),
            Column::number("Đã kích hoạt", 14.0),
            Column::percent("Tỷ lệ trên tổng số đảng viên", 14.0),
            Column::number("Đảng viên sau loại trừ", 14.0),
            Column::number("Đã kích hoạt sau loại trừ", 14.0),
            Column::percent("Tỷ lệ sau loại trừ", 14.0),
            Column::number("Số đơn vị trực thuộc", 14.0),
            Column::number("Đơn vị dưới ngưỡng", 14.0),
            Column::number("Buổi sinh hoạt, 30 ngày qua", 14.0),
            Column::number("Lượt điểm danh, 30 ngày qua", 14.0),
            Column::number("Lượt xác nhận đã đọc, 30 ngày qua", 14.0),
            Column::text("Cập nhật lúc", 18.0),
        ],
        rows,
        notes: vec![
            ("Lập lúc", viet::format_datetime(ctx.world().now())),
            (
                "Mẫu số",
                "Tỷ lệ thứ nhất tính trên tất cả đảng viên của đơn vị; tỷ lệ thứ hai tính trên đảng viên ngoài các đơn vị được loại trừ.".into(),
            ),
            ("Dòng cộng", "Chỉ gồm các đơn vị có số liệu với chữ ký đúng.".into()),
        ],
    }
}

fn line(row: &TenantRow) -> Vec<Cell> {
    let mut cells = vec![Cell::from(row.name.as_str())];
    match (&row.figures, row.standing) {
        (Some(figures), _) => cells.extend([
            figures.raw.members.into(),
            figures.raw.activated.into(),
            share(row.percent),
            figures.adjusted.members.into(),
            figures.adjusted.activated.into(),
            share(row.adjusted_percent),
            figures.units.into(),
            figures.units_below.into(),
            figures.meetings_held.into(),
            figures.checked_in.into(),
            figures.acknowledged.into(),
            figures.updated_text().into(),
        ]),
        (None, standing) => {
            cells.resize(12, Cell::Empty);
            let text = if standing == Standing::Invalid {
                "Số liệu không hợp lệ"
            } else {
                "Chưa có số liệu"
            };
            cells.push(text.into());
        }
    }
    cells
}
