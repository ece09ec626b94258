//! A form with a file: the file is spooled to disk while it arrives.

use crate::{App, Failure, RequestContext, input};
use axum::extract::{FromRequest, Request};
use http::header;
use kernel::Error;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, sync::Arc};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;

/// Most bytes a text field of such a form may have.
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
        let csrf = request
            .extensions()
            .get::<Arc<RequestContext>>()
            .map(|context| context.csrf.clone())
            .ok_or_else(|| Error::internal("a request came past the gateway"))?;
        let length = request
            .headers()
            .get(header::CONTENT_LENGTH)
            .and_then(|value| value.to_str().ok()?.parse::<u64>().ok());
        if length.is_some_and(|length| length > MAX + FIELD_LIMIT as u64) {
            return Err(too_large(MAX).into());
        }
        let mut token = input::header_token(&request);
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
        let mut form = multer::Multipart::new(request.into_body().into_data_stream(), boundary);
        let mut upload = Self { fields: HashMap::new(), file: None };
        while let Some(mut field) = form.next_field().await.map_err(broken)? {
            let name = field.name().unwrap_or_default().to_owned();
            if let Some(file_name) = field.file_name().map(ToOwned::to_owned) {
                // The token stands first in our forms: nothing of a stranger's file is kept.
                input::check(&csrf, token.as_deref())?;
                let file = spool(&mut field, &file_name, MAX).await?;
                if file.size > 0 {
                    upload.file = Some(file);
                }
                continue;
            }
            let mut value = Vec::new();
            while let Some(chunk) = field.chunk().await.map_err(broken)? {
                if value.len() + chunk.len() > FIELD_LIMIT {
                    return Err(Error::TooLarge(
                        "Một mục của biểu mẫu dài quá mức cho phép.".into(),
                    )
                    .into());
                }
                value.extend_from_slice(&chunk);
            }
            let value = String::from_utf8(value)
                .map_err(|_| Error::BadRequest("Biểu mẫu gửi lên không phải chữ UTF-8.".into()))?;
            if name == "csrf" {
                token = Some(value);
            } else {
                upload.fields.insert(name, value);
            }
        }
        input::check(&csrf, token.as_deref())?;
        Ok(upload)
    }
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
