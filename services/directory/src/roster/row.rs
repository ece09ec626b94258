//! What a row must be like: the rules that need no look at the database.

use super::{branches::Branches, column::Column, dates, header::Header, words};
use kernel::viet;
use serde::Serialize;
use time::Date;

/// Longest name that is taken, in characters.
const NAME: usize = 100;
/// Longest card or file number, in characters.
const NUMBER: usize = 40;
/// So much of a wrong value is shown, in characters.
const SHOWN: usize = 120;

/// Something to be mended in a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Problem {
    /// The title of the column.
    pub column: &'static str,
    /// What stands there.
    pub value: String,
    /// What is wrong with it.
    pub reason: String,
    /// What to do.
    pub mend: String,
}

impl Problem {
    pub(super) fn new(
        column: Column,
        value: &str,
        reason: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        let value = value.chars().take(SHOWN).collect();
        Self { column: column.title(), value, reason: reason.into(), mend: mend.into() }
    }
}

/// A row that follows the rules. What the file leaves empty is `None`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub full_name: String,
    pub name_sort: String,
    pub name_folded: String,
    pub birth_date: Option<Date>,
    pub sex: Option<&'static str>,
    pub admitted_on: Option<Date>,
    pub official_on: Option<Date>,
    /// Into [`Branches::get`].
    pub branch: usize,
    pub phone: Option<String>,
    pub standing: Option<&'static str>,
    pub status: Option<&'static str>,
    pub has_smartphone: Option<bool>,
}

/// A row of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// At the left edge of a spreadsheet program.
    pub number: u64,
    /// Kept even when the row is bad, so that later rows with the same number
    /// are told of this one.
    pub card: Option<String>,
    /// The same.
    pub file: Option<String>,
    pub entry: Result<Entry, Vec<Problem>>,
}

/// What rows are read against.
pub(super) struct Rules<'a> {
    pub header: &'a Header,
    pub branches: &'a Branches,
    pub today: Date,
}

impl Rules<'_> {
    /// Reads a row. A row whose columns are all empty is none.
    pub(super) fn read(&self, number: u64, cells: &[String]) -> Option<Line> {
        let cell = |column| viet::normalise(self.header.cell(cells, column));
        let mut problems = Vec::new();
        let full_name = cell(Column::Name);
        let (card_cell, file_cell) = (cell(Column::Card), cell(Column::File));
        let branch_cell = cell(Column::Branch);
        if [&full_name, &card_cell, &file_cell, &branch_cell].iter().all(|text| text.is_empty())
            && super::column::COLUMNS.iter().all(|spec| cell(spec.column).is_empty())
        {
            return None;
        }
        if let Some(problem) = name(&full_name) {
            problems.push(problem);
        }
        let card = identifier(Column::Card, card_cell, &mut problems);
        let file = identifier(Column::File, file_cell, &mut problems);
        if card.is_none()
            && file.is_none()
            && !problems
                .iter()
                .any(|p| p.column == Column::Card.title() || p.column == Column::File.title())
        {
            problems.push(Problem::new(
                Column::Card,
                "",
                "Không có số thẻ đảng, cũng không có số lý lịch.",
                "Ghi ít nhất một trong hai số.",
            ));
        }
        let dates = dates::read(
            &[cell(Column::Birth), cell(Column::Admitted), cell(Column::Official)],
            self.today,
            &mut problems,
        );
        let branch = self.branch(&branch_cell, &mut problems);
        let phone = phone(&cell(Column::Phone), &mut problems);
        let sex = words::read(Column::Sex, &cell(Column::Sex), &mut problems);
        let standing = standing(&cell(Column::Standing), dates.official, &mut problems);
        let status = words::read(Column::Status, &cell(Column::Status), &mut problems);
        let has_smartphone =
            words::read(Column::Smartphone, &cell(Column::Smartphone), &mut problems)
                .map(|word| word == "yes");
        let entry = match branch {
            Some(branch) if problems.is_empty() => Ok(Entry {
                name_sort: viet::name_sort_key(&full_name),
                name_folded: viet::fold(&full_name),
                full_name,
                birth_date: dates.birth,
                sex,
                admitted_on: dates.admitted,
                official_on: dates.official,
                branch,
                phone,
                standing,
                status,
                has_smartphone,
            }),
            _ => Err(problems),
        };
        Some(Line { number, card, file, entry })
    }

    fn branch(&self, code: &str, problems: &mut Vec<Problem>) -> Option<usize> {
        let wrong = |reason: String, mend: &str| Problem::new(Column::Branch, code, reason, mend);
        if code.is_empty() {
            problems.push(wrong(
                "Chưa ghi mã chi bộ.".into(),
                "Ghi mã chi bộ theo danh sách mã trong tệp mẫu.",
            ));
            return None;
        }
        let Some(index) = self.branches.find(code) else {
            problems.push(wrong(
                "Không có đơn vị nào mang mã này.".into(),
                "Tra mã chi bộ trong danh sách mã của tệp mẫu; nếu chi bộ mới lập thì thêm chi bộ trước.",
            ));
            return None;
        };
        let branch = self.branches.get(index);
        if !branch.has_members() {
            problems.push(wrong(
                format!("«{}» không phải chi bộ hay tổ đảng.", branch.name),
                "Ghi mã của chi bộ nơi đảng viên sinh hoạt.",
            ));
            return None;
        }
        if let Some(day) = branch.dissolved_on.filter(|_| branch.is_dissolved(self.today)) {
            problems.push(wrong(
                format!(
                    "«{}» đã giải thể hoặc sáp nhập từ ngày {}.",
                    branch.name,
                    viet::format_date(day)
                ),
                "Ghi mã của chi bộ tiếp nhận đảng viên.",
            ));
            return None;
        }
        Some(index)
    }
}

