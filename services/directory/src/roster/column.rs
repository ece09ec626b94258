//! The columns of a roster: their titles, what else people call them, and what
//! the template says of them.

use render::sheet::write;

/// A column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Name,
    Birth,
    Sex,
    Admitted,
    Official,
    Card,
    File,
    Branch,
    Phone,
    Standing,
    Status,
    Smartphone,
}

/// What there is to say about a column.
#[derive(Clone, Copy)]
pub(super) struct Spec {
    pub column: Column,
    /// As the template writes it.
    pub title: &'static str,
    /// What else it is called, folded, without punctuation.
    pub others: &'static [&'static str],
    /// How to fill it in.
    pub note: &'static str,
    /// In characters.
    pub width: f64,
    /// Two made-up people.
    pub examples: [&'static str; 2],
}

/// The columns as a file of ours has them, in the order of the template.
#[must_use]
pub fn columns() -> [write::Column<'static>; 12] {
    COLUMNS.map(|spec| write::Column::text(spec.title, spec.width))
}

/// Every column, in the order of the template and of [`Column`].
pub(super) const COLUMNS: [Spec; 12] = [
    Spec {
        column: Column::Name,
        title: "Họ và tên",
        others: &[
            "ho ten",
            "ho va ten dang vien",
            "ho ten dang vien",
            "ho va ten khai sinh",
            "ten dang vien",
        ],
        note: "Bắt buộc. Ghi đủ họ, chữ đệm và tên, có dấu, không ghi chữ số.",
        width: 28.0,
        examples: ["Nguyễn Văn Thử", "Trần Thị Mẫu"],
    },
    Spec {
        column: Column::Birth,
        title: "Ngày sinh",
        others: &["ngay thang nam sinh", "sinh ngay"],
        note: "Ngày/tháng/năm, ví dụ 03/02/1975.",
        width: 13.0,
        examples: ["03/02/1975", "15/8/1999"],
    },
    Spec {
        column: Column::Sex,
        title: "Giới tính",
        others: &["gioi", "nam nu", "phai"],
        note: "Nam hoặc Nữ.",
        width: 10.0,
        examples: ["Nam", "Nữ"],
    },
    Spec {
        column: Column::Admitted,
        title: "Ngày vào Đảng",
        others: &[
            "ngay ket nap",
            "ngay ket nap dang",
            "ngay vao dang du bi",
            "vao dang ngay",
            "ngay du bi",
        ],
        note: "Ngày kết nạp, ghi ngày/tháng/năm.",
        width: 15.0,
        examples: ["19/05/2001", "02/09/2025"],
    },
    Spec {
        column: Column::Official,
        title: "Ngày chính thức",
        others: &[
            "ngay vao dang chinh thuc",
            "ngay cong nhan chinh thuc",
            "chinh thuc ngay",
            "ngay cong nhan dang vien chinh thuc",
        ],
        note: "Ngày được công nhận chính thức, ghi ngày/tháng/năm. Đảng viên dự bị thì để trống.",
        width: 16.0,
        examples: ["19/05/2002", ""],
    },
    Spec {
        column: Column::Card,
        title: "Số thẻ đảng",
        others: &["so the dang vien", "so the", "the dang", "the dang vien", "ma the dang"],
        note: "Cần có ít nhất một trong hai: số thẻ đảng hoặc số lý lịch. Mỗi số chỉ thuộc về một người.",
        width: 16.0,
        examples: ["00.000001", ""],
    },
    Spec {
        column: Column::File,
        title: "Số lý lịch",
        others: &[
            "so ly lich dang vien",
            "so li lich",
            "so li lich dang vien",
            "so ho so",
            "so ho so dang vien",
        ],
        note: "Cần có ít nhất một trong hai: số thẻ đảng hoặc số lý lịch. Mỗi số chỉ thuộc về một người.",
        width: 16.0,
        examples: ["LL-000001", "LL-000002"],
    },
    Spec {
        column: Column::Branch,
        title: "Mã chi bộ",
        others: &["ma don vi", "ma to chuc", "ma to chuc dang", "ma chi bo sinh hoat", "chi bo ma"],
        note: "Bắt buộc. Lấy trong danh sách mã chi bộ ở cuối trang này.",
        width: 22.0,
        examples: ["(mã chi bộ)", "(mã chi bộ)"],
    },
    Spec {
        column: Column::Phone,
        title: "Điện thoại",
        others: &[
            "so dien thoai",
            "dien thoai di dong",
            "so dien thoai di dong",
            "di dong",
            "sdt",
            "so dt",
        ],
        note: "Một số điện thoại. Nếu bảng tính làm mất số 0 ở đầu thì hệ thống tự thêm lại.",
        width: 14.0,
        examples: ["0900000001", ""],
    },
    Spec {
        column: Column::Standing,
        title: "Tình trạng",
        others: &["tinh trang dang vien", "chinh thuc du bi", "loai dang vien", "du bi chinh thuc"],
        note: "Chính thức hoặc Dự bị. Có thể để trống nếu đã ghi ngày chính thức.",
        width: 13.0,
        examples: ["Chính thức", "Dự bị"],
    },
    Spec {
        column: Column::Status,
        title: "Trạng thái",
        others: &["trang thai sinh hoat", "tinh trang sinh hoat", "trang thai dang vien"],
        note: "Một trong: Đang sinh hoạt, Sinh hoạt tạm thời, Chờ chuyển sinh hoạt, Miễn sinh hoạt, Đình chỉ sinh hoạt, Đã chuyển đi, Ra khỏi Đảng, Xóa tên, Từ trần. Người mới mà để trống thì là Đang sinh hoạt.",
        width: 20.0,
        examples: ["Đang sinh hoạt", ""],
    },
    Spec {
        column: Column::Smartphone,
        title: "Có điện thoại thông minh",
        others: &[
            "dien thoai thong minh",
            "co smartphone",
            "smartphone",
            "su dung dien thoai thong minh",
            "co dung dien thoai thong minh",
        ],
        note: "Có hoặc Không. Người mới mà để trống thì là Không.",
        width: 25.0,
        examples: ["Có", "Không"],
    },
];

impl Column {
    /// As the template writes it.
    pub(super) fn title(self) -> &'static str {
        COLUMNS[self as usize].title
    }
}

#[cfg(test)]
mod tests {
    use super::COLUMNS;

    #[test]
    fn the_table_is_in_the_order_of_the_columns() {
        for (index, spec) in COLUMNS.iter().enumerate() {
            assert_eq!(spec.column as usize, index, "{}", spec.title);
        }
    }
}
