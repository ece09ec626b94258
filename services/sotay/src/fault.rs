//! Why a command could not do its work: one sentence for whoever typed it.

use std::fmt;

/// A Vietnamese sentence that says what is wrong and how to mend it.
#[derive(Debug)]
pub struct Fault(pub String);

impl Fault {
    /// A fault in these words.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Fault {}

impl From<kernel::Error> for Fault {
    fn from(error: kernel::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<embedded::postgres::Error> for Fault {
    fn from(error: embedded::postgres::Error) -> Self {
        match error.detail().filter(|detail| !detail.is_empty()) {
            Some(detail) => Self(format!("{error}\n{detail}")),
            None => Self(error.to_string()),
        }
    }
}

impl From<embedded::s3::Error> for Fault {
    fn from(error: embedded::s3::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<embedded::ca::Error> for Fault {
    fn from(error: embedded::ca::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<blob::Error> for Fault {
    fn from(error: blob::Error) -> Self {
        Self(error.to_string())
    }
}

impl From<serde_json::Error> for Fault {
    fn from(error: serde_json::Error) -> Self {
        Self(error.to_string())
    }
}

/// A file could not be read or written.
#[must_use]
pub fn file(path: &std::path::Path, error: &std::io::Error) -> Fault {
    use std::io::ErrorKind;
    let why = match error.kind() {
        ErrorKind::NotFound => "không có tệp hoặc thư mục này; hãy kiểm tra đường dẫn".to_owned(),
        ErrorKind::PermissionDenied => {
            "không có quyền; hãy chạy bằng người dùng là chủ của nó".to_owned()
        }
        ErrorKind::StorageFull => {
            "đĩa đã hết chỗ; hãy giải phóng dung lượng rồi thử lại".to_owned()
        }
        _ => error.to_string(),
    };
    Fault(format!("«{}»: {why}.", path.display()))
}
