//! `sotay fold …`.

use super::with_platform;
use clap::{Args, Subcommand};
use kernel::TenantId;
use sotay::{Config, Fault};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Fold {
    /// Xóa số liệu đã tính và tính lại từ mọi sự kiện
    Rebuild(Rebuild),
}

#[derive(Args)]
pub(super) struct Rebuild {
    /// Mã đơn vị
    #[arg(long)]
    tenant: TenantId,
}

impl Fold {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let Fold::Rebuild(Rebuild { tenant }) = self;
        let count =
            with_platform(config, async |_, platform| Ok(platform.relay.rebuild(&tenant).await?))
                .await?;
        println!("{tenant}: đã tính lại từ {count} sự kiện.");
        Ok(ExitCode::SUCCESS)
    }
}
