//! Members, their positions and roles, and the trail of what was done.

mod add;
mod fields;
mod role;
mod store;

pub use add::{NewMember, add_in, ensure_official_in};
pub use fields::Record;
pub use role::grant_in;

use kernel::{Errors, MemberId, Result};
use sqlx::PgConnection;

/// The operations on members, roles and the trail.
#[must_use]
pub fn routes() -> web::Routes {
    web::Routes::new("")
}

/// What is said of the state of somebody's account, and in which colour.
pub(crate) fn account_words(state: Option<&str>) -> (&'static str, &'static str) {
    match state {
        Some("active") => ("Đã kích hoạt", "green"),
        Some("withdrawn") => ("Đã thu hồi", "red"),
        Some(_) => ("Chưa kích hoạt", "yellow"),
        None => ("Chưa có tài khoản", "grey"),
    }
}

/// A card or file number belongs to one member.
async fn duplicates(conn: &mut PgConnection, member: MemberId, record: &Record) -> Result<()> {
    let (card, file) =
        store::taken(conn, member, record.card_number.as_deref(), record.file_number.as_deref()).await?;
    let mut errors = Errors::default();
    if card {
        errors.add("card_number", "Số thẻ này đã ghi cho một đảng viên khác.");
    }
    if file {
        errors.add("file_number", "Số lý lịch này đã ghi cho một đảng viên khác.");
    }
    errors.or(())
}
