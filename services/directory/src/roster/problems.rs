//! Everything that has to be mended in a file, as a workbook.

use super::{
    store::{self, ProblemRow},
    template::XLSX,
};
use axum::{body::Body, extract::Path};
use kernel::{Error, ImportId};
use render::sheet::write::{Cell, Column, Sheet, WriteError, write_xlsx};
use std::{
    fs::File,
    io::{Seek as _, SeekFrom},
};
use tokio::sync::mpsc;
use tokio_util::io::ReaderStream;
use web::{Ctx, Download};

/// Rows that are fetched at once.
const PAGE: i64 = 2000;

/// All problems of an import.
#[utoipa::path(get, path = "/roster/{id}/problems.xlsx", operation_id = "roster.problems", extensions(("x-budget" = json!("transfer"))), tag = "roster",
    params(("id" = Uuid, Path, description = "The import")),
    responses((status = 200, description = "A workbook", content_type = XLSX), (status = 404, description = "No such import")))]
pub(super) async fn problems(ctx: Ctx, Path(id): Path<String>) -> web::Result<Download> {
    super::authorise(&ctx).await?;
    let import = super::find(&ctx, &id).await?;
    let (rows, arriving) = mpsc::channel(usize::try_from(PAGE).map_err(Error::from)?);
    let writing = tokio::task::spawn_blocking(move || workbook(arriving));
    feed(&ctx, ImportId(import.id), rows).await?;
    let file = writing.await.map_err(Error::from)??;
    let length = file.metadata().map_err(Error::from)?.len();
    Ok(Download {
        content_type: XLSX,
        file_name: "nhung-dong-can-sua.xlsx".into(),
        inline: false,
        length: Some(length),
        body: Body::from_stream(ReaderStream::new(tokio::fs::File::from_std(file))),
    })
}

async fn feed(ctx: &Ctx, import: ImportId, rows: mpsc::Sender<ProblemRow>) -> Result<(), Error> {
    let mut after = (0, String::new());
    loop {
        let page =
            store::problems(&mut *ctx.read().await?, import, (after.0, &after.1), PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = (last.row, last.column_title.clone());
        for row in page {
            if rows.send(row).await.is_err() {
                // The writer gave up, and says why.
                return Ok(());
            }
        }
    }
}

fn workbook(mut arriving: mpsc::Receiver<ProblemRow>) -> Result<File, Error> {
    let columns = [
        Column::number("Dòng trong tệp", 10.0),
        Column::text("Cột", 22.0),
        Column::text("Giá trị trong tệp", 30.0),
        Column::text("Vì sao chưa nhập được", 60.0),
        Column::text("Cách sửa", 60.0),
    ];
    let rows = std::iter::from_fn(move || {
        let row = arriving.blocking_recv()?;
        Some(vec![
            Cell::Integer(row.row),
            row.column_title.into(),
            row.value.into(),
            row.reason.into(),
            row.mend.into(),
        ])
    });
    let mut file = tempfile::tempfile()?;
    write_xlsx(&mut file, &Sheet { name: "Dòng cần sửa", columns: &columns, notes: &[] }, rows).map_err(|error| match error {
        WriteError::TooManyRows => Error::TooLarge("Có quá nhiều dòng cần sửa để đưa vào một tệp Excel. Hãy xem lại cách điền tệp theo tệp mẫu.".into()),
        error => error.into(),
    })?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}
