//! Organisations: a tree of typed nodes whose every state can be looked up by
//! its date.

mod change;
mod change_form;
mod dissolve;
mod dissolve_form;
mod found;
mod found_form;
mod kind;
mod list;
mod show;
pub(crate) mod store;
pub(crate) mod words;

pub use change::{Change, change_in, move_in, rename_in};
pub use dissolve::{Dissolved, dissolve_in, merge_in};
pub use found::{Founding, Planned, ensure_root_in, found_all_in, found_in};
pub use kind::{Kind, UnknownKind};

pub(crate) use change_form::onto;
pub(crate) use found_form::reachable;

/// Said when a change of the tree is dated after today.
const FUTURE: &str = "Chưa ghi trước được cho ngày sau hôm nay; hãy ghi vào đúng ngày có hiệu lực.";

/// The operations on organisations.
#[must_use]
pub fn routes() -> web::Routes {
    web::Routes::new(include_str!("../organisation_policy.csv"))
        .route(web::routes!(list::list))
        .route(web::routes!(found_form::form))
        .route(web::routes!(found_form::found))
        .route(web::routes!(show::show))
        .route(web::routes!(change_form::form))
        .route(web::routes!(change_form::change))
        .route(web::routes!(dissolve_form::form))
        .route(web::routes!(dissolve_form::dissolve))
        .nav(31, "/organisations", "Tổ chức", "organisation.list")
}
