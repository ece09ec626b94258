//! Which column stands where: the title row of an uploaded table.

use super::column::{COLUMNS, Column};
use kernel::viet;

/// Where the columns of a file are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header([Option<usize>; COLUMNS.len()]);

/// Why a row is not the title row of a roster.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoHeader {
    /// How many columns were recognised all the same.
    pub matched: usize,
    /// What to tell the person.
    pub sentence: String,
}

impl Header {
    /// Recognises the title row: columns in any order, titles without regard to
    /// case, diacritics, punctuation and what stands in brackets.
    pub(super) fn read(cells: &[String]) -> Result<Self, NoHeader> {
        let mut at = [None; COLUMNS.len()];
        let mut twice = None;
        for (position, cell) in cells.iter().enumerate() {
            let key = key(cell);
            let Some(spec) = COLUMNS.iter().find(|spec| {
                !key.is_empty()
                    && (self::key(spec.title) == key || spec.others.contains(&key.as_str()))
            }) else {
                continue;
            };
            let place = &mut at[spec.column as usize];
            if place.is_some() {
                twice = Some(spec.title);
            }
            *place = Some(position);
        }
        let matched = at.iter().flatten().count();
        let refuse = |sentence: String| Err(NoHeader { matched, sentence });
        let missing = missing(&at);
        if !missing.is_empty() {
            return refuse(format!(
                "Dòng tiêu đề của tệp thiếu cột {}. Hãy tải tệp mẫu ở trang Nhập danh sách, chép dữ liệu vào đúng cột rồi tải lên lại.",
                missing.join(", cột ")
            ));
        }
        match twice {
            Some(title) => refuse(format!(
                "Tệp có hai cột cùng là «{title}». Hãy xóa hoặc đổi tên một cột theo tệp mẫu ở trang Nhập danh sách rồi tải lên lại."
            )),
            None => Ok(Self(at)),
        }
    }

    /// The cell of a column; empty where the file has none.
    pub(super) fn cell<'a>(&self, cells: &'a [String], column: Column) -> &'a str {
        self.0[column as usize].and_then(|position| cells.get(position)).map_or("", String::as_str)
    }
}

fn missing(at: &[Option<usize>]) -> Vec<String> {
    let has = |column: Column| at[column as usize].is_some();
    let mut missing: Vec<String> = [Column::Name, Column::Branch]
        .into_iter()
        .filter(|&column| !has(column))
        .map(|column| format!("«{}»", column.title()))
        .collect();
    if !has(Column::Card) && !has(Column::File) {
        missing.push(format!("«{}» (hoặc «{}»)", Column::Card.title(), Column::File.title()));
    }
    missing
}

/// A title as it is compared: folded, letters and digits in words, nothing of
/// what stands in brackets.
fn key(title: &str) -> String {
    let mut depth = 0_u32;
    let mut key = String::new();
    for c in viet::fold(title).chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth = depth.saturating_sub(1),
            _ if depth > 0 => {}
            c if c.is_alphanumeric() => key.push(c),
            _ if key.ends_with(' ') || key.is_empty() => {}
            _ => key.push(' '),
        }
    }
    key.truncate(key.trim_end().len());
    key
}

#[cfg(test)]
mod tests {
    use super::{COLUMNS, Column, Header, key};

    fn cells(titles: &[&str]) -> Vec<String> {
        titles.iter().map(|&title| title.to_owned()).collect()
    }

    #[test]
    fn titles_are_compared_without_case_diacritics_punctuation_and_brackets() {
        for title in [
            "Ngày sinh",
            "NGÀY SINH",
            "ngay  sinh",
            "Ngày sinh (dd/mm/yyyy)",
            " Ngày sinh: *",
            "Nga\u{300}y sinh",
        ] {
            assert_eq!(key(title), "ngay sinh", "{title}");
        }
        assert_eq!(key("Điện thoại [di động]"), "dien thoai");
        assert_eq!(key("(*)"), "");
    }

    #[test]
    fn order_is_free_and_unknown_columns_are_ignored() {
        let row = cells(&["STT", "Mã chi bộ (*)", "Ghi chú", "Số lý lịch", "HỌ TÊN", "SĐT"]);
        let header = Header::read(&row).unwrap();
        let line = cells(&["1", "CB01", "x", "LL1", "Lê Lan"]);
        assert_eq!(header.cell(&line, Column::Name), "Lê Lan");
        assert_eq!(header.cell(&line, Column::Branch), "CB01");
        assert_eq!(header.cell(&line, Column::File), "LL1");
        assert_eq!(header.cell(&line, Column::Phone), "", "the row is shorter than the title row");
        assert_eq!(header.cell(&line, Column::Birth), "", "the file has no such column");
    }

    #[test]
    fn the_template_and_every_synonym_are_recognised() {
        let titles: Vec<&str> = COLUMNS.iter().map(|spec| spec.title).collect();
        assert_eq!(Header::read(&cells(&titles)).unwrap().0, std::array::from_fn(Some));
        let mut all: Vec<String> = Vec::new();
        for spec in &COLUMNS {
            for title in spec.others.iter().copied().map(str::to_owned).chain([key(spec.title)]) {
                assert_eq!(key(&title), title, "a synonym is written folded");
                assert!(!all.contains(&title), "{title} is claimed twice");
                all.push(title);
            }
        }
    }

    #[test]
    fn what_is_missing_is_named() {
        let error = Header::read(&cells(&["Họ và tên", "Ngày sinh"])).unwrap_err();
        assert_eq!(error.matched, 2);
        assert!(
            error.sentence.contains("thiếu cột «Mã chi bộ», cột «Số thẻ đảng» (hoặc «Số lý lịch»)"),
            "{error:?}"
        );
        assert!(error.sentence.contains("tệp mẫu"));
        assert!(Header::read(&cells(&["Họ và tên", "Mã chi bộ", "Số thẻ đảng"])).is_ok());
        assert!(Header::read(&cells(&["Họ và tên", "Mã chi bộ", "Số lý lịch"])).is_ok());
        assert_eq!(Header::read(&[]).unwrap_err().matched, 0);
    }

    #[test]
    fn one_column_twice_is_refused() {
        let error =
            Header::read(&cells(&["Họ và tên", "Họ tên", "Mã chi bộ", "Số thẻ đảng"])).unwrap_err();
        assert!(error.sentence.contains("hai cột cùng là «Họ và tên»"), "{error:?}");
    }
}
