use std::io::Write as _;

use super::super::{Format, ReadError, Reader, Row};

fn read(bytes: &[u8]) -> Result<Vec<Row>, ReadError> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    let reader = Reader::open(file.path())?;
    assert_eq!(reader.format(), Format::Csv);
    reader.collect()
}

fn rows(bytes: &[u8]) -> Vec<(u64, Vec<String>)> {
    read(bytes).unwrap().into_iter().map(|row| (row.number, row.cells)).collect()
}

fn row(number: u64, cells: &[&str]) -> (u64, Vec<String>) {
    (number, cells.iter().map(ToString::to_string).collect())
}

#[test]
fn separators_and_byte_order_mark() {
    let expected = [row(1, &["Họ tên", "Số thẻ"]), row(2, &["Đỗ Ư", "012"])];
    for separator in [",", ";", "\t"] {
        for start in ["", "\u{feff}"] {
            for end in ["\n", "\r\n", "\r"] {
                let text = format!("{start}Họ tên{separator}Số thẻ{end}Đỗ Ư{separator}012{end}");
                assert_eq!(rows(text.as_bytes()), expected, "{text:?}");
            }
        }
    }
    // A separator inside quotes does not count, nor does a lone column fail.
    assert_eq!(rows(b"\"a,b,c\";d\n"), [row(1, &["a,b,c", "d"])]);
    assert_eq!(rows(b"a\nb"), [row(1, &["a"]), row(2, &["b"])]);
    assert_eq!(rows(b"sep=;\r\na,b;c\r\n"), [row(1, &["a,b", "c"])]);
}

#[test]
fn quotes() {
    assert_eq!(rows(b"\"a \"\"b\"\"\",\"\",\"c\nd\"\n"), [row(1, &["a \"b\"", "", "c\nd"])]);
    assert_eq!(rows(b"a\"b,\"c\"d\n"), [row(1, &["a\"b", "cd"])]);
}

#[test]
fn rows_are_numbered_as_a_spreadsheet_program_numbers_them() {
    let text = b"a,b\r\n\r\n\"1\r\n2\",x\r\n,,\r\n\nlast,,\r\n";
    assert_eq!(rows(text), [row(1, &["a", "b"]), row(3, &["1\r\n2", "x"]), row(6, &["last"])]);
}

#[test]
fn cells_stay_raw() {
    assert_eq!(
        rows(" a ,\u{200b}b,\u{feff}\n".as_bytes()),
        [row(1, &[" a ", "\u{200b}b", "\u{feff}"])]
    );
}

#[test]
fn pieces_across_chunk_ends() {
    // Every alignment of a quoted cell with CRLF against the end of the chunk.
    for pad in 65_520..65_545 {
        let text = format!("h,i\r\n\"{}\"\"\r\n\",\"z\"\r\nend\r\n", "x".repeat(pad - 40_000));
        let text = format!("{}\r\n{text}", "y".repeat(39_900 / 3));
        let got = rows(text.as_bytes());
        assert_eq!(got.len(), 4);
        assert!(got[2].1[0].ends_with("x\"\r\n"));
        assert_eq!(got[2].1[1], "z");
        assert_eq!(got[3], row(4, &["end"]));
    }
}

#[test]
fn refusals_say_where_and_how_to_mend() {
    assert!(matches!(read(b""), Err(ReadError::Empty)));
    assert!(matches!(read(b"\xEF\xBB\xBF"), Err(ReadError::Empty)));
    assert!(matches!(read(b"\xFF\xFEa\0"), Err(ReadError::Utf16)));
    assert!(matches!(read(b"a\0b\0"), Err(ReadError::NotATable)));
    assert!(matches!(read(b"\n <table>"), Err(ReadError::NotATable)));
    assert!(matches!(read(b"%PDF-1.7"), Err(ReadError::NotATable)));
    let error = read(b"a,b\n\nNguy\xEA\xF1n,1\n").unwrap_err();
    assert!(matches!(error, ReadError::NotUtf8 { row: 3 }));
    assert!(error.to_string().contains("Dòng 3") && error.to_string().contains("CSV UTF-8"));
    assert!(matches!(read(b"a\xC3,\xA1\n"), Err(ReadError::NotUtf8 { row: 1 })));
    assert!(matches!(read(b"a\n\"b\nc\n"), Err(ReadError::UnclosedQuote { row: 2 })));
    let wide = ["x"; 201].join(",");
    assert!(matches!(read(wide.as_bytes()), Err(ReadError::TooManyColumns { row: 1 })));
    let trailing = format!("a{}", ",".repeat(1000));
    assert_eq!(rows(trailing.as_bytes()), [row(1, &["a"])]);
}

#[test]
fn cells_have_a_bound() {
    let fits = "đ".repeat(32_767);
    assert_eq!(rows(format!("a,{fits}").as_bytes()), [row(1, &["a", &fits])]);
    for length in [32_768, 2_000_000] {
        let text = format!("a\nb,{}", "đ".repeat(length));
        match read(text.as_bytes()) {
            Err(ReadError::CellTooLong { row: 2, column }) => assert_eq!(column, "B"),
            other => panic!("{other:?}"),
        }
    }
    let open = format!("a\n\"b{}", "đ\n".repeat(200_000));
    assert!(matches!(read(open.as_bytes()), Err(ReadError::UnclosedQuote { row: 2 })));
}

#[test]
fn rows_have_a_bound() {
    let text = "a\n".repeat(1_048_577);
    assert!(matches!(read(text.as_bytes()), Err(ReadError::TooManyRows)));
}

#[test]
fn progress_grows_to_one() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all("a,b\n".repeat(100_000).as_bytes()).unwrap();
    let mut reader = Reader::open(file.path()).unwrap();
    let mut last = reader.progress();
    while let Some(row) = reader.next() {
        row.unwrap();
        assert!(reader.progress() >= last);
        last = reader.progress();
    }
    assert!((reader.progress() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn nothing_follows_an_error() {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"a\n\xFF\nb\n").unwrap();
    let mut reader = Reader::open(file.path()).unwrap();
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().unwrap().is_err());
    assert!(reader.next().is_none());
}
