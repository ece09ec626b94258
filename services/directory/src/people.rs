//! Members, their positions and roles, and the trail of what was done.

mod add;
mod audit;
mod change;
mod fields;
mod form;
mod list;
mod position;
mod role;
mod role_list;
mod show;
mod store;
mod trail;

pub use add::{NewMember, add_in, ensure_official_in};
pub use change::change_in;
pub use fields::Record;
pub use role::grant_in;

use crate::organisation::store as tree;
use kernel::{Error, Errors, MemberId, Result, viet};
use sqlx::PgConnection;

const CARD_TAKEN: &str = "Số thẻ này đã ghi cho một đảng viên khác.";
const FILE_TAKEN: &str = "Số lý lịch này đã ghi cho một đảng viên khác.";

/// The operations on members, roles and the trail.
#[must_use]
pub fn routes() -> web::Routes {
    web::Routes::new(include_str!("../people_policy.csv"))
        .route(web::routes!(list::list))
        .route(web::routes!(form::form))
        .route(web::routes!(form::add))
        .route(web::routes!(show::show))
        .route(web::routes!(change::edit))
        .route(web::routes!(change::change))
        .route(web::routes!(position::form))
        .route(web::routes!(position::take))
        .route(web::routes!(position::leave_form))
        .route(web::routes!(position::leave))
        .route(web::routes!(role_list::list))
        .route(web::routes!(role::form))
        .route(web::routes!(role::grant))
        .route(web::routes!(role::revoke))
        .route(web::routes!(audit::list))
        .nav(32, "/members", "Đảng viên", "member.list")
        .nav(70, "/roles", "Phân quyền", "role.list")
        .nav(80, "/audit", "Nhật ký", "audit.list")
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
        store::taken(conn, member, record.card_number.as_deref(), record.file_number.as_deref())
            .await?;
    let mut errors = Errors::default();
    if card {
        errors.add("card_number", CARD_TAKEN);
    }
    if file {
        errors.add("file_number", FILE_TAKEN);
    }
    errors.or(())
}

/// The unit that an address names, by its identifier or its code.
async fn unit(conn: &mut PgConnection, text: &str) -> Result<Option<tree::Unit>> {
    let text = viet::normalise(text);
    match text.parse() {
        Ok(id) => tree::unit(conn, id).await,
        Err(_) if text.is_empty() => Ok(None),
        Err(_) => tree::unit_by_code(conn, &text).await,
    }
}

/// Whether members can have their home in a unit.
fn check_home(unit: &tree::Unit, errors: &mut Errors) {
    if unit.dissolved_on.is_some() {
        errors.add("organisation", "Chi bộ này đã giải thể; hãy ghi mã chi bộ tiếp nhận.");
    } else if !unit.kind.has_members() {
        errors.add("organisation", format!("«{}» không phải chi bộ hay tổ đảng.", unit.name));
    }
}

/// Somebody must be left who can grant roles in the whole tenant.
pub(crate) async fn keep_an_admin(conn: &mut PgConnection, member: MemberId) -> Result<()> {
    if store::last_admin(conn, member).await? {
        return Err(Error::Conflict(
            "Đây là người quản trị cuối cùng của cả đơn vị. Hãy cấp vai trò quản trị cho người khác trước.".into(),
        ));
    }
    Ok(())
}
