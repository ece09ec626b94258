use std::io::{Seek as _, Write as _};

use super::super::fixture::{Fixture, WORKBOOK};
use super::super::{Format, ReadError, Reader, Row};
use super::column_of;

fn row(number: u64, cells: &[&str]) -> Row {
    Row { number, cells: cells.iter().map(ToString::to_string).collect() }
}

#[test]
fn shared_strings_with_runs_and_pronunciation() {
    let fixture = Fixture::new()
        .part(
            "xl/sharedStrings.xml",
            "<sst><si><t>Họ &amp; tên</t></si><si/><si><r><rPr><b/></rPr><t xml:space=\"preserve\">Nguyễn </t></r>\
             <r><t>Văn&#32;A</t></r><rPh sb=\"0\" eb=\"1\"><t>ngu</t></rPh></si><si><t/></si><si><t>a_x000D_\nb</t></si></sst>",
        )
        .rows("<row r=\"1\"><c r=\"A1\" t=\"s\"><v>0</v></c><c r=\"B1\" t=\"s\"><v>1</v></c>\
               <c r=\"C1\" t=\"s\"><v> 2 </v></c><c r=\"D1\" t=\"s\"><v>4</v></c><c r=\"E1\" t=\"s\"><v>3</v></c></row>");
    let expected = [row(1, &["Họ & tên", "", "Nguyễn Văn A", "a\r\nb"])];
    assert_eq!(fixture.read().unwrap(), expected);
    assert_eq!(fixture.stored().read().unwrap(), expected);
}

#[test]
fn inline_strings_formulas_booleans_and_errors() {
    let rows = "<row><c t=\"inlineStr\"><is><r><t>a</t></r><r><t> b</t></r><rPh><t>x</t></rPh></is></c>\
        <c t=\"str\"><f>A1&amp;\"c\"</f><v>c &lt;d></v></c><c t=\"b\"><v>1</v></c><c t=\"b\"><v>0</v></c>\
        <c t=\"e\"><v>#N/A</v></c><c><f>1+1</f><v>2</v></c><c t=\"d\"><v>2024-05-06T00:00:00</v></c>\
        <c t=\"str\"><v><![CDATA[<e>]]></v></c></row>";
    let expected = ["a b", "c <d>", "TRUE", "FALSE", "#N/A", "2", "06/05/2024", "<e>"];
    assert_eq!(Fixture::new().rows(rows).read().unwrap(), [row(1, &expected)]);
}

#[test]
fn gaps_in_rows_and_columns() {
    let rows = "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"D2\"><v>2</v></c><c/><c r=\"XFD2\" s=\"1\"/></row>\
        <row r=\"3\"><c r=\"A3\" s=\"1\"/></row><row r=\"4\"/><row><c><v>5</v></c><c/><c><v>6</v></c></row>\
        <row r=\"1048576\"><c r=\"A1048576\"><v>7</v></c></row>";
    let expected = [row(2, &["", "1", "", "2"]), row(5, &["5", "", "6"]), row(1_048_576, &["7"])];
    assert_eq!(Fixture::new().rows(rows).read().unwrap(), expected);
}

#[test]
fn dates_by_style() {
    let styles = "<styleSheet><numFmts><numFmt numFmtId=\"164\" formatCode=\"[$-42A]dd\\/mm\\/yyyy\"/>\
        <numFmt numFmtId=\"165\" formatCode=\"0000000000\"/><numFmt numFmtId=\"166\" formatCode=\"#,##0&quot; đ&quot;\"/></numFmts>\
        <cellStyleXfs><xf numFmtId=\"14\"/></cellStyleXfs>\
        <cellXfs><xf numFmtId=\"0\"/><xf numFmtId=\"14\"/><xf numFmtId=\"164\"><alignment/></xf><xf numFmtId=\"165\"/><xf numFmtId=\"166\"/></cellXfs>\
        <cellStyles><cellStyle xfId=\"0\"/></cellStyles></styleSheet>";
    let rows = "<row><c s=\"0\"><v>10990</v></c><c s=\"1\"><v>10990</v></c><c s=\"2\"><v>45000.5</v></c>\
        <c s=\"3\"><v>912345678</v></c><c s=\"4\"><v>1.2E6</v></c><c s=\"99\"><v>1</v></c><c s=\"1\" t=\"str\"><v>10990</v></c></row>";
    let fixture = Fixture::new().part("xl/styles.xml", styles).rows(rows);
    let expected = ["10990", "01/02/1930", "15/03/2023", "0912345678", "1200000", "1", "10990"];
    assert_eq!(fixture.read().unwrap(), [row(1, &expected)]);

    let workbook = WORKBOOK.replace("<sheets>", "<workbookPr date1904=\"1\"/><sheets>");
    let fixture = fixture.part("xl/workbook.xml", workbook);
    assert_eq!(fixture.read().unwrap()[0].cells[1..3], ["02/02/1934", "16/03/2027"]);
}

