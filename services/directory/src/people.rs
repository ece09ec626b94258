//! Under construction.
/// Routes.
#[must_use]
pub fn routes() -> web::Routes {
    web::Routes::new("")
}
