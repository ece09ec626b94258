//! Errors as people and programs see them.

use crate::{Face, assets, view};
use askama::Template;
use axum::response::{Html, IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use kernel::{Error, Errors, FieldError};
use serde::Serialize;

/// What handlers return.
pub type Result<T, E = Failure> = std::result::Result<T, E>;

/// Renders the form again; or the response to a fault while it tried.
type Again = dyn FnOnce() -> std::result::Result<String, Box<Response>> + Send;

/// An error on its way to the person: a page that says what to do next, or RFC
/// 9457 problem details.
pub struct Failure {
    error: Error,
    /// The form again, with what was entered and what to mend.
    page: Option<Box<Again>>,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { error, page: None }
    }
}

impl Failure {
    /// Shows the form again when fields need mending, when the request does not
    /// fit, or when a part that is needed is away; any other error stays what it
    /// is. Nothing that was entered is lost.
    pub fn form<P: crate::Page>(error: Error, page: impl FnOnce(Errors) -> P) -> Self {
        let errors = match &error {
            Error::Invalid(errors) => errors.clone(),
            Error::Conflict(text)
            | Error::Gone(text)
            | Error::UnsupportedMedia(text)
            | Error::TooLarge(text)
            | Error::Unavailable(text) => of_the_whole(text),
            Error::TooManyRequests(_) => of_the_whole(&error.to_string()),
            Error::Internal(source) => match tenancy::Trouble::of(source.as_ref()) {
                Some(trouble) => of_the_whole(trouble.sentence()),
                None => return error.into(),
            },
            _ => return error.into(),
        };
        let page = page(errors);
        Self { error, page: Some(Box::new(move || view::html(&page))) }
    }

    /// The error itself.
    #[must_use]
    pub fn error(&self) -> &Error {
        &self.error
    }
}

/// On a response: the answer failed on a connection from before a migration.
/// Those connections are not used again, so asking once more may work.
#[derive(Clone, Copy)]
pub(crate) struct Stale;

/// An error of no field in particular.
fn of_the_whole(message: &str) -> Errors {
    Errors(vec![FieldError { field: String::new(), message: message.into() }])
}

/// RFC 9457, with the fields that need mending as an extension.
#[derive(Serialize)]
struct Problem<'a> {
    r#type: &'static str,
    title: &'a str,
    status: u16,
    detail: &'a str,
    instance: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<&'a Errors>,
}

/// What is the matter, for a program.
#[must_use]
pub fn problem(
    status: StatusCode,
    title: &str,
    detail: &str,
    instance: &str,
    errors: Option<&Errors>,
) -> Response {
    let problem =
        Problem { r#type: "about:blank", title, status: status.as_u16(), detail, instance, errors };
    let mut response = (status, axum::Json(problem)).into_response();
    let kind = HeaderValue::from_static("application/problem+json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    heading: &'a str,
    message: &'a str,
    what_next: &'a [&'a str],
    request_id: &'a str,
}

/// A page outside any tenant: unknown host, suspended, overloaded.
#[derive(Template)]
#[template(path = "bare.html")]
pub struct Bare<'a> {
    /// For the browser's tab.
    pub title: &'a str,
    /// What is the matter.
    pub heading: &'a str,
    /// In a sentence.
    pub message: &'a str,
    /// What to do.
    pub what_next: &'a str,
}

struct Words {
    status: StatusCode,
    heading: &'static str,
    next: &'static [&'static str],
}

