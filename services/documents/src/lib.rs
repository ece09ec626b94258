//! Documents: published to an organisation and all below it, read on the
//! phone, acknowledged.
//!
//! Visibility goes the other way than authority: a member sees what is
//! published *above* their branch ([`Reader::sees`]), an editor publishes and
//! withdraws *below* the place of their role ([`web::Ctx::authorise`]).
//!
//! Events, each on the document: `document.published` and `document.withdrawn`
//! in the organisation it is published to, `document.opened` and
//! `document.acknowledged` in the reader's branch, once a member.

mod acknowledge;
mod document;
mod draft;
mod files;
mod home;
mod list;
mod new;
mod pdf;
mod publish;
mod read;
mod secret;
mod show;
mod store;
mod unit;
mod withdraw;

pub use acknowledge::{By, acknowledge_in};
pub use document::Reader;
pub use draft::{Draft, Fields};
pub use files::{File, put};
pub use home::home;
pub use pdf::{Pdf, Refusal, inspect};
pub use publish::{NewDocument, publish_in};

/// The routes of this service. Files are kept in `blob`.
#[must_use]
pub fn routes(blob: blob::BlobStore) -> web::Routes {
    web::Routes::new(include_str!("../policy.csv"))
        .route(web::routes!(list::list))
        .route(web::routes!(new::new))
        .route(web::routes!(publish::publish))
        .route(web::routes!(show::show))
        .route(web::routes!(read::read))
        .route(web::routes!(acknowledge::acknowledge))
        .route(web::routes!(withdraw::withdraw))
        .nav(20, "/documents", "Văn bản", "document.list")
        .with(blob)
}
