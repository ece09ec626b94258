//! A document from the editor's form to the reader's acknowledgement.

mod publishing;
mod readers;
mod reading;

use crate::browser::{Answer, Browser};

const TENANT: &str = "thanh-hoa";
pub const TITLE: &str = "Nghị quyết về đẩy mạnh chuyển đổi số";
const NUMBER: &str = "01-NQ/TU";
pub const RESOLUTION: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/01-nq-tu-chuyen-doi-so.pdf");
const PLAN: &[u8] =
    include_bytes!("../../services/sotay/demo/documents/02-kh-tu-trien-khai-so-tay.pdf");

/// The form, filled in well but for `changes`.
pub fn form<'a>(changes: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let good = [
        ("organisation", "goc"),
        ("kind", "nghi_quyet"),
        ("number", NUMBER),
        ("title", TITLE),
        ("summary", "Năm nhóm nhiệm vụ của chi bộ"),
        ("issuer", ""),
        ("issued_on", "15/10/2026"),
        ("must_read_by", "30/11/2026"),
        ("attested", "true"),
        ("attested_by", "Lê Văn Kiểm, Chánh Văn phòng"),
    ];
    let changed = |name| changes.iter().find(|(changed, _)| *changed == name);
    good.iter().map(|field| *changed(field.0).unwrap_or(field)).collect()
}

async fn send(browser: &mut Browser, changes: &[(&str, &str)], name: &str, file: &[u8]) -> Answer {
    browser.upload("/documents", &form(changes), name, file).await
}

/// Publishes and answers the document's address.
pub async fn published(browser: &mut Browser, changes: &[(&str, &str)]) -> String {
    browser.get("/documents/new").await;
    let answer = send(browser, changes, "01-nq-tu.pdf", RESOLUTION).await;
    assert_eq!(answer.status, 303, "{}", answer.body);
    answer.location().to_owned()
}

fn id(document: &str) -> uuid::Uuid {
    document.rsplit('/').next().unwrap().parse().unwrap()
}
