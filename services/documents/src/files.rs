//! The bytes behind a document, in the blob store under its id.

use blob::{BlobStore, Key, Tentative};
use kernel::{DocumentId, Result, TenantId};
use std::path::Path;

/// The media type of every document.
pub const PDF: &str = "application/pdf";

/// A file that was looked into.
#[derive(Clone, Debug)]
pub struct File {
    /// As its sender named it.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// As [`crate::inspect`] counted them.
    pub pages: i32,
}

/// Where a document's bytes are.
pub fn key(tenant: &TenantId, id: DocumentId) -> Result<Key> {
    Key::new(tenant, "documents", id.0).map_err(blob::Error::said)
}

/// Stores a document's bytes, to be kept once its row is there with
/// [`crate::publish_in`].
///
/// # Errors
/// [`kernel::Error::Unavailable`] when the blob store is away.
pub async fn put(
    blob: &BlobStore,
    tenant: &TenantId,
    id: DocumentId,
    path: &Path,
) -> Result<Tentative> {
    blob.put_tentatively(key(tenant, id)?, path, PDF).await.map_err(blob::Error::said)
}