#[test]
fn first_visible_worksheet_through_relations() {
    let fixture = Fixture::new()
        .part("_rels/.rels", "<R><Relationship Id=\"a\" Type=\"o/officeDocument\" Target=\"book/main.xml\"/></R>")
        .part(
            "book/main.xml",
            "<x:workbook xmlns:x=\"x\"><x:sheets><x:sheet id=\"1\" x:id=\"h\" state=\"hidden\"/><x:sheet x:id=\"v\" state=\"veryHidden\"/>\
             <x:sheet x:id=\"c\"/><x:sheet x:id=\"s\" state=\"visible\"/></x:sheets></x:workbook>",
        )
        .part(
            "book/_rels/main.xml.rels",
            "<R><Relationship Id=\"h\" Type=\"o/worksheet\" Target=\"h.xml\"/><Relationship Id=\"v\" Type=\"o/worksheet\" Target=\"h.xml\"/>\
             <Relationship Id=\"c\" Type=\"o/chartsheet\" Target=\"h.xml\"/><Relationship Id=\"s\" Type=\"o/worksheet\" Target=\"../DATA\\s.XML\"/></R>",
        )
        .part("data/s.xml", "<x:worksheet xmlns:x=\"x\"><x:sheetData><x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>");
    // Windows separators are a habit of the container, not of relations.
    let fixture = fixture.part(
        "book/_rels/main.xml.rels",
        "<R><Relationship Id=\"h\" Type=\"o/worksheet\" Target=\"h.xml\"/><Relationship Id=\"v\" Type=\"o/worksheet\" Target=\"h.xml\"/>\
         <Relationship Id=\"c\" Type=\"o/chartsheet\" Target=\"h.xml\"/><Relationship Id=\"s\" Type=\"o/worksheet\" Target=\"../DATA/s.XML\"/></R>",
    );
    assert_eq!(fixture.read().unwrap(), [row(1, &["1"])]);
}

#[test]
fn refuses_what_is_no_workbook() {
    assert!(matches!(Fixture::new().read(), Err(ReadError::Damaged { .. })));
    let hidden = WORKBOOK.replace("name=", "state=\"hidden\" name=");
    let fixture = Fixture::new().part("xl/workbook.xml", hidden).rows("");
    assert!(matches!(fixture.read(), Err(ReadError::NoSheet)));
    let word =
        "<R><Relationship Id=\"a\" Type=\"o/officeDocument\" Target=\"word/document.xml\"/></R>";
    let fixture = Fixture::new().part("_rels/.rels", word).part("word/document.xml", "<d/>");
    assert!(matches!(fixture.read(), Err(ReadError::NotATable)));

    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1").unwrap();
    assert!(matches!(Reader::open(file.path()), Err(ReadError::Protected)));
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(b"PK\x03\x04 and then nothing").unwrap();
    assert!(matches!(Reader::open(file.path()), Err(ReadError::Damaged { .. })));
}

#[test]
fn refuses_damage() {
    for rows in [
        "<row r=\"5\"/><row r=\"5\"/>",
        "<row r=\"x\"/>",
        "<row r=\"0\"/>",
        "<row><c r=\"12\"><v>1</v></c></row>",
        "<row><c r=\"ZZZZ1\"><v>1</v></c></row>",
        "<row><c t=\"s\"><v>0</v></c></row>",
        "<row><c t=\"str\"><v>&nope;</v></c></row>",
        "<row><c></row>",
    ] {
        assert!(
            matches!(Fixture::new().rows(rows).read(), Err(ReadError::Damaged { .. })),
            "{rows}"
        );
    }
    let cut = Fixture::new()
        .part("xl/worksheets/sheet1.xml", "<worksheet><sheetData><row><c><v>1</v></c></row>");
    assert!(matches!(cut.read(), Err(ReadError::Damaged { .. })));
    let missing = Fixture::new().part("xl/sharedStrings.xml", "<sst><si><t>a</t></si></sst>");
    let missing = missing.rows("<row><c t=\"s\"><v>1</v></c></row>");
    assert!(matches!(missing.read(), Err(ReadError::Damaged { .. })));

    // A flipped byte in the data of a part, which its checksum gives away.
    let fixture = Fixture::new().rows("<row><c><v>12345</v></c></row>").stored();
    let mut file = fixture.file();
    let bytes = std::fs::read(file.path()).unwrap();
    let at = bytes.windows(5).position(|window| window == b"12345").unwrap();
    file.as_file_mut().seek(std::io::SeekFrom::Start(at as u64)).unwrap();
    file.as_file_mut().write_all(b"9").unwrap();
    let got: Result<Vec<Row>, _> = Reader::open(file.path()).unwrap().collect();
    assert!(matches!(got, Err(ReadError::Damaged { .. })));
}

