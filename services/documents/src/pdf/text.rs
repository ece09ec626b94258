//! The text of a page, line by line. Lines matter here more than fidelity: a
//! marking is told by standing alone. What has no text (a scan) or is written
//! in a font without a map to Unicode yields nothing.

use lopdf::{Dictionary, Document, Encoding, Object, ObjectId, Stream, content::Content};
use std::collections::BTreeMap;

/// Most bytes of drawing instructions that are read of a page or a stamp.
const CONTENT_LIMIT: usize = 16 << 20;
/// How deep drawings within drawings are followed.
const DEPTH: u8 = 4;

type Fonts<'a> = BTreeMap<Vec<u8>, Encoding<'a>>;

/// Makes every font that has a map to Unicode be read by it. Its encoding names
/// glyphs, and Vietnamese letters often hide behind the names of others.
pub fn prefer_unicode(document: &mut Document) {
    for object in document.objects.values_mut() {
        if let Ok(font) = object.as_dict_mut()
            && font.has_type(b"Font")
            && font.has(b"ToUnicode")
        {
            font.remove(b"Encoding");
        }
    }
}

/// All text of a page, with that of drawings and stamps upon it.
pub fn of_page(document: &Document, page: ObjectId) -> String {
    let mut text = String::new();
    let fonts =
        document.get_page_fonts(page).map(|fonts| encodings(document, fonts)).unwrap_or_default();
    let drawings = drawings(document, page_resources(document, page));
    if let Ok(content) = document.get_page_content_with_limit(page, CONTENT_LIMIT) {
        draw(document, &content, &fonts, &drawings, DEPTH, &mut text);
    }
    for annotation in document.get_page_annotations(page).unwrap_or_default() {
        let appearance = document
            .get_dict_in_dict(annotation, b"AP")
            .and_then(|appearances| appearances.get_deref(b"N", document))
            .and_then(Object::as_stream);
        if let Ok(stream) = appearance {
            form(document, stream, &fonts, DEPTH, &mut text);
        }
    }
    text
}

/// The drawings that the instructions of a page or a drawing may name.
fn drawings<'a>(
    document: &'a Document,
    resources: Vec<&'a Dictionary>,
) -> BTreeMap<Vec<u8>, &'a Stream> {
    let mut drawings = BTreeMap::new();
    for resources in resources {
        let Ok(named) = document.get_dict_in_dict(resources, b"XObject") else { continue };
        for (name, object) in named {
            let stream = document.dereference(object).and_then(|(_, object)| object.as_stream());
            if let Ok(stream) = stream
                && stream
                    .dict
                    .get(b"Subtype")
                    .and_then(Object::as_name)
                    .is_ok_and(|kind| kind == b"Form")
            {
                drawings.entry(name.clone()).or_insert(stream);
            }
        }
    }
    drawings
}

fn page_resources(document: &Document, page: ObjectId) -> Vec<&Dictionary> {
    let (inline, ids) = document.get_page_resources(page).unwrap_or_default();
    inline
        .into_iter()
        .chain(ids.into_iter().filter_map(|id| document.get_dictionary(id).ok()))
        .collect()
}

fn encodings<'a>(document: &'a Document, fonts: BTreeMap<Vec<u8>, &'a Dictionary>) -> Fonts<'a> {
    fonts
        .into_iter()
        .filter_map(|(name, font)| {
            Some((name, font.get_font_encoding_with_limit(document, CONTENT_LIMIT).ok()?))
        })
        .collect()
}

/// A drawing that stands on its own: its text begins and ends a line.
fn form(document: &Document, stream: &Stream, outer: &Fonts, depth: u8, text: &mut String) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let Ok(content) = stream.get_plain_content_with_limit(CONTENT_LIMIT) else { return };
    let resources = document.get_dict_in_dict(&stream.dict, b"Resources").ok();
    let own = resources
        .and_then(|resources| document.get_dict_in_dict(resources, b"Font").ok())
        .map(|named| {
            let fonts = named.iter().filter_map(|(name, object)| {
                let font =
                    document.dereference(object).and_then(|(_, object)| object.as_dict()).ok()?;
                Some((name.clone(), font))
            });
            encodings(document, fonts.collect())
        });
    // Old files leave the resources of a drawing to the page around it.
    let fonts = own.as_ref().unwrap_or(outer);
    text.push('\n');
    draw(
        document,
        &content,
        fonts,
        &drawings(document, resources.into_iter().collect()),
        depth,
        text,
    );
    text.push('\n');
}

