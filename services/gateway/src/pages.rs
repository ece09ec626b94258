//! Answers of the gateway itself; bare where there is no tenant to name.

use askama::Template as _;
use axum::response::{Html, IntoResponse as _, Response};
use http::{StatusCode, header};
use kernel::Error;
use std::sync::Arc;
use web::{App, Bare, Face, Failure, RequestContext};

/// When to come back to a tenant that is away, in seconds.
const AWAY: u64 = 120;

/// Refuses a request in the words and colours of its tenant.
pub(crate) async fn refuse(
    app: App,
    context: Arc<RequestContext>,
    path: String,
    error: Error,
) -> Response {
    web::scoped(app, context, path, async { Failure::from(error).into_response() }).await
}

/// For an operation that took too long.
pub(crate) async fn late(app: App, context: Arc<RequestContext>, path: String) -> Response {
    refuse(app, context, path, too_late()).await
}

pub(crate) fn too_late() -> Error {
    let sentence = "Việc này mất quá nhiều thời gian nên đã dừng. Mở lại trang để xem hiện trạng.";
    Error::Unavailable(sentence.into())
}

pub(crate) fn nothing_here() -> Response {
    bare(
        StatusCode::NOT_FOUND,
        &Bare {
            title: "Không có trang này",
            heading: "Không có trang này",
            message: "Địa chỉ này không thuộc hệ thống.",
            what_next: "Kiểm tra lại địa chỉ trên giấy hướng dẫn, hoặc hỏi bí thư chi bộ.",
        },
    )
}

/// For a request that no browser sends.
pub(crate) fn malformed(status: StatusCode) -> Response {
    bare(
        status,
        &Bare {
            title: "Yêu cầu không hợp lệ",
            heading: "Yêu cầu không hợp lệ",
            message: "Máy chủ không nhận yêu cầu ở dạng này, nên chưa có gì được thực hiện.",
            what_next: "Mở lại trang bằng trình duyệt thông thường.",
        },
    )
}

pub(crate) fn suspended(face: Face, request_id: &str) -> Response {
    later(
        StatusCode::SERVICE_UNAVAILABLE,
        AWAY,
        face,
        request_id,
        &Bare {
            title: "Tạm dừng phục vụ",
            heading: "Trang của đơn vị đang tạm dừng",
            message: "Người vận hành đã tạm dừng trang này. Dữ liệu vẫn được giữ nguyên.",
            what_next: "Liên hệ Văn phòng cấp ủy để biết khi nào dùng lại được.",
        },
    )
}

pub(crate) fn upgrading(face: Face, request_id: &str) -> Response {
    later(
        StatusCode::SERVICE_UNAVAILABLE,
        AWAY,
        face,
        request_id,
        &Bare {
            title: "Đang nâng cấp",
            heading: "Trang của đơn vị đang được nâng cấp",
            message: "Việc nâng cấp thường xong trong vài phút. Dữ liệu vẫn được giữ nguyên.",
            what_next: "Mở lại trang này sau ít phút.",
        },
    )
}

/// Not now, but again in so many seconds.
pub(crate) fn later(
    status: StatusCode,
    seconds: u64,
    face: Face,
    request_id: &str,
    page: &Bare<'_>,
) -> Response {
    let mut response = match face {
        Face::Html => bare(status, page),
        Face::Json => {
            let detail = format!("{} {}", page.message, page.what_next);
            web::problem(status, page.heading, &detail, request_id, None)
        }
    };
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    response
}

fn bare(status: StatusCode, page: &Bare<'_>) -> Response {
    match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    }
}
