//! What people and programs send: a form or a JSON body, one type for both.

use crate::{App, Csrf, Failure, RequestContext};
use axum::{
    body::{Body, Bytes},
    extract::{Form, FromRequest, Request},
};
use http::header;
use http_body_util::LengthLimitError;
use kernel::Error;
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use std::borrow::Cow;

/// Bytes of the longest form or JSON body.
pub const INPUT_LIMIT: usize = 256 * 1024;

/// The input of an operation. Fields of `T` should be texts with defaults, so
/// that what is missing or wrong is said by the operation in its own words.
pub struct Input<T>(pub T);

impl<T: DeserializeOwned> FromRequest<App> for Input<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, _: &App) -> Result<Self, Failure> {
        let csrf = RequestContext::of(request.extensions())?.csrf.clone();
        let content_type = content_type(&request);
        let header_token = header_token(&request);
        let body = axum::body::to_bytes(request.into_body(), INPUT_LIMIT)
            .await
            .map_err(|error| unread(&error))?;
        match content_type.as_str() {
            "application/json" => {
                check(&csrf, header_token.as_deref())?;
                let value = serde_json::from_slice(&body).map_err(|e| {
                    Error::BadRequest(format!("Nội dung JSON không đọc được: {e}").into())
                })?;
                Ok(Self(value))
            }
            "application/x-www-form-urlencoded" | "" => {
                check(&csrf, form_token(utf8(&body)?).as_deref().or(header_token.as_deref()))?;
                let Form(value) = Form::from_request(form(body), &()).await.map_err(|_| {
                    Error::BadRequest("Biểu mẫu gửi lên thiếu hoặc sai mục.".into())
                })?;
                Ok(Self(value))
            }
            other => Err(Error::UnsupportedMedia(
                format!("Không nhận nội dung loại {other}; hãy gửi biểu mẫu hoặc JSON.").into(),
            )
            .into()),
        }
    }
}

pub(crate) fn check(csrf: &Csrf, token: Option<&str>) -> Result<(), Error> {
    if csrf.accepts(token) {
        return Ok(());
    }
    Err(Error::Forbidden(
        "Trang này đã mở từ lâu hoặc từ một phiên khác, nên chưa có gì được gửi đi. Hãy tải lại trang rồi gửi lại.".into(),
    ))
}

fn content_type(request: &Request) -> String {
    request
        .headers()
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .map(|value| value.trim().to_ascii_lowercase())
        .unwrap_or_default()
}

pub(crate) fn header_token(request: &Request) -> Option<String> {
    request.headers().get("x-csrf-token")?.to_str().ok().map(Into::into)
}

/// Why a body did not come whole.
#[must_use]
pub fn unread(error: &axum::Error) -> Error {
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        if error.is::<LengthLimitError>() {
            return Error::TooLarge("Nội dung gửi lên dài quá mức cho phép.".into());
        }
        cause = error.source();
    }
    Error::BadRequest(
        "Nội dung chưa gửi hết thì đường truyền bị ngắt, nên chưa có gì được thực hiện. Hãy gửi lại."
            .into(),
    )
}

pub(crate) fn utf8(bytes: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(bytes)
        .map_err(|_| Error::BadRequest("Biểu mẫu gửi lên không phải chữ UTF-8.".into()))
}

/// The token among a form's fields, without reading all of them.
fn form_token(form: &str) -> Option<Cow<'_, str>> {
    let value = form.split('&').find_map(|field| field.strip_prefix("csrf="))?;
    Some(percent_decode_str(value).decode_utf8_lossy())
}

/// The body as the framework takes forms, whichever method it came with.
fn form(body: Bytes) -> Request {
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = http::Method::POST;
    request.headers_mut().insert(
        header::CONTENT_TYPE,
        http::HeaderValue::from_static("application/x-www-form-urlencoded"),
    );
    request
}

#[cfg(test)]
mod tests {
    use super::form_token;

    #[test]
    fn the_token_is_found_wherever_it_stands() {
        for form in ["csrf=a-b_c", "name=x&csrf=a-b_c&csrf=d", "xcsrf=d&csrf=a%2Db_c"] {
            assert_eq!(form_token(form).as_deref(), Some("a-b_c"), "{form}");
        }
        for form in ["", "csrf", "name=csrf=a", "xcsrf=a"] {
            assert_eq!(form_token(form), None, "{form}");
        }
    }
}
