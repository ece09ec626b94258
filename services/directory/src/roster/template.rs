//! The file to fill in.

use super::{
    column::{COLUMNS, Spec, columns},
    store,
};
use axum::body::Body;
use kernel::Error;
use render::sheet::write::{Sheet, write_xlsx};
use web::{Ctx, Download};

/// The media type of a workbook.
pub(super) const XLSX: &str = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";

/// An empty roster: the columns, how to fill them in, and the branch codes.
#[utoipa::path(get, path = "/roster/template.xlsx", operation_id = "roster.template", extensions(("x-budget" = json!("transfer"))), tag = "roster",
    responses((status = 200, description = "A workbook", content_type = XLSX)))]
pub(super) async fn template(ctx: Ctx) -> web::Result<Download> {
    super::authorise(&ctx).await?;
    let codes = store::codes(&mut *ctx.read().await?, ctx.world().today()).await?;
    let bytes =
        tokio::task::spawn_blocking(move || workbook(&codes)).await.map_err(Error::from)??;
    Ok(Download {
        content_type: XLSX,
        file_name: "mau-danh-sach-dang-vien.xlsx".into(),
        inline: false,
        length: Some(bytes.len() as u64),
        body: Body::from(bytes),
    })
}

fn workbook(codes: &[(String, String)]) -> Result<Vec<u8>, Error> {
    let columns = columns();
    let example =
        |which: usize| COLUMNS.iter().map(|spec| cell(spec, which)).collect::<Vec<_>>().join(" | ");
    let (first, second) = (example(0), example(1));
    let mut notes: Vec<(&str, &str)> = vec![
        (
            "Cách dùng",
            "Điền mỗi người một dòng vào trang «Danh sách», dưới dòng tiêu đề, rồi tải tệp lên ở mục Nhập danh sách. Hệ thống kiểm tra trước, chỉ ghi sau khi đồng chí xem và bấm nhập.",
        ),
        (
            "Người đã có",
            "Người đã có trong danh sách được nhận ra theo số lý lịch hoặc số thẻ đảng. Ô để trống thì giữ nguyên điều đang có.",
        ),
    ];
    notes.extend(COLUMNS.iter().map(|spec| (spec.title, spec.note)));
    notes.push(("Ví dụ 1", &first));
    notes.push(("Ví dụ 2", &second));
    notes.push(("MÃ CHI BỘ", "CHI BỘ, TỔ ĐẢNG"));
    notes.extend(codes.iter().map(|(code, name)| (code.as_str(), name.as_str())));
    let mut bytes = Vec::new();
    write_xlsx(&mut bytes, &Sheet { name: "Danh sách", columns: &columns, notes: &notes }, [])?;
    Ok(bytes)
}

fn cell(spec: &Spec, which: usize) -> &'static str {
    match spec.examples[which] {
        "" => "(trống)",
        text => text,
    }
}

#[cfg(test)]
mod tests {
    use super::workbook;
    use crate::roster::header::Header;
    use render::sheet::read::Reader;
    use std::io::Write as _;

    #[test]
    fn the_template_is_read_back_as_an_empty_roster() {
        let bytes =
            workbook(&[("01.001".into(), "Chi bộ thôn Một, Đảng bộ xã Thử".into())]).unwrap();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&bytes).unwrap();
        let rows: Vec<_> = Reader::open(file.path()).unwrap().map(Result::unwrap).collect();
        assert_eq!(rows.len(), 1, "the examples stand on another sheet");
        assert!(Header::read(&rows[0].cells).is_ok());
    }
}
