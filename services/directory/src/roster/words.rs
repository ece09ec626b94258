//! Cells that hold one of a few words.

use super::{column::Column, row::Problem};
use crate::member::{STANDINGS, STATUSES};
use kernel::viet;

const SEXES: [(&str, &str); 2] = [("male", "Nam"), ("female", "Nữ")];
const ANSWERS: [(&str, &str); 2] = [("yes", "Có"), ("no", "Không")];

/// What else people write, folded, for what is stored.
const OTHERS: [(Column, &str, &str); 26] = [
    (Column::Standing, "dang vien chinh thuc", "official"),
    (Column::Standing, "dang vien du bi", "probationary"),
    (Column::Status, "dang sinh hoat dang", "active"),
    (Column::Status, "tam thoi", "temporary"),
    (Column::Status, "sinh hoat dang tam thoi", "temporary"),
    (Column::Status, "cho chuyen", "transferring"),
    (Column::Status, "cho chuyen sinh hoat dang", "transferring"),
    (Column::Status, "mien", "exempt"),
    (Column::Status, "mien sinh hoat dang", "exempt"),
    (Column::Status, "mien cong tac va sinh hoat dang", "exempt"),
    (Column::Status, "dinh chi", "suspended"),
    (Column::Status, "dinh chi sinh hoat dang", "suspended"),
    (Column::Status, "chuyen di", "transferred_out"),
    (Column::Status, "da chuyen", "transferred_out"),
    (Column::Status, "chuyen sinh hoat di", "transferred_out"),
    (Column::Status, "xin ra khoi dang", "left"),
    (Column::Status, "ra dang", "left"),
    (Column::Status, "xoa ten trong danh sach dang vien", "removed"),
    (Column::Status, "da tu tran", "deceased"),
    (Column::Smartphone, "x", "yes"),
    (Column::Smartphone, "1", "yes"),
    (Column::Smartphone, "true", "yes"),
    (Column::Smartphone, "0", "no"),
    (Column::Smartphone, "false", "no"),
    (Column::Smartphone, "khong co", "no"),
    (Column::Smartphone, "ko", "no"),
];

/// What is stored for a word; nothing for an empty cell.
pub(super) fn read(
    column: Column,
    text: &str,
    problems: &mut Vec<Problem>,
) -> Option<&'static str> {
    let words: &[(&'static str, &'static str)] = match column {
        Column::Sex => &SEXES,
        Column::Standing => &STANDINGS,
        Column::Status => &STATUSES,
        _ => &ANSWERS,
    };
    if text.is_empty() {
        return None;
    }
    if let Some((stored, _)) = words.iter().find(|(_, label)| *label == text) {
        return Some(stored);
    }
    let key = viet::fold(text);
    let plain = words.iter().find(|(_, label)| viet::fold(label) == key).map(|(stored, _)| *stored);
    let found = plain.or_else(|| {
        OTHERS
            .iter()
            .find(|(of, word, _)| *of == column && *word == key)
            .map(|(.., stored)| *stored)
    });
    if found.is_none() {
        let labels: Vec<String> = words.iter().map(|(_, label)| format!("«{label}»")).collect();
        problems.push(Problem::new(
            column,
            text,
            "Không hiểu được chữ ghi ở cột này.",
            format!("Ghi một trong: {}.", labels.join(", ")),
        ));
    }
    found
}

/// Begins with a capital and ends with a full stop.
pub(super) fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first: String = chars.next().map(|c| c.to_uppercase().collect()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::{Column, OTHERS, STATUSES, read};

    fn word(column: Column, text: &str) -> Result<Option<&'static str>, String> {
        let mut problems = Vec::new();
        let word = read(column, text, &mut problems);
        problems.pop().map_or(Ok(word), |problem| Err(problem.mend))
    }

    #[test]
    fn sentences() {
        assert_eq!(super::sentence("đầu số sai"), "Đầu số sai.");
    }

    #[test]
    fn words_are_read_without_case_and_diacritics() {
        assert_eq!(word(Column::Sex, "NỮ"), Ok(Some("female")));
        assert_eq!(word(Column::Sex, ""), Ok(None));
        assert_eq!(word(Column::Standing, "chính thức"), Ok(Some("official")));
        assert_eq!(word(Column::Standing, "Đảng viên dự bị"), Ok(Some("probationary")));
        assert_eq!(
            word(Column::Status, "Xoá tên"),
            Ok(Some("removed")),
            "the other tone placement"
        );
        assert_eq!(word(Column::Smartphone, "ko"), Ok(Some("no")));
        for (stored, label) in STATUSES {
            assert_eq!(word(Column::Status, label), Ok(Some(stored)));
        }
        for (column, text, stored) in OTHERS {
            assert_eq!(word(column, text), Ok(Some(stored)));
        }
    }

    #[test]
    fn other_words_are_refused_with_the_choices() {
        assert_eq!(word(Column::Sex, "khác"), Err("Ghi một trong: «Nam», «Nữ».".into()));
        assert!(word(Column::Status, "nghỉ hưu").is_err());
        assert!(word(Column::Smartphone, "iPhone").is_err());
    }
}
