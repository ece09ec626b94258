//! What somebody reads whose request was not let in: when to come back, and how
//! not to lose what they entered.

use crate::pages;
use axum::response::Response;
use http::StatusCode;
use std::time::Duration;
use web::{Bare, Face};

/// A request that was not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// What was in the way.
    pub(crate) why: Why,
    /// When it may be let in.
    pub(crate) wait: Duration,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// Too often, by the same principal or at the same tenant.
    Often,
    /// Too many at once, of everybody.
    Crowded,
}

/// When whoever met a crowd should come back.
const CROWD: Duration = Duration::from_secs(5);

impl Refusal {
    pub(crate) fn often(wait: Duration) -> Self {
        Self { why: Why::Often, wait }
    }

    pub(crate) fn crowded() -> Self {
        Self { why: Why::Crowded, wait: CROWD }
    }

    /// The answer. `changes`: the request was to change something, so that there
    /// is something to send again. It is a bare page: whoever floods us pays
    /// more for it than we do.
    pub(crate) fn answer(self, face: Face, changes: bool, request_id: &str) -> Response {
        // Nobody is told to come back before they may.
        let seconds = self.wait.as_millis().div_ceil(1000).max(1);
        let seconds = u64::try_from(seconds).unwrap_or(u64::MAX);
        let (status, heading) = match self.why {
            Why::Often => (StatusCode::TOO_MANY_REQUESTS, "Quá nhiều yêu cầu trong thời gian ngắn"),
            Why::Crowded => {
                (StatusCode::SERVICE_UNAVAILABLE, "Đang có rất nhiều người dùng cùng lúc")
            }
        };
        let message = match self.why {
            _ if changes => {
                "Việc vừa gửi chưa được thực hiện. Những gì đã nhập vẫn còn trong trình duyệt."
            }
            Why::Often => {
                "Thiết bị hoặc mạng này vừa mở rất nhiều trang, nên trang này chưa được mở."
            }
            Why::Crowded => {
                "Hệ thống vẫn hoạt động, nhưng đang phục vụ hết sức nên trang này chưa được mở."
            }
        };
        let next = if changes {
            format!(
                "Giữ nguyên trang này, chờ {seconds} giây rồi tải lại; khi trình duyệt hỏi, hãy chọn gửi lại. Không cần nhập lại từ đầu."
            )
        } else {
            format!("Chờ {seconds} giây rồi tải lại trang này.")
        };
        let page = Bare { title: heading, heading, message, what_next: &next };
        pages::later(status, seconds, face, request_id, &page)
    }
}
