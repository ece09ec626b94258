//! A form with a file: the file is spooled to disk while it arrives.

use crate::{App, Csrf, Failure, RequestContext, input};
use axum::{
    body::Body,
    extract::{FromRequest, Request},
};
use futures_util::{Stream, StreamExt as _, future, stream};
use http::header;
use kernel::Error;
use sha2::{Digest as _, Sha256};
use std::collections::HashMap;
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;

/// Most bytes that the text fields of such a form may have together, with their names.
const FIELD_LIMIT: usize = 64 * 1024;

/// A `multipart/form-data` request. `MAX` is the largest file in bytes.
pub struct Upload<const MAX: u64> {
    /// The text fields.
    pub fields: HashMap<String, String>,
    /// The file, when one was chosen.
    pub file: Option<UploadedFile>,
}

/// A file that has arrived whole. Deleted when dropped.
pub struct UploadedFile {
    /// As the sender named it, without folders.
    pub name: String,
    /// Where it is.
    pub path: TempPath,
    /// Bytes.
    pub size: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

impl<const MAX: u64> Upload<MAX> {
    /// A text field, trimmed and in NFC; empty when missing.
    #[must_use]
    pub fn text(&self, name: &str) -> String {
        self.fields.get(name).map(|text| kernel::viet::normalise(text)).unwrap_or_default()
    }
}

impl<const MAX: u64> FromRequest<App> for Upload<MAX> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &App) -> Result<Self, Failure> {
        let csrf = RequestContext::of(request.extensions())?.csrf.clone();
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MAX + FIELD_LIMIT as u64) {
            return Err(too_large(MAX).into());
        }
        let token = input::header_token(&request);
        let boundary = request
            .headers()
            .get(header::CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| multer::parse_boundary(value).ok())
            .ok_or_else(|| {
                Error::UnsupportedMedia(
                    "Hãy gửi tệp bằng biểu mẫu trên trang (multipart/form-data).".into(),
                )
            })?;
        Ok(Self::read(form(request.into_body(), boundary), &csrf, token).await?)
    }
}

impl<const MAX: u64> Upload<MAX> {
    /// `token` is what the request's head repeats.
    async fn read(
        mut form: multer::Multipart<'_>,
        csrf: &Csrf,
        mut token: Option<String>,
    ) -> Result<Self, Error> {
        let mut upload = Self { fields: HashMap::new(), file: None };
        let mut room = FIELD_LIMIT;
        while let Some(mut field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if let Some(file_name) = field.file_name().map(ToOwned::to_owned) {
                // The token stands first in our forms: nothing of a stranger's file is kept.
                input::check(csrf, token.as_deref())?;
                let file = spool(&mut field, &file_name, MAX).await?;
                if file.size > 0 {
                    upload.file = Some(file);
                }
                continue;
            }
            room = room.checked_sub(name.len()).ok_or_else(too_long)?;
            let mut value = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                room = room.checked_sub(chunk.len()).ok_or_else(too_long)?;
                value.extend_from_slice(&chunk);
            }
            let value = input::utf8(&value)?.to_owned();
            if name == "csrf" {
                token = Some(value);
            } else {
                upload.fields.insert(name, value);
            }
        }
        input::check(csrf, token.as_deref())?;
        Ok(upload)
    }
}

/// multer 3.1 takes a form for cut off whose beginning and end both come between
/// two of its looks. So the end is told one turn later than it comes.
fn form(body: Body, boundary: String) -> multer::Multipart<'static> {
    multer::Multipart::new(body.into_data_stream().chain(turn()), boundary)
}

/// Nothing, after one turn of the others.
fn turn<T>() -> impl Stream<Item = T> {
    stream::once(tokio::task::yield_now()).filter_map(|()| future::ready(None))
}

async fn spool(field: &mut multer::Field<'_>, name: &str, max: u64) -> Result<UploadedFile, Error> {
    let path = tempfile::NamedTempFile::new()?.into_temp_path();
    let mut file = tokio::fs::File::create(&path).await?;
    let mut hash = Sha256::new();
    let mut size = 0;
    while let Some(chunk) = field.chunk().await.map_err(broken)? {
        size += chunk.len() as u64;
        if size > max {
            return Err(too_large(max));
        }
        hash.update(&chunk);
        file.write_all(&chunk).await?;
    }
    file.flush().await?;
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name: String =
        kernel::viet::normalise(name).chars().filter(|c| !c.is_control()).take(200).collect();
    Ok(UploadedFile { name, path, size, sha256: hash.finalize().into() })
}

fn too_long() -> Error {
    Error::TooLarge("Các mục của biểu mẫu cộng lại dài quá mức cho phép.".into())
}

fn too_large(max: u64) -> Error {
    Error::TooLarge(
        format!("Tệp vượt quá {} MB, là mức lớn nhất được nhận ở đây.", max / 1_000_000).into(),
    )
}

fn broken(error: multer::Error) -> Error {
    match error {
        multer::Error::StreamReadFailed(_) => {
            Error::BadRequest("Tệp chưa gửi hết thì đường truyền bị ngắt. Hãy gửi lại.".into())
        }
        other => Error::BadRequest(format!("Biểu mẫu gửi lên không đọc được: {other}").into()),
    }
}

#[cfg(test)]
mod tests {
    use super::{FIELD_LIMIT, Upload, form, turn};
    use crate::Csrf;
    use axum::body::Body;
    use futures_util::{StreamExt as _, future, stream};
    use kernel::Error;
    use std::fmt::Write as _;

    async fn read(fields: usize, name: &str, length: usize) -> Result<Upload<0>, Error> {
        let value = "x".repeat(length);
        let mut text = String::new();
        for n in 0..fields {
            write!(
                text,
                "--b\r\nContent-Disposition: form-data; name=\"{name}{n:04}\"\r\n\r\n{value}\r\n"
            )
            .unwrap();
        }
        text += "--b--\r\n";
        Upload::read(form(Body::from(text), "b".into()), &Csrf::NotNeeded, None).await
    }

    #[tokio::test]
    async fn a_form_that_comes_whole_while_it_is_waited_for_is_whole() {
        let whole = "--b\r\nContent-Disposition: form-data; name=\"n\"\r\n\r\nv\r\n--b--\r\n";
        let late = Body::from_stream(
            turn().chain(stream::once(future::ready(Ok::<_, std::io::Error>(whole)))),
        );
        let upload = Upload::<0>::read(form(late, "b".into()), &Csrf::NotNeeded, None).await;
        assert_eq!(upload.unwrap_or_else(|error| panic!("{error}")).fields["n"], "v");
    }

    #[tokio::test]
    async fn text_fields_share_one_limit_with_their_names() {
        let fits = read(1, "n", FIELD_LIMIT - 5).await.unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(fits.fields["n0000"].len(), FIELD_LIMIT - 5);
        let long_name = "n".repeat(1000);
        for (fields, name, length) in
            [(1, "n", FIELD_LIMIT - 4), (1700, "n", 1000), (100, long_name.as_str(), 0)]
        {
            let error = read(fields, name, length).await.err();
            assert!(matches!(error, Some(Error::TooLarge(_))), "{fields} fields of {length}");
        }
    }
}
