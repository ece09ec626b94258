//! Bodies of forms, read before anything is set aside for their request: a
//! sender who takes half a minute over ten letters holds nobody's place.

use axum::body::{Body, HttpBody as _};
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kernel::Error;
use std::time::Duration;

/// How long a form may take on a weak link.
const PATIENCE: Duration = Duration::from_secs(30);
/// What operations take, see `web::Input`, and a byte, so that it is they who
/// refuse more.
const FAMILIAR: usize = 256 * 1024 + 1;
/// Strangers have a login to send, or a code.
const STRANGER: usize = 64 * 1024;

/// The whole of a short body.
///
/// # Errors
/// When it is long, slow or broken off.
pub(crate) async fn whole(body: Body, familiar: bool) -> Result<Body, Error> {
    if body.is_end_stream() {
        return Ok(body);
    }
    let limit = if familiar { FAMILIAR } else { STRANGER };
    let too_large = || Error::TooLarge("Nội dung gửi lên dài quá mức cho phép.".into());
    // Announced as too much: none of it is asked for.
    if body.size_hint().lower() > limit as u64 {
        return Err(too_large());
    }
    match tokio::time::timeout(PATIENCE, Limited::new(body, limit).collect()).await {
        Ok(Ok(whole)) => Ok(Body::from(whole.to_bytes())),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large()),
        Ok(Err(_)) | Err(_) => Err(Error::BadRequest(
            "Đường truyền bị ngắt hoặc quá chậm nên nội dung chưa tới hết. Hãy gửi lại.".into(),
        )),
    }
}
