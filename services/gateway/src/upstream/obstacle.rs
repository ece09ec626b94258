//! What keeps a service in another process from being asked.

/// Why nobody gets an answer from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Nobody answers where it should be, or not in time.
    Away,
    /// Something else answers there: it does not greet as a process of ours.
    Foreign,
    /// Who answers shows no certificate of our authority for this name.
    Stranger,
    /// It ends the connection when it has seen our certificate. TLS 1.3 tells
    /// the end that asks no earlier than with the first answer.
    Refused,
    /// What we sign does not hold there: another master key, a clock that is far
    /// off, or another version that signs otherwise.
    Astray,
}

impl Obstacle {
    /// What to tell whoever runs it, after the service's name. Names no host.
    #[must_use]
    pub fn sentence(self) -> &'static str {
        match self {
            Obstacle::Away => "không trả lời",
            Obstacle::Foreign => "có trả lời, nhưng không phải là một tiến trình của hệ thống này",
            Obstacle::Stranger => {
                "có trả lời, nhưng chứng thư của nó không do cùng cơ quan chứng thực ký hoặc không mang đúng tên máy"
            }
            Obstacle::Refused => "có trả lời, nhưng không nhận chứng thư của tiến trình này",
            Obstacle::Astray => {
                "có trả lời, nhưng không nhận yêu cầu của tiến trình này: khóa chính hoặc phiên bản chương trình khác nhau, hoặc đồng hồ lệch nhau"
            }
        }
    }
}