fn name(full_name: &str) -> Option<Problem> {
    let wrong =
        |reason: &str, mend: &str| Some(Problem::new(Column::Name, full_name, reason, mend));
    if full_name.is_empty() {
        wrong("Chưa ghi họ và tên.", "Ghi đủ họ, chữ đệm và tên.")
    } else if full_name.chars().any(char::is_numeric) {
        wrong("Họ và tên có chữ số.", "Bỏ chữ số; ghi mỗi người một dòng, đúng cột.")
    } else if full_name.chars().count() > NAME {
        wrong("Họ và tên dài quá 100 ký tự.", "Chỉ ghi họ và tên, bỏ phần ghi chú.")
    } else if !full_name.chars().any(char::is_alphabetic) {
        wrong("Họ và tên không có chữ nào.", "Ghi đủ họ, chữ đệm và tên.")
    } else {
        None
    }
}

fn identifier(column: Column, text: String, problems: &mut Vec<Problem>) -> Option<String> {
    if text.chars().count() > NUMBER {
        problems.push(Problem::new(
            column,
            &text,
            format!("{} dài quá {NUMBER} ký tự.", column.title()),
            "Chỉ ghi số, bỏ phần ghi chú.",
        ));
        return None;
    }
    // A lone dash stands for "none".
    Some(text).filter(|text| text.chars().any(char::is_alphanumeric))
}

fn phone(text: &str, problems: &mut Vec<Problem>) -> Option<String> {
    match viet::normalise_phone(text) {
        Ok(phone) => Some(phone),
        Err(viet::PhoneError::Empty) => None,
        Err(error) => {
            problems.push(Problem::new(
                Column::Phone,
                text,
                words::sentence(&error.to_string()),
                "Ghi lại một số điện thoại, hoặc để trống nếu không có.",
            ));
            None
        }
    }
}

/// The standing as written, or official where a date of that is given.
fn standing(
    text: &str,
    official: Option<Date>,
    problems: &mut Vec<Problem>,
) -> Option<&'static str> {
    let standing = words::read(Column::Standing, text, problems);
    match (standing, official) {
        (Some("probationary"), Some(day)) => {
            problems.push(Problem::new(
                Column::Standing,
                text,
                format!("Ghi là dự bị nhưng lại có ngày chính thức {}.", viet::format_date(day)),
                "Sửa thành «Chính thức», hoặc xóa ngày chính thức nếu còn dự bị.",
            ));
            None
        }
        (None, Some(_)) if text.is_empty() => Some("official"),
        (standing, _) => standing,
    }
}

#[cfg(test)]
mod tests;
