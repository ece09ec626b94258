//! `sotay roster …`.

use super::{print_json, with_platform};
use clap::{Args, Subcommand};
use kernel::TenantId;
use sotay::{Config, Fault};
use std::{
    io::{IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

#[derive(Subcommand)]
pub(super) enum Roster {
    /// Nhập danh sách đảng viên từ tệp XLSX hoặc CSV
    Import(Import),
}

#[derive(Args)]
pub(super) struct Import {
    /// Tệp danh sách
    file: PathBuf,
    /// Mã đơn vị
    #[arg(long)]
    tenant: TenantId,
    /// Chỉ kiểm tra, không ghi
    #[arg(long)]
    dry_run: bool,
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

impl Roster {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let Roster::Import(Import { file, tenant, dry_run, json }) = self;
        let shows = !json && std::io::stderr().is_terminal();
        let (import, summary) = with_platform(config, async |_, platform| {
            let db = platform.app.tenants.db(&tenant)?;
            let done = directory::roster::import_file(
                &db,
                &platform.app.world,
                None,
                &file,
                dry_run,
                |progress| {
                    if shows {
                        eprint!("\r{:5.1} %", progress.share * 100.0);
                        let _ = std::io::stderr().flush();
                    }
                },
            )
            .await?;
            platform.relay.fold(&tenant).await?;
            Ok(done)
        })
        .await?;
        if shows {
            eprintln!();
        }
        if json {
            print_json(
                &serde_json::json!({ "import": import, "dry_run": dry_run, "summary": summary }),
            )?;
        } else {
            let done = if dry_run { "Sẽ" } else { "Đã" };
            println!(
                "{} dòng. {done} thêm {}, sửa {}; {} không đổi; {} dòng hỏng.",
                summary.rows, summary.added, summary.changed, summary.unchanged, summary.bad
            );
            if summary.bad > 0 {
                println!("Xem và tải các dòng hỏng trên trang /roster/{import} của đơn vị.");
            }
        }
        Ok(if summary.bad == 0 { ExitCode::SUCCESS } else { ExitCode::from(2) })
    }
}
