//! The bucket takes, gives back and forgets.

use super::Verdict;
use crate::Installation;
use axum::body::Bytes;
use blob::{BlobStore, Error, Key};
use kernel::World;

pub(super) async fn look(installation: &Installation, world: &World) -> Verdict {
    let text = Bytes::from(world.id::<uuid::Uuid>().to_string());
    match round(&installation.blob, world, &text).await {
        Ok(true) => Verdict::Well,
        Ok(false) => Verdict::Broken("đọc lại khác với đã ghi; kiểm tra máy chủ kho tệp".into()),
        // Its settings are right; the sentence says what to do.
        Err((step, error @ Error::Full(_))) => {
            Verdict::Broken(format!("không {step} được: {error}"))
        }
        Err((step, error)) => Verdict::Broken(format!(
            "không {step} được: {error} Kiểm tra [blob]: địa chỉ, tên kho, khóa và quyền {step}"
        )),
    }
}

/// Whether what comes out is what went in; or the step that failed.
async fn round(
    blob: &BlobStore,
    world: &World,
    text: &Bytes,
) -> Result<bool, (&'static str, Error)> {
    blob.ensure_bucket().await.map_err(|e| ("mở", e))?;
    let key = Key::new("sotay-doctor", "doctor", world.id()).map_err(|e| ("ghi", e))?;
    blob.put(&key, text.clone(), "text/plain").await.map_err(|e| ("ghi", e))?;
    let read = async { blob.get(&key, None).await?.body.collect().await };
    let read = read.await.map_err(|e| ("đọc", e));
    blob.delete(&key).await.map_err(|e| ("xóa", e))?;
    Ok(read? == *text)
}
