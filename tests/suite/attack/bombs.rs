//! Little that unpacks to a lot.

use crate::{app::TestApp, run, wire::Served};
use flate2::{Compression, write::ZlibEncoder};
use std::{
    io::{Cursor, Write as _},
    time::{Duration, Instant},
};
use zip::{ZipWriter, write::SimpleFileOptions};

/// So much white space: past what a reader of ours unpacks.
const SPACE: usize = 80 << 20;

#[test]
fn packed_bodies_are_not_unpacked() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        for coding in ["gzip", "deflate", "br", "zstd", "gzip, identity"] {
            let mut wire = served.dial().await;
            wire.say(format!(
                "POST /session HTTP/1.1\r\nHost: thanh-hoa.localhost\r\nContent-Encoding: {coding}\r\n\
                 Content-Length: 3\r\nConnection: close\r\n\r\nabc"
            ))
            .await;
            assert_eq!(wire.status().await, Some(415), "{coding}");
        }
        served.serves_others().await;
    });
}

/// A workbook whose sheet is mostly white space.
fn workbook() -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let relations = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    let parts = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>"
                .to_owned(),
        ),
        (
            "_rels/.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>"
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"{relations}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"r1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                "<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"r1\" Type=\"{relations}/worksheet\" Target=\"worksheets/sheet1.xml\"/></Relationships>"
            ),
        ),
    ];
    for (name, text) in parts {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(text.as_bytes()).unwrap();
    }
    zip.start_file("xl/worksheets/sheet1.xml", SimpleFileOptions::default()).unwrap();
    zip.write_all(b"<worksheet xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"><sheetData>").unwrap();
    zip.write_all(&vec![b' '; SPACE]).unwrap();
    zip.write_all(b"</sheetData></worksheet>").unwrap();
    zip.finish().unwrap().into_inner()
}

/// A PDF whose pages are in an object stream of white space.
fn pdf() -> Vec<u8> {
    let objects = "1 0 2 50 3 150 ";
    let mut packed = ZlibEncoder::new(Vec::new(), Compression::fast());
    let bodies = format!(
        "{objects}{:<50}{:<100}{}",
        "<</Type/Catalog/Pages 2 0 R>>",
        "<</Type/Pages/Kids[3 0 R]/Count 1>>",
        "<</Type/Page/Parent 2 0 R>>"
    );
    packed.write_all(bodies.as_bytes()).unwrap();
    packed.write_all(&vec![b' '; SPACE]).unwrap();
    let packed = packed.finish().unwrap();
    let mut file = b"%PDF-1.5\n".to_vec();
    let at_stream = file.len();
    let length = packed.len();
    write!(
        file,
        "4 0 obj\n<</Type/ObjStm/N 3/First {}/Filter/FlateDecode/Length {length}>>\nstream\n",
        objects.len()
    )
    .unwrap();
    file.extend_from_slice(&packed);
    file.extend_from_slice(b"\nendstream\nendobj\n");
    let at_table = file.len();
    // Kind, position and index of each object.
    let mut table = vec![0, 0, 0, 0];
    for index in 0..3 {
        table.extend_from_slice(&[2, 0, 4, index]);
    }
    for at in [at_stream, at_table] {
        let at = u16::try_from(at).unwrap_or(u16::MAX).to_be_bytes();
        table.extend_from_slice(&[1, at[0], at[1], 0]);
    }
    write!(
        file,
        "5 0 obj\n<</Type/XRef/Size 6/W[1 2 1]/Root 1 0 R/Length {}>>\nstream\n",
        table.len()
    )
    .unwrap();
    file.extend_from_slice(&table);
    write!(file, "\nendstream\nendobj\nstartxref\n{at_table}\n%%EOF\n").unwrap();
    file
}

#[test]
fn files_that_unpack_to_far_more_are_refused_and_others_served() {
    run(async {
        let app = TestApp::new().await;
        let served = Served::platform(&app, false).await;
        let since = Instant::now();
        let (workbook, pdf) = (workbook(), pdf());
        assert!(workbook.len() < SPACE / 200 && pdf.len() < SPACE / 100, "they are bombs");
        let mut admin = app.program("thanh-hoa", "admin").await;
        let sent = admin.upload("/api/v1/roster", &[], "ds.xlsx", &workbook).await;
        assert_eq!(sent.status, 422, "{}", sent.body);
        // The space between two cells is longer than any cell may be.
        assert!(sent.shows("32.767 ký tự"), "{}", sent.body);
        served.serves_others().await;
        let mut editor = app.program("thanh-hoa", "editor").await;
        let fields = [
            ("organisation", "goc"),
            ("kind", "nghi_quyet"),
            ("number", "01-NQ/TU"),
            ("title", "Nghị quyết"),
            ("issued_on", "15/10/2026"),
            ("attested", "true"),
            ("attested_by", "Lê Văn Kiểm"),
        ];
        let sent = editor.upload("/api/v1/documents", &fields, "a.pdf", &pdf).await;
        assert_eq!(sent.status, 422, "{}", sent.body);
        assert!(sent.shows("PDF bị hỏng"), "{}", sent.body);
        served.serves_others().await;
        assert!(since.elapsed() < Duration::from_mins(1), "{:?}", since.elapsed());
    });
}