#[test]
fn cells_columns_and_rows_have_bounds() {
    let cell =
        |text: &str| format!("<row/><row><c/><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>");
    let fits = "ộ".repeat(32_767);
    assert_eq!(Fixture::new().rows(&cell(&fits)).read().unwrap(), [row(2, &["", &fits])]);
    let long = "ộ".repeat(32_768);
    let shared = Fixture::new()
        .part("xl/sharedStrings.xml", format!("<sst><si><t>{long}</t></si></sst>"))
        .rows("<row/><row><c/><c t=\"s\"><v>0</v></c></row>");
    for fixture in [
        Fixture::new().rows(&cell(&long)),
        Fixture::new().rows(&cell(&"ộ".repeat(1_000_000))),
        Fixture::new().rows(&cell(&"&#7897;".repeat(300_000))),
        shared,
    ] {
        match fixture.read() {
            Err(ReadError::CellTooLong { row: 2, column }) => assert_eq!(column, "B"),
            other => panic!("{:?}", other.map(|rows| rows.len())),
        }
    }
    let endless = Fixture::new().rows(&format!("<row {}/>", "a=\"b\" ".repeat(600_000)));
    assert!(matches!(endless.read(), Err(ReadError::TextTooLong)));
    let deep = Fixture::new().rows(&"<a>".repeat(100_000));
    assert!(matches!(deep.read(), Err(ReadError::Damaged { .. })));
    let wide = Fixture::new().rows("<row r=\"9\"><c r=\"GS9\"><v>1</v></c></row>");
    assert!(matches!(wide.read(), Err(ReadError::TooManyColumns { row: 9 })));
    let tall = Fixture::new().rows("<row r=\"1048577\"/>");
    assert!(matches!(tall.read(), Err(ReadError::TooManyRows)));
}

#[test]
fn refuses_bombs() {
    let blank = " ".repeat(60 << 20);
    let sheet = Fixture::new().rows(&blank);
    assert!(matches!(sheet.read(), Err(ReadError::Bomb | ReadError::TextTooLong)));
    let empty = "<row/>".repeat(10 << 20);
    assert!(matches!(
        Fixture::new().rows(&empty).read(),
        Err(ReadError::Bomb | ReadError::TooManyRows)
    ));
    let strings = format!("<sst>{}</sst>", "<si/>".repeat(12 << 20));
    let strings = Fixture::new().rows("").part("xl/sharedStrings.xml", strings);
    assert!(matches!(strings.read(), Err(ReadError::Bomb)));
}

#[test]
fn the_name_does_not_matter() {
    let file = Fixture::new().rows("<row><c><v>1</v></c></row>").file();
    let renamed = file.path().with_extension("csv");
    std::fs::copy(file.path(), &renamed).unwrap();
    let mut reader = Reader::open(&renamed).unwrap();
    std::fs::remove_file(renamed).unwrap();
    assert_eq!(reader.format(), Format::Xlsx);
    assert_eq!(reader.next().unwrap().unwrap(), row(1, &["1"]));
    assert!(reader.next().is_none());
    assert!((reader.progress() - 1.0).abs() < f64::EPSILON);
}

#[test]
fn columns_by_letter() {
    assert_eq!(
        ["A1", "Z9", "aa10", "XFD1"].map(column_of),
        [Some(0), Some(25), Some(26), Some(16_383)]
    );
    assert_eq!(["", "1", "XFE1", "AAAAAAAAAAAAAAAAAAAA1"].map(column_of), [None; 4]);
}
