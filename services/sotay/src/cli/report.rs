//! `sotay report …`.

use super::{print_json, print_table, with_platform};
use clap::{Args, Subcommand};
use kernel::{Error, TenantId, viet};
use sotay::{Config, Fault};
use std::process::ExitCode;

#[derive(Subcommand)]
pub(super) enum Report {
    /// Tình hình sử dụng theo từng đơn vị trực thuộc
    Adoption(Adoption),
}

#[derive(Args)]
pub(super) struct Adoption {
    /// Mã đơn vị
    #[arg(long)]
    tenant: TenantId,
    /// Tính đến hết ngày (yyyy-mm-dd); mặc định là hôm nay
    #[arg(long)]
    as_of: Option<String>,
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

impl Report {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let Report::Adoption(Adoption { tenant, as_of, json }) = self;
        let report = with_platform(config, async |_, platform| {
            let as_of = match &as_of {
                Some(text) => {
                    viet::parse_date(text).map_err(|e| Fault::new(format!("--as-of: {e}")))?
                }
                None => platform.app.world.today(),
            };
            let db = platform.app.tenants.db(&tenant).map_err(|error| match error {
                Error::NotFound => Fault::new(format!(
                    "Không có đơn vị «{tenant}»; xem danh sách bằng: sotay tenant list"
                )),
                other => other.into(),
            })?;
            // What is still waiting counts as well.
            platform.relay.fold(&tenant).await?;
            let mut conn = db.conn().await?;
            let root = adoption::root(&mut conn, as_of).await?;
            Ok(adoption::report(&mut conn, root, as_of).await?)
        })
        .await?;
        if json {
            print_json(&report)?;
            return Ok(ExitCode::SUCCESS);
        }
        println!("Đến {}", viet::format_date(report.as_of));
        for (what, share) in
            [("Tất cả đảng viên", &report.raw), ("Sau khi loại trừ", &report.adjusted)]
        {
            println!(
                "{what}: {} / {} = {}",
                viet::format_count(share.activated),
                viet::format_count(share.members),
                viet::format_percent(share.activated, share.members)
            );
        }
        println!();
        let rows: Vec<Vec<String>> = report
            .units
            .iter()
            .map(|unit| {
                vec![
                    unit.name.clone(),
                    viet::format_count(unit.members),
                    viet::format_count(unit.activated),
                    viet::format_percent(unit.activated, unit.members),
                    unit.excluded
                        .as_ref()
                        .map_or_else(String::new, |e| format!("loại trừ: {}", e.reason.label())),
                ]
            })
            .collect();
        print_table(&["đơn vị", "đảng viên", "đã kích hoạt", "tỷ lệ", ""], &rows);
        Ok(ExitCode::SUCCESS)
    }
}
