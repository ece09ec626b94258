//! What the trail says of each kind of event, and of whom. Pure.

/// A kind of event in plain words.
pub(super) struct Said {
    /// The kind, as it is recorded.
    pub kind: &'static str,
    /// What happened, said of the one who acted.
    pub words: &'static str,
    /// Whether it shows how somebody uses the platform. That is theirs and
    /// their branch secretary's to know, so the trail leaves out who it was.
    pub personal: bool,
}

const fn said(kind: &'static str, words: &'static str) -> Said {
    Said { kind, words, personal: false }
}

const fn personal(kind: &'static str, words: &'static str) -> Said {
    Said { kind, words, personal: true }
}

/// The kinds that are known, in the order in which they are offered.
pub(super) const KINDS: [Said; 29] = [
    said("organisation.founded", "Thành lập tổ chức"),
    said("organisation.changed", "Đổi tên hoặc chuyển tổ chức"),
    said("organisation.dissolved", "Giải thể tổ chức"),
    said("member.added", "Thêm đảng viên"),
    said("member.changed", "Sửa thông tin hoặc chuyển đảng viên"),
    said("roster.imported", "Nhập danh sách đảng viên"),
    said("position.taken", "Ghi chức vụ của đảng viên"),
    said("position.left", "Ghi thôi giữ chức vụ của đảng viên"),
    said("role.granted", "Cấp vai trò"),
    said("role.revoked", "Thu hồi vai trò"),
    said("account.invited", "In phiếu kích hoạt hoặc mã đặt lại mật khẩu"),
    personal("account.activated", "Kích hoạt tài khoản"),
    personal("account.recovered", "Đặt lại mật khẩu"),
    said("account.withdrawn", "Thu hồi tài khoản"),
    personal("session.started", "Đăng nhập"),
    personal("session.ended", "Đăng xuất"),
    said("document.published", "Đăng văn bản"),
    personal("document.opened", "Mở văn bản"),
    personal("document.acknowledged", "Xác nhận đã đọc văn bản"),
    said("document.withdrawn", "Thu hồi văn bản"),
    said("meeting.created", "Lập buổi sinh hoạt"),
    said("meeting.announced", "Mời họp"),
    said("meeting.opened", "Mở buổi sinh hoạt"),
    personal("meeting.checked_in", "Điểm danh"),
    said("meeting.marked", "Ghi vắng mặt hoặc miễn sinh hoạt"),
    said("meeting.closed", "Kết thúc buổi sinh hoạt"),
    said("meeting.cancelled", "Hủy buổi sinh hoạt"),
    said("adoption.excluded", "Ghi đơn vị vào sổ loại trừ"),
    said("adoption.exclusion_ended", "Kết thúc một mục loại trừ"),
];

/// What is known of a kind.
pub(super) fn of(kind: &str) -> Option<&'static Said> {
    KINDS.iter().find(|said| said.kind == kind)
}

/// Who acted, as the trail says it.
pub(super) fn who(kind: &str, actor: bool, name: Option<&str>) -> String {
    if of(kind).is_some_and(|said| said.personal) {
        "Một đảng viên".into()
    } else if !actor {
        "Người vận hành, từ máy chủ".into()
    } else {
        name.unwrap_or("Tài khoản không còn").into()
    }
}

#[cfg(test)]
mod tests {
    use super::{KINDS, of, who};
    use std::collections::HashSet;

    #[test]
    fn each_kind_is_said_once() {
        assert_eq!(KINDS.iter().map(|said| said.kind).collect::<HashSet<_>>().len(), KINDS.len());
        assert!(of("document.published").is_some() && of("poem.recited").is_none());
    }

    #[test]
    fn the_trail_does_not_say_who_read_what() {
        let name = Some("Lê Thị Lan");
        for kind in
            ["document.opened", "document.acknowledged", "meeting.checked_in", "session.started"]
        {
            assert_eq!(who(kind, true, name), "Một đảng viên");
        }
        assert_eq!(
            who("meeting.checked_in", false, None),
            "Một đảng viên",
            "checked in by the secretary"
        );
        assert_eq!(who("role.granted", true, name), "Lê Thị Lan");
        assert_eq!(who("role.granted", true, None), "Tài khoản không còn");
        assert_eq!(who("poem.recited", true, name), "Lê Thị Lan");
        assert_eq!(who("organisation.founded", false, None), "Người vận hành, từ máy chủ");
    }
}
