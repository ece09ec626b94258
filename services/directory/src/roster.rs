//! Roster import.
use blob::BlobStore;
/// Routes.
#[must_use]
pub fn routes(_blob: BlobStore) -> web::Routes {
    web::Routes::new("")
}
