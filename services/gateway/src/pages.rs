//! Pages for those who reach no tenant: bare, without its name and colours.

use askama::Template as _;
use axum::response::{Html, IntoResponse as _, Response};
use http::{StatusCode, header};
use web::Bare;

pub fn nothing_here() -> Response {
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
pub fn malformed(status: StatusCode) -> Response {
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

pub fn suspended() -> Response {
    bare(
        StatusCode::SERVICE_UNAVAILABLE,
        &Bare {
            title: "Tạm dừng phục vụ",
            heading: "Trang của đơn vị đang tạm dừng",
            message: "Người vận hành đã tạm dừng trang này. Dữ liệu vẫn được giữ nguyên.",
            what_next: "Liên hệ Văn phòng cấp ủy để biết khi nào dùng lại được.",
        },
    )
}

pub fn upgrading() -> Response {
    bare(
        StatusCode::SERVICE_UNAVAILABLE,
        &Bare {
            title: "Đang nâng cấp",
            heading: "Trang của đơn vị đang được nâng cấp",
            message: "Việc nâng cấp thường xong trong vài phút. Dữ liệu vẫn được giữ nguyên.",
            what_next: "Mở lại trang này sau ít phút.",
        },
    )
}

pub(crate) fn bare(status: StatusCode, page: &Bare<'_>) -> Response {
    let mut response = match page.render() {
        Ok(html) => (status, Html(html)).into_response(),
        Err(_) => status.into_response(),
    };
    if status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().insert(header::RETRY_AFTER, http::HeaderValue::from_static("120"));
    }
    response
}
