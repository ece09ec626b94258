//! The file, read ahead of the database work by a thread of its own.

use super::{
    branches::Branches,
    header::{Header, NoHeader},
    row::{Line, Rules},
};
use kernel::Error;
use render::sheet::read::{ReadError, Reader};
use std::path::Path;
use time::Date;
use tokio::sync::mpsc::Sender;

/// Rows that are looked up and written together.
pub(super) const BATCH: usize = 1000;
/// The title row is looked for so far down: some put a heading above it.
const HEADINGS: usize = 10;

/// Rows in the order of the file.
pub(super) struct Batch {
    pub lines: Vec<Line>,
    /// How much of the file has been read, from 0 to 1.
    pub share: f64,
}

/// Reads a whole file into batches. Blocks. Ends early when nobody takes them.
pub(super) fn read(
    path: &Path,
    branches: &Branches,
    today: Date,
    batches: &Sender<Batch>,
) -> Result<(), Error> {
    let mut reader = Reader::open(path).map_err(refused)?;
    let header = header(&mut reader)?;
    let rules = Rules { header: &header, branches, today };
    let mut lines = Vec::with_capacity(BATCH);
    let mut any = false;
    while let Some(row) = reader.next() {
        let row = row.map_err(refused)?;
        let Some(line) = rules.read(row.number, &row.cells) else { continue };
        lines.push(line);
        any = true;
        if lines.len() == BATCH {
            let full = std::mem::replace(&mut lines, Vec::with_capacity(BATCH));
            if batches.blocking_send(Batch { lines: full, share: reader.progress() }).is_err() {
                return Ok(());
            }
        }
    }
    if !any {
        return Err(unfit(
            "Tệp chỉ có dòng tiêu đề, chưa có ai. Hãy điền danh sách vào dưới dòng tiêu đề rồi tải lên lại.",
        ));
    }
    if !lines.is_empty() {
        // Nobody taking it is not this thread's trouble.
        let _ = batches.blocking_send(Batch { lines, share: 1.0 });
    }
    Ok(())
}

/// Whether a file is a table with the titles of a roster. Blocks.
pub(super) fn look(path: &Path) -> Result<(), Error> {
    header(&mut Reader::open(path).map_err(refused)?).map(drop)
}

/// The title row; of rows that are none, the one most like it says what is missing.
fn header(reader: &mut Reader) -> Result<Header, Error> {
    let mut nearest: Option<NoHeader> = None;
    for row in reader.take(HEADINGS) {
        match Header::read(&row.map_err(refused)?.cells) {
            Ok(header) => return Ok(header),
            Err(error) if nearest.as_ref().is_none_or(|best| error.matched > best.matched) => {
                nearest = Some(error);
            }
            Err(_) => {}
        }
    }
    Err(match nearest {
        Some(NoHeader { matched: 1.., sentence }) => unfit(sentence),
        Some(_) => unfit(
            "Không thấy dòng tiêu đề có tên các cột. Hãy tải tệp mẫu ở trang Nhập danh sách, chép dữ liệu vào đúng cột rồi tải lên lại.",
        ),
        None => refused(ReadError::Empty),
    })
}

/// The file as a whole is not one to be imported.
fn unfit(sentence: impl Into<String>) -> Error {
    Error::UnsupportedMedia(sentence.into().into())
}

fn refused(error: ReadError) -> Error {
    match error {
        ReadError::Io(error) => error.into(),
        error => unfit(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::{BATCH, Batch, read};
    use crate::roster::branches;
    use kernel::Error;
    use std::io::Write as _;
    use time::macros::date;
    use tokio::sync::mpsc;

    fn run(text: &str) -> (Vec<Batch>, Result<(), Error>) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        let (batches, mut arriving) = mpsc::channel(100);
        let done = read(file.path(), &branches::tests::some(), date!(2026 - 11 - 03), &batches);
        drop(batches);
        (std::iter::from_fn(|| arriving.try_recv().ok()).collect(), done)
    }

    fn refusal(text: &str) -> String {
        match run(text).1 {
            Err(Error::UnsupportedMedia(sentence)) => sentence.into_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_heading_above_the_titles_is_skipped_and_rows_keep_their_numbers() {
        let (batches, done) = run(
            "DANH SÁCH ĐẢNG VIÊN,,\n\nHọ và tên,Mã chi bộ,Số thẻ đảng\nLê Lan,01.001,C1\n, ,\nVũ Minh,x,C2\n",
        );
        assert!(done.is_ok(), "{done:?}");
        let lines = &batches[0].lines;
        assert_eq!(
            lines.iter().map(|line| (line.number, line.entry.is_ok())).collect::<Vec<_>>(),
            [(4, true), (6, false)]
        );
    }

    #[test]
    fn batches_are_full_but_for_the_last() {
        let rows: Vec<String> =
            (0..=BATCH).map(|number| format!("Lê Lan,01.001,C{number}")).collect();
        let (batches, _) = run(&format!("Họ và tên,Mã chi bộ,Số thẻ đảng\n{}\n", rows.join("\n")));
        assert_eq!(batches.iter().map(|batch| batch.lines.len()).collect::<Vec<_>>(), [BATCH, 1]);
        assert!(batches[0].share > 0.5 && (batches[1].share - 1.0).abs() < f64::EPSILON);
    }

    #[test]
    fn files_that_are_no_roster_are_refused_with_a_sentence() {
        assert!(refusal("Họ và tên,Mã chi bộ,Số thẻ đảng\n").contains("chưa có ai"));
        assert!(refusal("Họ và tên,Ngày sinh\nLê Lan,1975\n").contains("«Mã chi bộ»"));
        assert!(refusal("a,b,c\n1,2,3\n").contains("Không thấy dòng tiêu đề"));
        assert!(refusal("").contains("không có dữ liệu"));
        assert!(refusal("%PDF-1.7 ...").contains(".xlsx"));
    }
}
