//! The printable slip that carries a code to its owner.

use askama::Template;
use kernel::viet;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use web::Page;

/// One slip: shown once, printed, handed over in person.
#[derive(Serialize, ToSchema)]
pub(super) struct Slip {
    pub name: String,
    pub unit: String,
    pub code: String,
    /// Where the QR code leads.
    pub address: String,
}

#[derive(Template, Serialize, ToSchema)]
#[template(path = "slips.html")]
pub(super) struct SlipsPage {
    /// For whom.
    pub heading: String,
    /// In the order of the tree and of names.
    pub slips: Vec<Slip>,
    /// How many more have not activated, whose codes somebody else hands out.
    pub left_out: usize,
    /// Until when the codes are good.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
    /// Where to go back to.
    pub back: String,
    /// `thanh-hoa.localhost:8080`: what people type.
    pub site: String,
}

impl SlipsPage {
    fn until(&self) -> String {
        viet::format_datetime(self.expires_at)
    }

    /// The code is printed beside it, so an address too long for a QR code
    /// leaves a slip that still works.
    fn qr(slip: &Slip) -> String {
        render::qr::svg(&slip.address, "Mã kích hoạt").unwrap_or_default()
    }
}

impl Page for SlipsPage {
    fn title(&self) -> String {
        "Phiếu kích hoạt".into()
    }
}
