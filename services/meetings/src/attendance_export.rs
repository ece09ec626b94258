//! The roll as a spreadsheet.

use crate::{
    roll::{Presence, RollRow, Via},
    seat,
    store::{Meeting, roll},
    tally::Tally,
    words::when,
};
use axum::{body::Body, extract::Path};
use kernel::{Error, viet};
use render::sheet::write::{Cell, Column, Sheet, write_xlsx};
use web::{Ctx, Download};

const COLUMNS: [Column; 6] = [
    Column::number("STT", 6.0),
    Column::text("Họ và tên", 30.0),
    Column::text("Điểm danh", 20.0),
    Column::text("Cách ghi nhận", 22.0),
    Column::text("Thời điểm", 18.0),
    Column::text("Lý do", 40.0),
];

/// The roll of a meeting as a spreadsheet (XLSX).
#[utoipa::path(get, path = "/meetings/{id}/attendance.xlsx", operation_id = "meeting.attendance_export", extensions(("x-budget" = json!("transfer"))),
    tag = "meetings", params(("id" = uuid::Uuid, Path)),
    responses((status = 200, description = "A workbook",
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")))]
pub async fn attendance_export(ctx: Ctx, Path(id): Path<String>) -> web::Result<Download> {
    let mut conn = ctx.read().await?;
    let meeting = seat::chaired(&ctx, &mut conn, &id).await?;
    let rows = roll::roll(&mut conn, meeting.id).await?;
    drop(conn);
    let day =
        viet::format_date(meeting.starts_at.to_offset(viet::HO_CHI_MINH).date()).replace('/', "-");
    let bytes = tokio::task::spawn_blocking(move || write(&meeting, &rows))
        .await
        .map_err(Error::from)??;
    Ok(Download {
        content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        file_name: format!("Điểm danh {day}.xlsx"),
        inline: false,
        length: Some(bytes.len() as u64),
        body: Body::from(bytes),
    })
}

fn write(meeting: &Meeting, rows: &[RollRow]) -> Result<Vec<u8>, Error> {
    let tally = Tally::of(rows);
    let starts_at = when(meeting.starts_at);
    let figures = format!(
        "có mặt {} trên {} đảng viên phải dự; vắng có lý do {}, vắng không lý do {}; miễn sinh hoạt {} (không tính vào mẫu số)",
        tally.present,
        tally.expected(),
        tally.excused,
        tally.absent,
        tally.exempt
    );
    let notes = [
        ("Buổi sinh hoạt", meeting.title.as_str()),
        ("Chi bộ", meeting.organisation_name.as_str()),
        ("Thời gian", starts_at.as_str()),
        ("Nơi họp", meeting.place.as_str()),
        ("Số liệu", figures.as_str()),
    ];
    let cells = rows.iter().zip(1_i64..).map(|(row, number)| {
        vec![
            number.into(),
            row.name.as_str().into(),
            row.standing().map_or("Chưa điểm danh", Presence::label).into(),
            row.via.map(Via::label).into(),
            row.at.map(viet::format_datetime).into(),
            Cell::from(row.reason.as_str()),
        ]
    });
    let mut bytes = Vec::new();
    write_xlsx(&mut bytes, &Sheet { name: "Điểm danh", columns: &COLUMNS, notes: &notes }, cells)?;
    Ok(bytes)
}
