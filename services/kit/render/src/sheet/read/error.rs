//! Why a table could not be read, in words for the person who uploaded it.

use std::io;

/// Every message says what is wrong and then how to mend it. Row numbers are
/// those of a spreadsheet program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The disk failed, or the file went away.
    #[error(
        "Máy chủ không đọc được tệp ({0}). Hãy tải tệp lên lại; nếu vẫn lỗi, báo cho quản trị hệ thống."
    )]
    Io(#[from] io::Error),

    /// Nothing in it.
    #[error("Tệp không có dữ liệu. Hãy mở tệp kiểm tra lại rồi tải lên đúng tệp.")]
    Empty,

    /// An OLE container: a workbook with a password, or the format before 2007.
    #[error(
        "Tệp có mật khẩu hoặc là tệp .xls đời cũ nên không đọc được. Hãy mở bằng Excel, bỏ mật khẩu nếu có, chọn Lưu thành (Save As) kiểu Excel Workbook (.xlsx), rồi tải lên lại."
    )]
    Protected,

    /// A PDF, a picture, a web page, a document.
    #[error(
        "Tệp này không phải bảng tính .xlsx hay .csv. Hãy mở danh sách bằng Excel, chọn Lưu thành (Save As) kiểu Excel Workbook (.xlsx), rồi tải lên lại."
    )]
    NotATable,

    /// CSV saved as "Unicode text".
    #[error(
        "Tệp CSV được lưu theo bảng mã UTF-16. Hãy mở bằng Excel, chọn Lưu thành (Save As) kiểu “CSV UTF-8”, rồi tải lên lại."
    )]
    Utf16,

    /// CSV in an old Vietnamese code page.
    #[error(
        "Dòng {row}: chữ không theo bảng mã UTF-8 nên không đọc được dấu tiếng Việt. Hãy mở tệp bằng Excel, chọn Lưu thành (Save As) kiểu “CSV UTF-8”, rồi tải lên lại."
    )]
    NotUtf8 {
        /// Where the first unreadable text is.
        row: u64,
    },

    /// A quotation mark opens a cell and nothing closes it.
    #[error(
        "Dòng {row}: có dấu ngoặc kép (\") mở mà không đóng, nên không biết ô kết thúc ở đâu. Hãy xoá dấu ngoặc kép thừa ở dòng này rồi tải lên lại."
    )]
    UnclosedQuote {
        /// Where the quotation opens.
        row: u64,
    },

    /// The parts of the workbook do not fit together.
    #[error(
        "Tệp .xlsx bị hỏng ({detail}). Hãy mở bằng Excel, lưu thành một tệp mới, rồi tải lên lại."
    )]
    Damaged {
        /// Where it broke: for whoever is asked for help.
        detail: String,
    },

    /// Every worksheet is hidden, or there is none.
    #[error(
        "Tệp không có trang tính nào đang hiện. Hãy mở bằng Excel, bỏ ẩn (Unhide) trang chứa danh sách, lưu lại, rồi tải lên."
    )]
    NoSheet,

    /// More than 2 GiB once unpacked.
    #[error(
        "Nội dung bên trong tệp quá lớn (hơn 2 GB sau khi giải nén). Hãy tách danh sách thành nhiều tệp rồi tải lên từng tệp."
    )]
    TooBig,

    /// Compressed as no real table is: an attack, or formatting dragged over
    /// a million empty rows.
    #[error(
        "Tệp nén bất thường: rất nhỏ nhưng nở ra rất lớn, nên hệ thống từ chối. Hãy chép riêng phần dữ liệu sang một tệp Excel mới rồi tải lên tệp đó."
    )]
    Bomb,

    /// Past the limit that Excel itself has.
    #[error(
        "Dòng {row}, cột {column}: ô dài quá 32.767 ký tự. Hãy rút ngắn ô này rồi tải lên lại."
    )]
    CellTooLong {
        /// The row of the cell.
        row: u64,
        /// Its column, in letters.
        column: String,
    },

    /// One piece of markup or text far past any cell.
    #[error(
        "Trong tệp có một đoạn chữ dài quá mức một ô cho phép (32.767 ký tự). Hãy tìm ô đó, rút ngắn, rồi tải lên lại."
    )]
    TextTooLong,

    /// Wider than any list.
    #[error(
        "Dòng {row}: có hơn 200 cột dữ liệu. Hãy chỉ giữ lại các cột trong tệp mẫu rồi tải lên lại."
    )]
    TooManyColumns {
        /// The first row that is too wide.
        row: u64,
    },

    /// Past the limit that Excel itself has.
    #[error(
        "Tệp có hơn 1.048.576 dòng, vượt giới hạn của Excel. Hãy tách danh sách thành nhiều tệp rồi tải lên từng tệp."
    )]
    TooManyRows,
}

impl ReadError {
    pub(super) fn damaged(detail: impl Into<String>) -> Self {
        Self::Damaged { detail: detail.into() }
    }

    /// `column` counts from 0.
    pub(super) fn cell_too_long(row: u64, column: usize) -> Self {
        Self::CellTooLong { row, column: letters(column) }
    }
}

/// The name of a column: A for 0, AA for 26.
fn letters(column: usize) -> String {
    let mut name = Vec::new();
    let mut rest = column + 1;
    while rest > 0 {
        rest -= 1;
        name.push(char::from(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ"[rest % 26]));
        rest /= 26;
    }
    name.iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::letters;

    #[test]
    fn names_columns_as_excel_does() {
        let names = [0, 25, 26, 51, 52, 701, 702].map(letters);
        assert_eq!(names, ["A", "Z", "AA", "AZ", "BA", "ZZ", "AAA"]);
    }
}
