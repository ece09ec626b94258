//! The tenants: their roles, rights and schemas, and what waits to be folded.

use super::Verdict;
use crate::{Fault, Installation, Platform};
use tenancy::TenantState;
use time::{Duration, OffsetDateTime};

/// The relay folds within seconds; what waits longer is stuck, or nobody serves.
const STUCK: Duration = Duration::minutes(10);

pub(super) async fn roles(installation: &Installation) -> Verdict {
    match problems(installation).await {
        Ok(problems) => Verdict::of(&problems),
        Err(fault) => Verdict::Broken(fault.0),
    }
}

async fn problems(installation: &Installation) -> Result<Vec<String>, Fault> {
    let provisioner = installation.provisioner()?;
    let mut problems = Vec::new();
    for tenant in provisioner.list().await? {
        match tenant.state {
            TenantState::Provisioning => {
                problems.push(format!("{} tạo dở; chạy lại sotay tenant apply", tenant.id));
            }
            TenantState::Retired => {}
            TenantState::Active | TenantState::Suspended => {
                let found = provisioner.verify(&tenant).await?;
                problems.extend(found.into_iter().map(|f| format!("{}: {}", f.tenant, f.problem)));
            }
        }
    }
    Ok(problems)
}

pub(super) async fn outbox(platform: &Platform, now: OffsetDateTime) -> Verdict {
    let mut problems = Vec::new();
    for tenant in platform.app.tenants.all() {
        if tenant.state != TenantState::Active {
            continue;
        }
        match platform.relay.waiting(&tenant.id).await {
            Ok(waiting) if waiting.oldest.is_some_and(|oldest| now - oldest > STUCK) => {
                problems.push(format!(
                    "{}: {} sự kiện chờ đã lâu; nếu sotay serve đang chạy, tìm dòng «cannot fold» trong nhật ký, không xóa bảng outbox",
                    tenant.id, waiting.rows
                ));
            }
            Ok(_) => {}
            Err(error) => problems.push(format!("{}: {error}", tenant.id)),
        }
    }
    Verdict::of(&problems)
}
