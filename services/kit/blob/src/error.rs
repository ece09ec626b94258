//! What can go wrong, in the ways that a caller can tell apart and act on.

use aws_sdk_s3::{
    config::http::HttpResponse,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
};

/// Why an object was not put, got or deleted. `Display` is one Vietnamese
/// sentence for the reader; the payload is for the log.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such object.
    #[error("Không tìm thấy tệp: có thể tệp đã bị xoá.")]
    NotFound,
    /// The range begins beyond the object's end: HTTP 416.
    #[error("Phần tệp được yêu cầu nằm ngoài tệp: hãy tải lại từ đầu.")]
    OutOfRange,
    /// The server cannot be reached, is overloaded or did not answer in time;
    /// trying later may help.
    #[error("Kho tệp tạm thời không trả lời. Hãy thử lại sau ít phút.")]
    Unavailable(String),
    /// There is no room for what was to be put; what is there can be got.
    #[error(
        "Kho tệp đã hết chỗ nên chưa nhận thêm tệp; người vận hành cần giải phóng dung lượng. Xem thì vẫn được."
    )]
    Full(String),
    /// A part of a key that is not made of `a-z`, `0-9` and `-`: a bug.
    #[error("Mã «{0}» không dùng được trong tên tệp lưu trữ: hãy báo cho người quản trị.")]
    BadKey(String),
    /// Wrong credentials, a missing bucket, an unreadable local file: a person
    /// has to look.
    #[error("Kho tệp từ chối yêu cầu: hãy báo cho người quản trị kiểm tra cấu hình kho tệp.")]
    Other(String),
}

impl Error {
    /// What it is to the person, in the words of the kernel; the rest is logged.
    #[must_use]
    pub fn said(self) -> kernel::Error {
        match &self {
            Self::Unavailable(detail) => tracing::warn!("the blob store is away: {detail}"),
            Self::Full(detail) => tracing::error!("the blob store is full: {detail}"),
            Self::Other(detail) => {
                return kernel::Error::internal(format!("the blob store refused: {detail}"));
            }
            _ => return self.into(),
        }
        kernel::Error::Unavailable(self.to_string().into())
    }

    /// What the server or the network said, for the log. It may hold keys of
    /// objects, never their contents or credentials.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Unavailable(said) | Self::Full(said) | Self::Other(said) => Some(said),
            _ => None,
        }
    }
}

impl<E> From<SdkError<E, HttpResponse>> for Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
{
    fn from(error: SdkError<E, HttpResponse>) -> Self {
        let SdkError::ServiceError(answer) = &error else {
            let said = DisplayErrorContext(&error).to_string();
            return match error {
                SdkError::DispatchFailure(_)
                | SdkError::TimeoutError(_)
                | SdkError::ResponseError(_) => Self::Unavailable(said),
                _ => Self::Other(said),
            };
        };
        let status = answer.raw().status().as_u16();
        // An answer to HEAD has no body and hence no code.
        let code = answer.err().code().unwrap_or("NotFound");
        let said = format!("{status} {code}: {}", answer.err().message().unwrap_or_default());
        match (status, code) {
            (404, "NoSuchKey" | "NotFound") => Self::NotFound,
            (416, _) => Self::OutOfRange,
            // Insufficient storage, as MinIO says it; a quota, as Ceph does.
            (507, _) | (_, "QuotaExceeded") => Self::Full(said),
            (429 | 500.., _) => Self::Unavailable(said),
            _ => Self::Other(said),
        }
    }
}
