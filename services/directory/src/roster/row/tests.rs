use super::{Line, Rules};
use crate::roster::{branches, column::COLUMNS, header::Header};
use time::macros::date;

const GOOD: [&str; 12] = [
    "Lê Thị Lan",
    "03/02/1975",
    "Nữ",
    "19/05/2001",
    "19/05/2002",
    "12.345678",
    "LL-7",
    "01.001",
    "912345678",
    "",
    "",
    "có",
];

fn read(cells: &[&str]) -> Option<Line> {
    let own = |texts: &[&str]| texts.iter().map(|&t| t.to_owned()).collect::<Vec<_>>();
    let header = Header::read(&own(&COLUMNS.map(|spec| spec.title))).unwrap();
    let branches = branches::tests::some();
    let rules = Rules { header: &header, branches: &branches, today: date!(2026 - 11 - 03) };
    rules.read(7, &own(cells))
}

/// The good row with some cells changed: the titles of the columns at fault.
fn faults(changes: &[(usize, &str)]) -> Vec<&'static str> {
    let mut cells = GOOD;
    for &(column, text) in changes {
        cells[column] = text;
    }
    let line = read(&cells).unwrap();
    line.entry.err().unwrap_or_default().into_iter().map(|problem| problem.column).collect()
}

#[test]
fn a_good_row_is_read_whole() {
    let line = read(&GOOD).unwrap();
    let entry = line.entry.unwrap();
    assert_eq!(
        (line.number, line.card.as_deref(), line.file.as_deref()),
        (7, Some("12.345678"), Some("LL-7"))
    );
    assert_eq!(entry.full_name, "Lê Thị Lan");
    assert_eq!(entry.name_folded, "le thi lan");
    assert!(entry.name_sort.starts_with("lan* "));
    assert_eq!(entry.birth_date, Some(date!(1975 - 02 - 03)));
    assert_eq!(entry.sex, Some("female"));
    assert_eq!(entry.branch, 1);
    assert_eq!(
        entry.phone.as_deref(),
        Some("0912345678"),
        "the zero that the spreadsheet ate is back"
    );
    assert_eq!(entry.standing, Some("official"), "by the date of official membership");
    assert_eq!(entry.status, None);
    assert_eq!(entry.has_smartphone, Some(true));
}

#[test]
fn text_is_normalised() {
    let mut cells = GOOD;
    cells[0] = "  Nguye\u{302}\u{303}n\u{a0}Văn   A\u{301}nh\u{200b} ";
    assert_eq!(read(&cells).unwrap().entry.unwrap().full_name, "Nguyễn Văn Ánh");
}

#[test]
fn names() {
    assert_eq!(faults(&[(0, "")]), ["Họ và tên"]);
    assert_eq!(faults(&[(0, "Lê Thị Lan 2")]), ["Họ và tên"]);
    assert_eq!(faults(&[(0, "...")]), ["Họ và tên"]);
    assert_eq!(faults(&[(0, &"ệ".repeat(101))]), ["Họ và tên"]);
    assert_eq!(faults(&[(0, &"ệ".repeat(100))]), [""; 0]);
    assert_eq!(faults(&[(0, "H'Nia Êban")]), [""; 0]);
}

#[test]
fn one_number_at_least() {
    assert_eq!(faults(&[(5, ""), (6, "")]), ["Số thẻ đảng"]);
    assert_eq!(faults(&[(5, "-"), (6, " — ")]), ["Số thẻ đảng"]);
    assert_eq!(faults(&[(5, "")]), [""; 0]);
    assert_eq!(faults(&[(6, "")]), [""; 0]);
    assert_eq!(faults(&[(5, &"1".repeat(41)), (6, "")]), ["Số thẻ đảng"], "not missing as well");
}

#[test]
fn branches_must_exist_be_branches_and_be_alive() {
    for code in ["", "99.999", "01.000", "01.009"] {
        assert_eq!(faults(&[(7, code)]), ["Mã chi bộ"], "{code}");
    }
    assert_eq!(faults(&[(7, "01.002")]), [""; 0], "a group of members");
    let mut cells = GOOD;
    cells[7] = "01.009";
    let problem = read(&cells).unwrap().entry.unwrap_err().remove(0);
    assert_eq!(problem.value, "01.009");
    assert!(
        problem.reason.contains("«Chi bộ cũ»") && problem.reason.contains("01/07/2025"),
        "{problem:?}"
    );
    assert!(problem.mend.contains("tiếp nhận"));
}

#[test]
fn phones_and_words() {
    assert_eq!(faults(&[(8, "")]), [""; 0]);
    assert_eq!(faults(&[(8, "0912345678/0987654321")]), ["Điện thoại"]);
    assert_eq!(faults(&[(8, "12345")]), ["Điện thoại"]);
    assert_eq!(faults(&[(2, "?"), (9, "?"), (10, "?"), (11, "?")]).len(), 4);
}

#[test]
fn probation_and_an_official_date_exclude_each_other() {
    assert_eq!(faults(&[(9, "Dự bị")]), ["Tình trạng"]);
    assert_eq!(faults(&[(9, "Dự bị"), (4, "")]), [""; 0]);
    let mut cells = GOOD;
    cells[4] = "";
    assert_eq!(read(&cells).unwrap().entry.unwrap().standing, None, "only the database may know");
}

#[test]
fn all_problems_of_a_row_are_listed_and_its_numbers_kept() {
    let line = read(&["", "x", "x", "x", "x", "C1", "", "", "x", "x", "x", "?"]).unwrap();
    let problems = line.entry.unwrap_err();
    assert_eq!(problems.len(), 10);
    let mut columns: Vec<_> = problems.iter().map(|p| p.column).collect();
    columns.dedup();
    assert_eq!(columns.len(), 10, "one for each column");
    assert!(
        problems.iter().all(|p| p.reason.ends_with('.') && p.mend.ends_with('.')),
        "{problems:?}"
    );
    assert_eq!(line.card.as_deref(), Some("C1"));
}

#[test]
fn rows_of_spaces_are_none_and_stray_cells_are_a_row() {
    assert_eq!(read(&["", " ", "", "\u{a0}"]), None);
    assert_eq!(read(&[]), None);
    assert!(read(&["", "", "Nam"]).unwrap().entry.is_err());
}

#[test]
fn long_values_are_shown_short() {
    let mut cells = GOOD;
    let long = "x".repeat(500);
    cells[8] = &long;
    assert_eq!(read(&cells).unwrap().entry.unwrap_err()[0].value.len(), 120);
}