fn words(error: &Error) -> Words {
    let (status, heading, next): (_, _, &[&str]) = match error {
        Error::BadRequest(_) => (
            StatusCode::BAD_REQUEST,
            "Yêu cầu chưa đúng",
            &["Quay lại trang trước và làm lại từ đầu."],
        ),
        Error::Unauthenticated => {
            (StatusCode::UNAUTHORIZED, "Cần đăng nhập", &["Đăng nhập rồi làm lại."])
        }
        Error::Forbidden(_) => (
            StatusCode::FORBIDDEN,
            "Đồng chí chưa được làm việc này",
            &["Nếu đây là việc của đồng chí, xin báo bí thư chi bộ hoặc Ban Tổ chức cấp quyền."],
        ),
        Error::NotFound => (
            StatusCode::NOT_FOUND,
            "Không có trang này",
            &[
                "Kiểm tra lại địa chỉ, hoặc về trang chủ và đi từ đó.",
                "Nếu trang từng mở được, có thể nội dung đã được chuyển hoặc không thuộc phạm vi của đồng chí.",
            ],
        ),
        Error::Conflict(_) => (
            StatusCode::CONFLICT,
            "Việc này không khớp với hiện trạng",
            &["Mở lại trang để xem hiện trạng rồi làm tiếp."],
        ),
        Error::Gone(_) => (StatusCode::GONE, "Đã hết hạn", &["Xin mã mới từ bí thư chi bộ."]),
        Error::TooLarge(_) => {
            (StatusCode::PAYLOAD_TOO_LARGE, "Tệp quá lớn", &["Chia nhỏ hoặc nén tệp rồi gửi lại."])
        }
        Error::UnsupportedMedia(_) => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "Không nhận loại nội dung này",
            &["Gửi lại đúng loại tệp được ghi trên trang."],
        ),
        Error::Invalid(_) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "Cần sửa vài chỗ",
            &["Quay lại và sửa những chỗ được nêu."],
        ),
        Error::TooManyRequests(_) => (
            StatusCode::TOO_MANY_REQUESTS,
            "Thử quá nhiều lần",
            &["Chờ một lát rồi thử lại.", "Nếu quên mật khẩu, xin mã mới từ bí thư chi bộ."],
        ),
        Error::Unavailable(_) => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Chưa làm được ngay lúc này",
            &["Giữ nguyên trang này và thử lại sau ít giây; những gì đã gửi trước đó vẫn còn."],
        ),
        Error::Internal(source)
            if tenancy::is_unavailable(source.as_ref()) || tenancy::is_stale(error) =>
        {
            return words(&Error::Unavailable("".into()));
        }
        Error::Internal(_) => (
            StatusCode::INTERNAL_SERVER_ERROR,
            "Có lỗi ở phía hệ thống",
            &["Thử lại sau ít phút.", "Nếu vẫn lỗi, xin đọc mã dưới đây cho người hỗ trợ."],
        ),
    };
    Words { status, heading, next }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let Words { status, heading, next } = words(&self.error);
        let id = view::current(|now| now.context.id.clone()).unwrap_or_default();
        let detail = match &self.error {
            Error::Internal(source) => {
                tracing::error!(request = %id, "request {id} failed: {source}");
                tenancy::Trouble::of(source.as_ref())
                    .map_or("Lỗi đã được ghi lại để xử lý.", tenancy::Trouble::sentence)
                    .into()
            }
            error => error.to_string(),
        };
        let face = view::current(|now| now.context.face).unwrap_or(Face::Json);
        let mut response = match (face, self.page) {
            (Face::Html, _) if matches!(self.error, Error::Unauthenticated) => view::sign_in(),
            (Face::Html, Some(page)) => match page() {
                Ok(html) => Html(html).into_response(),
                Err(response) => return *response,
            },
            (Face::Html, None) => view::current(|now| {
                let request_id = if status.is_server_error() { id.as_str() } else { "" };
                let body = ErrorPage { heading, message: &detail, what_next: next, request_id };
                body.render().ok().and_then(|body| now.shell(heading, &body, false, false).ok())
            })
            .flatten()
            .map_or_else(|| heading.into_response(), |html| Html(html).into_response()),
            (Face::Json, _) => {
                let errors = match &self.error {
                    Error::Invalid(errors) => Some(errors),
                    _ => None,
                };
                problem(status, heading, &detail, &id, errors)
            }
        };
        if response.status().is_success() {
            *response.status_mut() = status;
        }
        if tenancy::is_stale(&self.error) {
            view::current(|now| now.app.tenants.renew(&now.context.tenant));
            response.extensions_mut().insert(Stale);
        }
        let headers = response.headers_mut();
        match &self.error {
            Error::TooManyRequests(wait) => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(wait.as_secs().max(1)));
            }
            Error::Unauthenticated if face == Face::Json => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ if status == StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}
