//! Hand-made workbooks, for the shapes our own writer does not produce.

use std::io::Write as _;

use tempfile::NamedTempFile;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::{ReadError, Reader, Row};

pub(super) const WORKBOOK: &str =
    r#"<workbook xmlns:r="r"><sheets><sheet name="A" r:id="rId1"/></sheets></workbook>"#;

const RELATIONS: &str = r#"<Relationships>
  <Relationship Id="rId1" Type="http://x/worksheet" Target="worksheets/sheet1.xml"/>
  <Relationship Id="rId2" Type="http://x/sharedStrings" Target="sharedStrings.xml"/>
  <Relationship Id="rId3" Type="http://x/styles" Target="/xl/styles.xml"/>
</Relationships>"#;

/// A workbook of the parts given, and of the usual ones where they are not.
pub(super) struct Fixture {
    parts: Vec<(String, Vec<u8>)>,
    method: CompressionMethod,
}

impl Fixture {
    pub(super) fn new() -> Self {
        let new = Self { parts: Vec::new(), method: CompressionMethod::Deflated };
        new.part("[Content_Types].xml", "<Types/>")
            .part("xl/workbook.xml", WORKBOOK)
            .part("xl/_rels/workbook.xml.rels", RELATIONS)
    }

    pub(super) fn part(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.parts.retain(|(other, _)| other != name);
        self.parts.push((name.to_owned(), content.as_ref().to_vec()));
        self
    }

    /// What stands between `<sheetData>` and its end.
    pub(super) fn rows(self, rows: &str) -> Self {
        self.part(
            "xl/worksheets/sheet1.xml",
            format!("<worksheet><sheetData>{rows}</sheetData></worksheet>"),
        )
    }

    pub(super) fn stored(mut self) -> Self {
        self.method = CompressionMethod::Stored;
        self
    }

    pub(super) fn file(&self) -> NamedTempFile {
        let mut file = NamedTempFile::new().unwrap();
        let mut zip = ZipWriter::new(file.as_file_mut());
        let options = SimpleFileOptions::default().compression_method(self.method);
        for (name, content) in &self.parts {
            zip.start_file(name, options).unwrap();
            zip.write_all(content).unwrap();
        }
        zip.finish().unwrap();
        file
    }

    pub(super) fn read(&self) -> Result<Vec<Row>, ReadError> {
        let file = self.file();
        Reader::open(file.path())?.collect()
    }
}
