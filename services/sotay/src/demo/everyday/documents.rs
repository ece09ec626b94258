//! The demo's documents.

use crate::{
    Fault, Platform,
    demo::load::{Member, noon},
    fault,
};
use ::documents::{By, Draft, File, NewDocument};
use kernel::{AccountId, DocumentId, OrganisationId};
use sha2::{Digest as _, Sha256};
use tenancy::TenantDb;
use time::Duration;

/// One of the demo's documents.
struct Sample {
    kind: &'static str,
    number: &'static str,
    title: &'static str,
    summary: &'static str,
    must_read: bool,
    file: &'static str,
    pdf: &'static [u8],
}

const SAMPLES: [Sample; 5] = [
    Sample {
        kind: "thong_bao",
        number: "04-TB/VPTU",
        title: "Lịch tập huấn sử dụng sổ tay đảng viên điện tử",
        summary: "Thời gian, địa điểm và thành phần các lớp tập huấn. Tài liệu mẫu.",
        must_read: false,
        file: "04-tb-vptu-lich-tap-huan.pdf",
        pdf: include_bytes!("../../../demo/documents/04-tb-vptu-lich-tap-huan.pdf"),
    },
    Sample {
        kind: "ke_hoach",
        number: "02-KH/TU",
        title: "Kế hoạch triển khai sổ tay đảng viên điện tử",
        summary: "Mục tiêu, lộ trình và phân công thực hiện. Tài liệu mẫu.",
        must_read: false,
        file: "02-kh-tu-trien-khai-so-tay.pdf",
        pdf: include_bytes!("../../../demo/documents/02-kh-tu-trien-khai-so-tay.pdf"),
    },
    Sample {
        kind: "chuong_trinh",
        number: "05-CTr/CB",
        title: "Chương trình sinh hoạt chi bộ thường kỳ",
        summary: "Nội dung buổi sinh hoạt tháng. Tài liệu mẫu.",
        must_read: false,
        file: "05-ctr-cb-sinh-hoat-thang-11.pdf",
        pdf: include_bytes!("../../../demo/documents/05-ctr-cb-sinh-hoat-thang-11.pdf"),
    },
    Sample {
        kind: "huong_dan",
        number: "03-HD/BTCTU",
        title: "Hướng dẫn nội dung sinh hoạt chi bộ",
        summary: "Các bước chuẩn bị, tiến hành và kết thúc một buổi sinh hoạt. Tài liệu mẫu.",
        must_read: true,
        file: "03-hd-btctu-sinh-hoat-chi-bo.pdf",
        pdf: include_bytes!("../../../demo/documents/03-hd-btctu-sinh-hoat-chi-bo.pdf"),
    },
    Sample {
        kind: "nghi_quyet",
        number: "01-NQ/TU",
        title: "Nghị quyết về chuyển đổi số trong công tác xây dựng Đảng",
        summary: "Quan điểm, mục tiêu và nhiệm vụ đến năm 2030. Tài liệu mẫu.",
        must_read: true,
        file: "01-nq-tu-chuyen-doi-so.pdf",
        pdf: include_bytes!("../../../demo/documents/01-nq-tu-chuyen-doi-so.pdf"),
    },
];

/// Publishes the samples; some of the branch have read what they must.
pub(super) async fn publish(
    platform: &Platform,
    db: &TenantDb,
    root: OrganisationId,
    editor: AccountId,
    branch: OrganisationId,
    members: &[Member],
    accounts: &[AccountId],
) -> Result<(), Fault> {
    let today = platform.app.world.today();
    for (sample, days) in SAMPLES.iter().zip([40, 30, 20, 9, 5]) {
        let world = platform.app.world.at(noon(today - Duration::days(days)));
        let pdf = tempfile::NamedTempFile::new().map_err(|e| Fault::new(e.to_string()))?;
        std::fs::write(pdf.path(), sample.pdf).map_err(|e| fault::file(pdf.path(), &e))?;
        let looked_at = ::documents::inspect(pdf.path())
            .await
            .map_err(|_| Fault::new(format!("tài liệu mẫu {} không phải PDF", sample.file)))?;
        let id: DocumentId = world.id();
        let document = NewDocument {
            id,
            organisation: root,
            draft: Draft {
                kind: sample.kind.into(),
                number: sample.number.into(),
                title: sample.title.into(),
                summary: sample.summary.into(),
                issuer: None,
                issued_on: today - Duration::days(days),
                must_read_by: sample.must_read.then(|| today + Duration::days(10)),
                attested_by: "Nguyễn Thị Hạnh, Văn phòng (giả định)".into(),
            },
            file: File {
                name: sample.file.into(),
                size: sample.pdf.len() as u64,
                sha256: Sha256::digest(sample.pdf).into(),
                pages: looked_at.pages,
            },
        };
        let bytes = ::documents::put(&platform.blob, &db.tenant().id, id, pdf.path()).await?;
        let mut tx = db.begin().await?;
        match ::documents::publish_in(&mut tx, &world, editor, &document).await {
            Ok(()) => {
                // Some have read what they must; the demo's member has not yet.
                if sample.must_read {
                    for (member, account) in members.iter().zip(accounts).skip(2) {
                        let by = By { account: *account, member: member.id, branch };
                        ::documents::acknowledge_in(&mut tx, &platform.app.world, by, id).await?;
                    }
                }
                bytes.keep();
                tx.commit().await?;
            }
            Err(kernel::Error::Conflict(_)) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
