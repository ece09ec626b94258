//! Whether a file is a PDF that everybody can open, how long it is, and
//! whether it shows the marking of a state secret. No I/O but the file itself.

mod text;

use crate::secret;
use lopdf::{Document, LoadOptions};
use std::{fmt, path::Path};
use tokio::sync::Semaphore;

/// Markings stand on the cover and on the first page after it; a few more
/// pages catch a file that begins with a covering letter.
const PAGES_SEARCHED: usize = 5;
/// Most bytes that any one stream of the file may decompress to.
const STREAM_LIMIT: usize = 64 << 20;
/// So far before the last byte a file's trailer may stand.
const END: usize = 2048;

/// Files looked into at the same time.
static LOOKS: Semaphore = Semaphore::const_new(2);

/// A file that may be published.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pdf {
    /// How many pages it has, at least one.
    pub pages: i32,
}

/// Why a file is not taken. `Display` says what to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// It is something else (415).
    NotPdf,
    /// It begins like one and cannot be read (422).
    Broken,
    /// It asks for a password, or restricts what readers may do (422).
    Encrypted,
    /// Nothing to read (422).
    NoPages,
    /// It is marked as a state secret (422).
    Secret(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::NotPdf => f.write_str(
                "Tệp này không phải là PDF. Hãy mở văn bản bằng phần mềm soạn thảo, chọn lưu dạng PDF rồi gửi tệp PDF.",
            ),
            Refusal::Broken => f.write_str(
                "Tệp PDF bị hỏng hoặc chưa tải đủ nên không mở được. Hãy mở thử trên máy, xuất lại PDF rồi gửi lại.",
            ),
            Refusal::Encrypted => f.write_str(
                "Tệp PDF đang đặt mật khẩu hoặc hạn chế quyền. Hãy xuất lại tệp PDF không đặt mật khẩu rồi gửi lại.",
            ),
            Refusal::NoPages => f.write_str("Tệp PDF không có trang nào. Hãy xuất lại PDF rồi gửi lại."),
            Refusal::Secret(level) => {
                write!(f, "Tệp có dấu chỉ độ mật «{level}» nên không được nhận. {}", secret::WHAT_TO_DO)
            }
        }
    }
}

/// Looks into a file.
///
/// # Errors
/// A [`Refusal`]; also when the file's structure brings the parser down.
pub async fn inspect(path: &Path) -> Result<Pdf, Refusal> {
    let path = path.to_owned();
    // A crafted file costs much memory and time: never more than two at once.
    let _turn = LOOKS.acquire().await.map_err(|_| Refusal::Broken)?;
    // Parsing takes long and may panic on a crafted file; neither must reach
    // the other requests.
    tokio::task::spawn_blocking(move || look(&std::fs::read(path).map_err(|_| Refusal::Broken)?))
        .await
        .unwrap_or(Err(Refusal::Broken))
}

fn look(bytes: &[u8]) -> Result<Pdf, Refusal> {
    if !bytes.starts_with(b"%PDF-") {
        return Err(Refusal::NotPdf);
    }
    if !ends(bytes) {
        return Err(Refusal::Broken);
    }
    let options =
        LoadOptions { max_decompressed_size: Some(STREAM_LIMIT), ..LoadOptions::default() };
    let mut document =
        Document::load_mem_with_options(bytes, options).map_err(|error| match error {
            lopdf::Error::InvalidPassword
            | lopdf::Error::Decryption(_)
            | lopdf::Error::UnsupportedSecurityHandler(_) => Refusal::Encrypted,
            _ => Refusal::Broken,
        })?;
    // An empty password opens some encrypted files; their readers are restricted all the same.
    if document.is_encrypted() || document.was_encrypted() {
        return Err(Refusal::Encrypted);
    }
    let pages = i32::try_from(document.page_iter().count()).map_err(|_| Refusal::Broken)?;
    if pages == 0 {
        return Err(Refusal::NoPages);
    }
    text::prefer_unicode(&mut document);
    for page in document.page_iter().take(PAGES_SEARCHED) {
        if let Some(level) = secret::in_text(&text::of_page(&document, page)) {
            return Err(Refusal::Secret(level));
        }
    }
    Ok(Pdf { pages })
}

/// Whether the file has its end, from which readers find their way into it.
/// The parser would piece together what is there of a file that was cut off.
fn ends(bytes: &[u8]) -> bool {
    const TRAILER: &[u8] = b"startxref";
    // Some devices fill the last block.
    let length =
        bytes.iter().rposition(|b| *b != 0 && !b.is_ascii_whitespace()).map_or(0, |last| last + 1);
    let tail = &bytes[length.saturating_sub(END)..length];
    tail.windows(TRAILER.len()).any(|window| window == TRAILER)
}

#[cfg(test)]
mod tests {
    use super::{Refusal, look};
    use lopdf::{
        Document, EncryptionState, EncryptionVersion, Object, Permissions, Stream, StringFormat,
        dictionary,
    };

