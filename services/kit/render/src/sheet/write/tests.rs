use std::fs::File;
use std::io::Read as _;

use tempfile::NamedTempFile;
use time::macros::date;
use zip::ZipArchive;

use super::super::read::{Format, Reader};
use super::*;

const COLUMNS: &[Column<'_>] = &[
    Column::text("Họ và tên", 28.0),
    Column::text("Điện thoại", 14.0),
    Column::number("Số lượt", 10.0),
    Column::percent("Tỷ lệ", 8.0),
    Column::date("Ngày vào Đảng", 14.0),
];

fn xlsx(columns: &[Column<'_>], notes: &[(&str, &str)], rows: Vec<Vec<Cell>>) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let sheet = Sheet { name: "Đảng viên", columns, notes };
    let count = rows.len() as u64;
    assert_eq!(write_xlsx(file.as_file(), &sheet, rows).unwrap(), count);
    file
}

fn csv(columns: &[Column<'_>], rows: Vec<Vec<Cell>>) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    write_csv(file.as_file(), columns, rows).unwrap();
    file
}

fn read(file: &NamedTempFile) -> Vec<(u64, Vec<String>)> {
    let rows = Reader::open(file.path()).unwrap();
    rows.map(|row| row.map(|row| (row.number, row.cells)).unwrap()).collect()
}

fn part(file: &NamedTempFile, name: &str) -> String {
    let mut archive = ZipArchive::new(File::open(file.path()).unwrap()).unwrap();
    let mut text = String::new();
    archive.by_name(name).unwrap().read_to_string(&mut text).unwrap();
    text
}

fn sample() -> Vec<Vec<Cell>> {
    vec![
        vec![
            "Đỗ Thị Ư".into(),
            "0912345678".into(),
            12_345_i64.into(),
            Cell::Percent(0.125),
            date!(1999 - 02 - 03).into(),
        ],
        vec![],
        vec![
            "=1+1".into(),
            "+84912".into(),
            Cell::Number(f64::NAN),
            Cell::Empty,
            date!(1890 - 05 - 19).into(),
        ],
        vec![
            "".into(),
            Cell::Integer(i64::MAX),
            Cell::Number(1.5),
            Cell::Percent(f64::INFINITY),
            None::<Date>.into(),
        ],
    ]
}

use time::Date;

#[test]
fn xlsx_comes_back() {
    let rows = read(&xlsx(COLUMNS, &[("Số thẻ", "12 chữ số")], sample()));
    let titles = ["Họ và tên", "Điện thoại", "Số lượt", "Tỷ lệ", "Ngày vào Đảng"];
    assert_eq!(rows[0], (1, titles.map(str::to_owned).to_vec()));
    assert_eq!(
        rows[1],
        (2, ["Đỗ Thị Ư", "0912345678", "12345", "0.125", "03/02/1999"].map(str::to_owned).to_vec())
    );
    assert_eq!(rows[2], (4, ["=1+1", "+84912", "", "", "19/05/1890"].map(str::to_owned).to_vec()));
    assert_eq!(rows[3], (5, ["", "9223372036854775807", "1.5"].map(str::to_owned).to_vec()));
    assert_eq!(rows.len(), 4);
}

#[test]
fn xlsx_looks_after_its_reader() {
    let file = xlsx(COLUMNS, &[("Số thẻ", "12 chữ số")], sample());
    let sheet = part(&file, "xl/worksheets/sheet1.xml");
    assert!(sheet.contains("state=\"frozen\"") && sheet.contains("ySplit=\"1\""));
    assert!(sheet.contains("<autoFilter ref=\"A1:E5\"/>"), "{sheet}");
    assert!(!sheet.contains("<f>"));
    let styles = part(&file, "xl/styles.xml");
    for code in ["0.0%", "dd/mm/yyyy"] {
        assert!(styles.contains(code), "{code}");
    }
    let workbook = part(&file, "xl/workbook.xml");
    assert!(workbook.contains("name=\"Đảng viên\"") && workbook.contains("name=\"Hướng dẫn\""));
    assert!(part(&file, "xl/worksheets/sheet2.xml").contains("12 chữ số"));
}

#[test]
fn an_empty_template_is_a_table_too() {
    assert_eq!(read(&xlsx(COLUMNS, &[], Vec::new())).len(), 1);
    assert!(read(&xlsx(&[], &[], Vec::new())).is_empty());
    assert_eq!(read(&csv(COLUMNS, Vec::new())).len(), 1);
}

#[test]
fn csv_is_safe_and_comes_back() {
    let file = csv(COLUMNS, sample());
    let text = std::fs::read_to_string(file.path()).unwrap();
    let lines = [
        "\u{feff}Họ và tên,Điện thoại,Số lượt,Tỷ lệ,Ngày vào Đảng",
        "Đỗ Thị Ư,0912345678,12345,12.5%,03/02/1999",
        "\"\"",
        "'=1+1,'+84912,,,19/05/1890",
        ",9223372036854775807,1.5,,",
        "",
    ];
    assert_eq!(text, lines.join("\r\n"));
    let rows = read(&file);
    assert_eq!(Reader::open(file.path()).unwrap().format(), Format::Csv);
    assert_eq!(rows[2], (4, ["=1+1", "+84912", "", "", "19/05/1890"].map(str::to_owned).to_vec()));
}

/// Text that formats trip over, made by a small generator with fixed seeds.
fn awkward(seed: &mut u64) -> String {
    const PIECES: &[&str] = &[
        "=",
        "+",
        "-",
        "@",
        "'",
        "\"",
        "\"\"",
        ",",
        ";",
        "\t",
        "\n",
        "\r\n",
        "\r",
        " ",
        "  ",
        "_x0041_",
        "_x",
        "_",
        "&",
        "<b>",
        "]]>",
        "&amp;",
        "0",
        "00912",
        "1E5",
        "Nguyễn",
        "Ộ",
        "o\u{302}\u{323}",
        "\u{200b}",
        "\u{feff}",
        "🇻🇳",
        "\u{b}",
        "#N/A",
        "TRUE",
        "á",
    ];
    let mut next = || {
        *seed =
            seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(*seed >> 33).unwrap()
    };
    (0..next() % 6).map(|_| PIECES[next() % PIECES.len()]).collect()
}

#[test]
fn any_text_comes_back_as_it_was() {
    let columns = ["a", "b", "c", "d", "e"].map(|title| Column::text(title, 10.0));
    for mut seed in 0..20_u64 {
        let texts: Vec<Vec<String>> =
            (0..200).map(|_| (0..5).map(|_| awkward(&mut seed)).collect()).collect();
        let cells = || {
            texts.iter().map(|row| row.iter().map(|text| text.as_str().into()).collect()).collect()
        };
        let expected: Vec<(u64, Vec<String>)> = (2..)
            .zip(&texts)
            .map(|(number, row)| {
                let length =
                    row.iter().rposition(|text| !text.is_empty()).map_or(0, |last| last + 1);
                (number, row[..length].to_vec())
            })
            .filter(|(_, row)| !row.is_empty())
            .collect();
        for file in [xlsx(&columns, &[], cells()), csv(&columns, cells())] {
            assert_eq!(read(&file)[1..], expected);
        }
    }
}

#[test]
fn too_much_is_an_error() {
    let sheet = Sheet { name: "x", columns: COLUMNS, notes: &[] };
    let long = vec![vec!["x".repeat(40_000).into()]];
    assert!(matches!(write_xlsx(std::io::sink(), &sheet, long), Err(WriteError::Xlsx(_))));
}
