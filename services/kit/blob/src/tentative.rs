//! Objects that have yet to be noted somewhere.

use crate::{BlobStore, Content, Error, Key};
use tokio::runtime::Handle;

/// An object that nothing refers to yet. Unless it is kept it is deleted again,
/// also when the request that put it is given up: nobody else would find it.
#[derive(Debug)]
#[must_use = "dropped, the object is deleted"]
pub struct Tentative {
    store: BlobStore,
    key: Key,
    kept: bool,
}

impl BlobStore {
    /// Puts an object as [`BlobStore::put`] does, to be kept when it is known
    /// that it will be noted.
    ///
    /// # Errors
    /// As for [`BlobStore::put`].
    pub async fn put_tentatively(
        &self,
        key: Key,
        content: impl Into<Content>,
        content_type: &str,
    ) -> Result<Tentative, Error> {
        // Before it is put: what fails or is given up may have arrived.
        let object = Tentative { store: self.clone(), key, kept: false };
        self.put(&object.key, content, content_type).await?;
        Ok(object)
    }
}

impl Tentative {
    /// It stays. Said just before the commit of what refers to it, it is never
    /// missing, for a commit that fails may have happened all the same; said just
    /// after it, it is never left behind.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Tentative {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        let Ok(runtime) = Handle::try_current() else { return };
        let (store, key) = (self.store.clone(), self.key.clone());
        runtime.spawn(async move {
            if let Err(error) = store.delete(&key).await {
                let said = error.detail().unwrap_or_default();
                tracing::warn!(%key, "{key}, which nothing refers to, stays in the blob store: {said}");
            }
        });
    }
}