/// Where the pen stands, as far as lines go.
#[derive(Clone, Copy, Default)]
struct Pen {
    x: f32,
    y: f32,
    size: f32,
    leading: f32,
    /// Vertical and horizontal size of the text's own unit.
    scale: f32,
}

fn draw(
    document: &Document,
    content: &[u8],
    fonts: &Fonts,
    drawings: &BTreeMap<Vec<u8>, &Stream>,
    depth: u8,
    text: &mut String,
) {
    let Ok(content) = Content::decode(content) else { return };
    let mut pen = Pen { size: 12.0, scale: 1.0, ..Pen::default() };
    let mut font = None;
    // Where the last piece began, and how many characters it had.
    let mut last: Option<(Pen, usize)> = None;
    for operation in &content.operations {
        let number = |at: usize| {
            operation.operands.get(at).and_then(|o| o.as_float().ok()).unwrap_or_default()
        };
        let name = || operation.operands.first().and_then(|o| o.as_name().ok());
        match operation.operator.as_str() {
            "Tf" => {
                font = name().and_then(|name| fonts.get(name));
                pen.size = number(1).abs();
            }
            "BT" => (pen.x, pen.y, pen.scale) = (0.0, 0.0, 1.0),
            "TL" => pen.leading = number(0),
            "Tm" => {
                (pen.scale, pen.x, pen.y) =
                    (number(0).abs().max(number(1).abs()), number(4), number(5));
            }
            "Td" | "TD" => {
                pen.x += number(0) * pen.scale;
                pen.y += number(1) * pen.scale;
                if operation.operator == "TD" {
                    pen.leading = -number(1);
                }
            }
            "T*" | "'" | "\"" => {
                pen.y -= pen.leading * pen.scale;
                text.push('\n');
            }
            "cm" => {
                // Another place on the page: told only by a new line.
                text.push('\n');
                last = None;
            }
            "Do" => {
                if let Some(stream) = name().and_then(|name| drawings.get(name)) {
                    form(document, stream, fonts, depth, text);
                    last = None;
                }
            }
            _ => {}
        }
        if let ("Tj" | "TJ" | "'" | "\"", Some(encoding)) = (operation.operator.as_str(), font) {
            if last.is_some_and(|(before, length)| apart(before, length, pen)) {
                text.push('\n');
            }
            let start = text.len();
            show(&operation.operands, encoding, text);
            let length = text[start..].chars().count();
            last = Some(match last {
                // Shown without moving: the line goes on from where it began.
                Some((before, so_far)) if (before.x, before.y) == (pen.x, pen.y) => {
                    (before, so_far + length)
                }
                _ => (pen, length),
            });
        }
    }
}

/// Whether two pieces stand on different lines, or so far apart on one that
/// they do not belong together. A letter is taken to be as wide as a wide one.
fn apart(before: Pen, length: usize, now: Pen) -> bool {
    let em = (before.size * before.scale).max(1.0);
    #[expect(clippy::cast_precision_loss, reason = "a line has few characters")]
    let widest = (length as f32 * 0.9 + 1.5) * em;
    (now.y - before.y).abs() > em * 0.5 || now.x - before.x > widest || now.x < before.x
}

fn show(operands: &[Object], encoding: &Encoding, text: &mut String) {
    for operand in operands {
        match operand {
            Object::String(bytes, _) => {
                text.push_str(&Document::decode_text(encoding, bytes).unwrap_or_default());
            }
            Object::Array(pieces) => show(pieces, encoding, text),
            // A wide gap inside a line, in thousandths of the font's size.
            Object::Integer(gap) if *gap < -180 => text.push(' '),
            Object::Real(gap) if *gap < -180.0 => text.push(' '),
            _ => {}
        }
    }
}
