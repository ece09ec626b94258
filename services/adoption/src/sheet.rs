//! Tables to take away.

use kernel::Result;
use render::sheet::write::{Cell, Column, Sheet, write_xlsx};
use web::Download;

/// A worksheet with what there is to know about it.
pub(crate) struct Workbook {
    /// The name of the worksheet.
    pub(crate) name: &'static str,
    /// The name of the file.
    pub(crate) file_name: String,
    /// The columns.
    pub(crate) columns: Vec<Column<'static>>,
    /// The rows.
    pub(crate) rows: Vec<Vec<Cell>>,
    /// Subjects and explanations.
    pub(crate) notes: Vec<(&'static str, String)>,
}

impl Workbook {
    /// The file.
    pub(crate) async fn download(self) -> Result<Download> {
        let file_name = self.file_name.clone();
        let bytes = tokio::task::spawn_blocking(move || self.bytes()).await??;
        Ok(Download {
            content_type: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            file_name,
            inline: false,
            length: Some(bytes.len() as u64),
            body: bytes.into(),
        })
    }

    fn bytes(self) -> Result<Vec<u8>> {
        let notes: Vec<(&str, &str)> =
            self.notes.iter().map(|(about, text)| (*about, text.as_str())).collect();
        let sheet = Sheet { name: self.name, columns: &self.columns, notes: &notes };
        let mut bytes = Vec::new();
        write_xlsx(&mut bytes, &sheet, self.rows)?;
        Ok(bytes)
    }
}

/// A share of tenths of a percent.
pub(crate) fn share(percent: crate::share::Percent) -> Cell {
    percent.number().map_or(Cell::Empty, |number| Cell::Percent(number / 100.0))
}
