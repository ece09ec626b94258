//! Files, kept in an S3 bucket: the embedded server's or the installation's.
//! Every object's key begins with its tenant, and there is no way to make a
//! key without one.

mod error;
mod key;
mod object;
mod store;
mod tentative;

pub use error::Error;
pub use key::Key;
pub use object::{Body, Content, Object, Range};
pub use store::{BlobStore, Config};
pub use tentative::Tentative;
