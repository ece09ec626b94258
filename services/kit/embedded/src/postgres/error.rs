//! What can go wrong, each in one sentence for the person at the keyboard.

use std::{
    io,
    path::{Path, PathBuf},
};

/// How much of a server's own words goes into [`Error::detail`].
const DETAIL_LINES: usize = 20;

/// Why the embedded server could not be started, stopped or used. `Display`
/// is one Vietnamese sentence: what failed and how to mend it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server's programs have not been fetched.
    #[error("Chưa có PostgreSQL trong «{}»: hãy chạy `make postgres` rồi thử lại.", .bin.display())]
    MissingBinaries {
        /// Where they were looked for.
        bin: PathBuf,
    },
    /// The disk that holds the data is full.
    #[error("Đĩa chứa «{}» đã hết chỗ nên PostgreSQL không chạy được: hãy giải phóng dung lượng rồi thử lại.", .path.display())]
    NoSpace {
        /// The folder on that disk.
        path: PathBuf,
        /// The last lines of the log.
        detail: String,
    },
    /// The data folder belongs to another user, or holds something else.
    #[error("Thư mục «{}» không phải là thư mục dữ liệu của người dùng đang chạy: hãy chạy bằng đúng chủ của nó, hoặc chọn thư mục khác.", .path.display())]
    NotOurs {
        /// The folder.
        path: PathBuf,
    },
    /// Another process keeps a server on this data folder.
    #[error("Một tiến trình khác đang dùng dữ liệu ở «{}»: hãy dừng tiến trình đó rồi thử lại.", .data.display())]
    AlreadyRunning {
        /// The data folder.
        data: PathBuf,
        /// The last lines of the log, empty when it was never asked.
        detail: String,
    },
    /// The data folder was made by another major version.
    #[error("Dữ liệu ở «{}» do PostgreSQL {found} tạo, còn bản đi kèm là {expected}: hãy kết xuất bằng bản {found} rồi nạp lại, hoặc chuyển thư mục đó đi để tạo mới.", .data.display())]
    VersionMismatch {
        /// The data folder.
        data: PathBuf,
        /// What its `PG_VERSION` says.
        found: String,
        /// The major version that the programs can read.
        expected: &'static str,
    },
    /// The process is root, which the server refuses to be, and the user it
    /// would become cannot reach the folder.
    #[error("PostgreSQL không chạy bằng root, và người dùng «{account}» không vào được «{}»: hãy chuyển hệ thống sang thư mục mà mọi người dùng đọc được (ví dụ /srv), hoặc chạy bằng người dùng thường.", .path.display())]
    Unreachable {
        /// The user's name or number.
        account: String,
        /// The folder out of reach.
        path: PathBuf,
    },
    /// The socket's folder exists and is somebody else's.
    #[error("Thư mục «{}» đã có và không thuộc về người dùng chạy PostgreSQL: hãy xoá nó rồi thử lại.", .path.display())]
    SocketFolder {
        /// The folder.
        path: PathBuf,
    },
    /// The data is there and its password is not.
    #[error("Mất tệp mật khẩu «{}» của dữ liệu sẵn có: hãy khôi phục tệp đó từ bản sao lưu.", .path.display())]
    LostPassword {
        /// Where the password is kept.
        path: PathBuf,
    },
    /// `initdb` failed.
    #[error("Không tạo được dữ liệu PostgreSQL mới: hãy xem nhật ký «{}».", .log.display())]
    Init {
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        detail: String,
    },
    /// The server ended, or did not become ready in time.
    #[error("PostgreSQL không khởi động được: hãy xem nhật ký «{}».", .log.display())]
    Start {
        /// The whole log.
        log: PathBuf,
        /// Its last lines.
        detail: String,
    },
    /// A client program ended with an error.
    #[error("Lệnh {tool} của PostgreSQL không thành công: hãy xem chi tiết kèm theo.")]
    Tool {
        /// `psql`, `pg_dump`…
        tool: String,
        /// The last lines of its standard error.
        detail: String,
    },
    /// The operating system refused something.
    #[error("Không dùng được «{}» ({source}): hãy kiểm tra quyền của thư mục rồi thử lại.", .path.display())]
    Io {
        /// The file, folder or program.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl Error {
    /// The last lines of the server's or the program's own words, for a person
    /// who wants to know more. They hold no values from tables.
    #[must_use]
    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::NoSpace { detail, .. }
            | Self::AlreadyRunning { detail, .. }
            | Self::Init { detail, .. }
            | Self::Start { detail, .. }
            | Self::Tool { detail, .. } => {
                Some(detail).filter(|text| !text.is_empty()).map(String::as_str)
            }
            _ => None,
        }
    }

    /// For `map_err`: an operating-system error about `path`.
    pub(super) fn at(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::NoSpace { path, detail: source.to_string() }
            }
            _ => Self::Io { path, source },
        }
    }
}

/// The last lines of a program's output.
pub(super) fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(DETAIL_LINES)..].join("\n")
}
