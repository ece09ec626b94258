//! The three dates of a member, each by itself and against the others.

use super::{column::Column, row::Problem, words::sentence};
use kernel::viet;
use time::{Date, macros::date};

/// Nobody admitted from 18 on, the age of Article 1 of the Party's statutes.
const AGE: i32 = 18;
/// The day the Party was founded: nobody was admitted earlier.
const FOUNDED: Date = date!(1930 - 02 - 03);
/// Nobody on a roster was born earlier.
const OLDEST: Date = date!(1900 - 01 - 01);

/// What the row says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dates {
    pub birth: Option<Date>,
    pub admitted: Option<Date>,
    pub official: Option<Date>,
}

/// Reads birth, admission and official membership.
pub(super) fn read(cells: &[String; 3], today: Date, problems: &mut Vec<Problem>) -> Dates {
    let [birth_cell, admitted_cell, official_cell] = cells;
    let birth = one(Column::Birth, birth_cell, OLDEST, today, problems);
    let admitted = one(Column::Admitted, admitted_cell, FOUNDED, today, problems);
    let official = one(Column::Official, official_cell, FOUNDED, today, problems);
    if let Some(birth) = birth {
        let grown = birthday(birth, AGE);
        // The earliest of the days on which they must have been grown up.
        let entered = [
            (Column::Admitted, admitted_cell, admitted),
            (Column::Official, official_cell, official),
        ]
        .into_iter()
        .find_map(|(column, cell, day)| Some((column, cell, day?)));
        match entered {
            Some((column, cell, day)) if day < grown => problems.push(Problem::new(
                column,
                cell,
                format!(
                    "Tính theo ngày sinh {} thì lúc đó chưa đủ {AGE} tuổi.",
                    viet::format_date(birth)
                ),
                "Kiểm tra lại ngày sinh và ngày này trong lý lịch.",
            )),
            None if today < grown => problems.push(Problem::new(
                Column::Birth,
                birth_cell,
                format!("Theo ngày sinh này thì nay chưa đủ {AGE} tuổi."),
                "Kiểm tra lại năm sinh.",
            )),
            _ => {}
        }
    }
    if let (Some(admitted), Some(official)) = (admitted, official)
        && official < admitted
    {
        problems.push(Problem::new(
            Column::Official,
            official_cell,
            format!("Trước ngày vào Đảng {}.", viet::format_date(admitted)),
            "Kiểm tra xem hai ngày có bị ghi đổi chỗ không.",
        ));
    }
    Dates { birth, admitted, official }
}

fn one(
    column: Column,
    text: &str,
    from: Date,
    today: Date,
    problems: &mut Vec<Problem>,
) -> Option<Date> {
    if text.is_empty() {
        return None;
    }
    let (reason, mend) = match viet::parse_date(text) {
        Ok(day) if day > today => ("Ngày này chưa tới.".to_owned(), "Kiểm tra lại năm.".to_owned()),
        Ok(day) if day < from => (
            format!("Ngày này sớm hơn {}, không hợp lý.", viet::format_date(from)),
            "Kiểm tra lại năm.".to_owned(),
        ),
        Ok(day) => return Some(day),
        Err(viet::DateError::Format) => {
            ("Không đọc được ngày.".to_owned(), sentence(&viet::DateError::Format.to_string()))
        }
        Err(error) => (sentence(&error.to_string()), "Kiểm tra lại ngày và tháng.".to_owned()),
    };
    problems.push(Problem::new(column, text, reason, mend));
    None
}

/// The day on which somebody reaches an age; who was born on 29 February does
/// so on 1 March of a common year.
fn birthday(birth: Date, age: i32) -> Date {
    birth
        .replace_year(birth.year() + age)
        .or_else(|_| Date::from_calendar_date(birth.year() + age, time::Month::March, 1))
        .unwrap_or(Date::MAX)
}

#[cfg(test)]
mod tests {
    use super::{Dates, birthday, read};
    use time::macros::date;

    fn problems(birth: &str, admitted: &str, official: &str) -> Vec<(&'static str, String)> {
        let mut problems = Vec::new();
        read(
            &[birth.into(), admitted.into(), official.into()],
            date!(2026 - 11 - 03),
            &mut problems,
        );
        problems.into_iter().map(|p| (p.column, p.reason)).collect()
    }

    #[test]
    fn good_dates_pass_and_empty_ones_are_none() {
        let mut problems = Vec::new();
        let today = date!(2026 - 11 - 03);
        let dates =
            read(&["3/2/1975".into(), String::new(), "1996-05-19".into()], today, &mut problems);
        assert_eq!(
            dates,
            Dates {
                birth: Some(date!(1975 - 02 - 03)),
                admitted: None,
                official: Some(date!(1996 - 05 - 19))
            }
        );
        assert!(problems.is_empty(), "{problems:?}");
    }

    #[test]
    fn each_date_has_its_sensible_range() {
        assert_eq!(
            problems("31/4/1975", "", ""),
            [("Ngày sinh", "Lịch không có ngày này.".to_owned())]
        );
        assert_eq!(problems("1975", "", "")[0].1, "Không đọc được ngày.");
        assert_eq!(problems("01/01/1899", "", "")[0].0, "Ngày sinh");
        assert_eq!(problems("", "04/11/2026", "")[0].1, "Ngày này chưa tới.");
        assert_eq!(problems("", "03/11/2026", ""), []);
        assert_eq!(problems("", "02/02/1930", "")[0].0, "Ngày vào Đảng");
        assert_eq!(problems("x", "y", "z").len(), 3, "every one is named");
    }

    #[test]
    fn nobody_is_admitted_before_eighteen() {
        assert_eq!(problems("03/02/1980", "03/02/1998", ""), []);
        assert_eq!(problems("03/02/1980", "02/02/1998", "")[0].0, "Ngày vào Đảng");
        assert_eq!(problems("03/02/1980", "", "02/02/1998")[0].0, "Ngày chính thức");
        assert_eq!(problems("04/11/2008", "", "")[0].0, "Ngày sinh");
        assert_eq!(problems("03/11/2008", "", ""), []);
        assert_eq!(birthday(date!(2004 - 02 - 29), 18), date!(2022 - 03 - 01));
    }

    #[test]
    fn official_membership_follows_admission() {
        assert_eq!(
            problems("", "19/05/2001", "18/05/2001"),
            [("Ngày chính thức", "Trước ngày vào Đảng 19/05/2001.".to_owned())]
        );
        assert_eq!(problems("", "19/05/2001", "19/05/2001"), []);
    }

    #[test]
    fn a_column_is_named_once() {
        let found = problems("03/02/1990", "01/01/1999", "01/01/1998");
        assert_eq!(found.len(), 2);
        assert_ne!(found[0].0, found[1].0);
    }
}