    /// A one-page PDF whose page does `content`; the font maps `A`, `B`, … to
    /// the letters of «MẬT».
    fn pdf(content: &str) -> Document {
        let mut doc = Document::with_version("1.5");
        let map = doc.add_object(Stream::new(
            dictionary! {},
            b"/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CMapType 2 def\n\
              1 begincodespacerange\n<00> <FF>\nendcodespacerange\n\
              3 beginbfchar\n<41> <004D>\n<42> <1EAC>\n<43> <0054>\nendbfchar\n\
              endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
                .to_vec(),
        ));
        let font = doc.add_object(dictionary! {
            "Type" => "Font", "Subtype" => "TrueType", "BaseFont" => "Test",
            "Encoding" => "WinAnsiEncoding", "ToUnicode" => map,
        });
        let resources = dictionary! { "Font" => dictionary! { "F1" => font } };
        let stamp = doc.add_object(Stream::new(
            dictionary! { "Subtype" => "Form", "Resources" => resources.clone() },
            b"BT /F1 12 Tf (ABC) Tj ET".to_vec(),
        ));
        let mut resources = resources;
        resources.set("XObject", dictionary! { "Stamp" => stamp });
        let content = doc.add_object(Stream::new(dictionary! {}, content.as_bytes().to_vec()));
        let pages = doc.new_object_id();
        let page = doc.add_object(dictionary! {
            "Type" => "Page", "Parent" => pages, "Contents" => content, "Resources" => resources,
        });
        let tree = dictionary! { "Type" => "Pages", "Kids" => vec![page.into()], "Count" => 1 };
        doc.objects.insert(pages, Object::Dictionary(tree));
        let catalog = doc.add_object(dictionary! { "Type" => "Catalog", "Pages" => pages });
        doc.trailer.set("Root", catalog);
        let id = || Object::String(b"0123456789abcdef".to_vec(), StringFormat::Literal);
        doc.trailer.set("ID", vec![id(), id()]);
        doc
    }

    fn bytes(mut doc: Document) -> Vec<u8> {
        let mut bytes = Vec::new();
        doc.save_to(&mut bytes).unwrap();
        bytes
    }

    #[test]
    fn a_pdf_is_taken_and_its_pages_are_counted() {
        assert_eq!(look(&bytes(pdf(""))).unwrap().pages, 1);
        // «M MT»: letters of the marking that are no marking.
        assert!(look(&bytes(pdf("BT /F1 12 Tf (A) Tj 40 0 Td (AC) Tj ET"))).is_ok());
    }

    #[test]
    fn what_is_no_pdf_says_what_to_send() {
        for other in [&b""[..], b"PK\x03\x04", b"<html>", b" %PDF-1.4"] {
            assert_eq!(look(other), Err(Refusal::NotPdf));
        }
        assert_eq!(look(b"%PDF-1.7\nnothing behind it"), Err(Refusal::Broken));
        assert!(Refusal::NotPdf.to_string().contains("lưu dạng PDF"));
    }

    #[test]
    fn a_pdf_that_was_cut_off_is_refused_and_one_that_was_padded_is_not() {
        let whole = bytes(pdf(&"% as long as a real page\n".repeat(400)));
        for part in [2, 3, 4] {
            assert_eq!(
                look(&whole[..whole.len() * (part - 1) / part]),
                Err(Refusal::Broken),
                "{part}"
            );
        }
        assert!(look(&[&whole[..], &[0; 5000], b"\r\n"].concat()).is_ok());
    }

    #[test]
    fn a_pdf_without_pages_is_refused() {
        let mut doc = pdf("");
        let pages = doc.catalog().unwrap().get(b"Pages").unwrap().as_reference().unwrap();
        doc.get_dictionary_mut(pages).unwrap().set("Kids", Object::Array(Vec::new()));
        assert_eq!(look(&bytes(doc)), Err(Refusal::NoPages));
    }

    #[test]
    fn encrypted_files_are_refused_with_or_without_a_password_to_open() {
        for user_password in ["", "secret"] {
            let mut doc = pdf("");
            let version = EncryptionVersion::V2 {
                document: &doc,
                owner_password: "owner",
                user_password,
                key_length: 128,
                permissions: Permissions::PRINTABLE,
            };
            let state = EncryptionState::try_from(version).unwrap();
            doc.encrypt(&state).unwrap();
            assert_eq!(look(&bytes(doc)), Err(Refusal::Encrypted));
        }
    }

    #[test]
    fn a_marking_is_found_whole_in_pieces_and_in_a_stamp() {
        for content in [
            "BT /F1 12 Tf (ABC) Tj ET",
            "BT /F1 12 Tf 1 0 0 1 72 700 Tm (A) Tj ET BT /F1 12 Tf 1 0 0 1 80 700 Tm (BC) Tj ET",
            "BT /F1 12 Tf [(A) -20 (B) 30 (C)] TJ ET",
            "BT /F1 12 Tf (A) Tj 0 -20 Td (ABC) ' ET",
            "q 1 0 0 1 300 700 cm /Stamp Do Q",
        ] {
            assert_eq!(look(&bytes(pdf(content))), Err(Refusal::Secret("MẬT")), "{content}");
        }
    }
}
