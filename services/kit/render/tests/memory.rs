//! A national list takes no more memory to read than a small one.
//!
//! Each file is read in a process of its own, because the high-water mark
//! that the kernel keeps is that of a whole process.

use std::fs::File;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use render::sheet::read::Reader;
use render::sheet::write::{Cell, Column, Sheet, write_csv, write_xlsx};
use tempfile::NamedTempFile;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

const SMALL: u32 = 10_000;
const LARGE: u32 = 230_000;

/// What reading may take beyond what a small list takes, in KiB: the caches
/// fill up, and nothing else grows.
const ALLOWED: u64 = 16 * 1024;

/// Tells the child process which file to read.
const FILE: &str = "RENDER_TEST_FILE";

const COLUMNS: [Column<'static>; 12] = [Column::text("Cột", 20.0); 12];

fn texts(row: u32) -> [String; 12] {
    std::array::from_fn(|column| match column {
        0 => format!("Nguyễn Thị Hồng Ngọc {row}"),
        1 => format!("09{row:08}"),
        2 => format!("0510{row:08}"),
        3 => if row.is_multiple_of(2) { "Nam" } else { "Nữ" }.to_owned(),
        4 => format!("Chi bộ thôn {}, Đảng bộ xã {}", row % 4000, row % 260),
        other => format!("{other}-{}", row % 5000),
    })
}

fn rows(count: u32) -> impl Iterator<Item = Vec<Cell>> {
    (0..count).map(|row| texts(row).map(Cell::from).to_vec())
}

fn inline(count: u32) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let sheet = Sheet { name: "Danh sách", columns: &COLUMNS, notes: &[] };
    write_xlsx(file.as_file(), &sheet, rows(count)).unwrap();
    file
}

fn delimited(count: u32) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    write_csv(std::io::BufWriter::new(file.as_file()), &COLUMNS, rows(count)).unwrap();
    file
}

/// The shape that Excel itself saves, at its worst: every cell a string of
/// its own, in an order that has nothing to do with the order of rows.
fn shared(count: u32) -> NamedTempFile {
    let file = NamedTempFile::new().unwrap();
    let mut zip = ZipWriter::new(File::create(file.path()).unwrap());
    let options = SimpleFileOptions::default().compression_level(Some(1));
    let mut part = |name: &str, fill: &mut dyn FnMut(&mut String, u32), from: &str, to: &str| {
        zip.start_file(name, options).unwrap();
        let mut text = from.to_owned();
        for row in 0..count {
            fill(&mut text, row);
            if text.len() > 1 << 16 {
                zip.write_all(text.as_bytes()).unwrap();
                text.clear();
            }
        }
        text.push_str(to);
        zip.write_all(text.as_bytes()).unwrap();
    };
    let skip = &mut |_: &mut String, _: u32| {};
    part("[Content_Types].xml", skip, "<Types/>", "");
    part("xl/workbook.xml", skip, "<workbook><sheets><sheet id=\"s\"/></sheets></workbook>", "");
    let relations = "<R><Relationship Id=\"s\" Type=\"/worksheet\" Target=\"sheet.xml\"/>\
        <Relationship Id=\"t\" Type=\"/sharedStrings\" Target=\"strings.xml\"/></R>";
    part("xl/_rels/workbook.xml.rels", skip, relations, "");
    let strings = &mut |out: &mut String, row: u32| {
        for text in texts(row) {
            out.extend(["<si><t>", &text, "</t></si>"]);
        }
    };
    part("xl/strings.xml", strings, "<sst>", "</sst>");
    let cells = &mut |out: &mut String, row: u32| {
        // Coprime with either count, so that every row comes up once.
        let other = u64::from(row) * 7_919 % u64::from(count);
        out.push_str("<row>");
        for column in 0..12 {
            out.extend(["<c t=\"s\"><v>", &(other * 12 + column).to_string(), "</v></c>"]);
        }
        out.push_str("</row>");
    };
    part("xl/sheet.xml", cells, "<worksheet><sheetData>", "</sheetData></worksheet>");
    zip.finish().unwrap();
    file
}

/// Reads in a child process and returns its high-water mark in KiB.
fn measure(file: &Path, expected: u32) -> u64 {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(FILE, file)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let mut figures =
        text.lines().find_map(|line| line.split_once("figures ")).unwrap().1.split(' ');
    let mut figure = || figures.next().unwrap().parse::<u64>().unwrap();
    let (rows, peak, milliseconds) = (figure(), figure(), figure());
    println!("{rows} rows, {peak} KiB, {milliseconds} ms");
    assert_eq!(rows, u64::from(expected));
    peak
}

/// Does nothing unless a parent asks.
#[test]
fn child() {
    let Some(file) = std::env::var_os(FILE) else { return };
    let start = Instant::now();
    let mut rows = 0;
    let mut cells = 0;
    for row in Reader::open(Path::new(&file)).unwrap() {
        cells += row.unwrap().cells.len();
        rows += 1;
    }
    assert!(cells >= rows * 12);
    let time = start.elapsed().as_millis();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    println!("\nfigures {rows} {} {time}", peak.trim().trim_end_matches(" kB"));
}

fn compare(make: fn(u32) -> NamedTempFile, header: u32) {
    let small = measure(make(SMALL).path(), SMALL + header);
    let large = measure(make(LARGE).path(), LARGE + header);
    assert!(large < small + ALLOWED, "{SMALL} rows: {small} KiB, {LARGE} rows: {large} KiB");
}

#[test]
fn csv() {
    compare(delimited, 1);
}

#[test]
fn xlsx_with_inline_strings() {
    compare(inline, 1);
}

#[test]
fn xlsx_with_shared_strings() {
    compare(shared, 0);
}
