//! `sotay tenant …`.

use super::{print_json, print_table, with_installation};
use clap::{Args, Subcommand};
use kernel::TenantId;
use serde::Serialize;
use sotay::{Config, Fault, onboarding};
use std::{path::PathBuf, process::ExitCode};
use tenancy::{TenantFile, TenantState, provision::Change};

/// Schemas made at the same time.
const WORKERS: usize = 4;

#[derive(Subcommand)]
pub(super) enum Tenant {
    /// Cho biết `apply` sẽ làm gì, không thay đổi gì
    Plan(Files),
    /// Làm cho các đơn vị khớp với tệp của mình
    Apply(Apply),
    /// Liệt kê các đơn vị
    List(Output),
    /// Kiểm tra vai trò, lược đồ và quyền của các đơn vị
    Verify(Output),
    /// Tạm dừng phục vụ một đơn vị
    Suspend(One),
    /// Phục vụ lại một đơn vị
    Resume(One),
}

#[derive(Args)]
pub(super) struct Files {
    /// Tệp hoặc thư mục; mặc định là mọi tệp trong `tenant-config`
    files: Vec<PathBuf>,
    #[command(flatten)]
    output: Output,
}

#[derive(Args)]
pub(super) struct Apply {
    #[command(flatten)]
    files: Files,
    /// Cấp mã kích hoạt mới cho người quản trị; mã cũ hết hiệu lực
    #[arg(long)]
    new_code: bool,
}

#[derive(Args)]
pub(super) struct Output {
    /// In JSON cho chương trình đọc
    #[arg(long)]
    json: bool,
}

#[derive(Args)]
pub(super) struct One {
    /// Mã đơn vị, ví dụ thanh-hoa
    tenant: TenantId,
}

#[derive(Serialize)]
struct Row {
    slug: String,
    kind: &'static str,
    name: String,
    placement: String,
    state: &'static str,
    schema_version: i32,
}

impl Tenant {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        match self {
            Tenant::Plan(files) => files.plan(config).await,
            Tenant::Apply(apply) => apply.run(config).await,
            Tenant::List(output) => list(config, output.json).await,
            Tenant::Verify(output) => verify(config, output.json).await,
            Tenant::Suspend(one) => set(config, &one.tenant, TenantState::Suspended).await,
            Tenant::Resume(one) => set(config, &one.tenant, TenantState::Active).await,
        }
    }
}

impl Files {
    fn load(&self, config: &Config) -> Result<Vec<TenantFile>, Fault> {
        let named =
            if self.files.is_empty() { std::slice::from_ref(&config.tenants) } else { &self.files };
        let mut files = Vec::new();
        for path in named {
            if path.is_dir() {
                files.extend(TenantFile::load_all(path).map_err(Fault::new)?);
            } else {
                files.push(TenantFile::load(path).map_err(Fault::new)?);
            }
        }
        Ok(files)
    }

    async fn plan(self, config: &Config) -> Result<ExitCode, Fault> {
        let files = self.load(config)?;
        let plan = with_installation(config, async |installation| {
            Ok(installation.provisioner()?.plan(&files).await?)
        })
        .await?;
        if self.output.json {
            print_json(&plan)?;
        } else if plan.changes.is_empty() {
            println!("Không có gì phải thay đổi.");
        } else {
            for change in &plan.changes {
                match change {
                    Change::Create { tenant, placement } => {
                        println!("+ {tenant}: tạo mới trên máy chủ dữ liệu {placement}");
                    }
                    Change::Update { tenant, key, from, to } => {
                        println!("~ {tenant}: {key}: «{from}» → «{to}»");
                    }
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Apply {
    async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        let files = self.files.load(config)?;
        let done = with_installation(config, async |installation| {
            let provisioner = installation.provisioner()?;
            provisioner.migrate_platform().await?;
            let platform = sotay::Platform::of(installation, config).await?;
            provisioner.apply_all(&files, WORKERS).await?;
            platform.app.tenants.refresh().await?;
            let mut done = Vec::new();
            for file in &files {
                let mut tenant = onboarding::welcome(&platform, file).await?;
                if self.new_code && tenant.code.is_none() {
                    tenant.code = onboarding::new_code(&platform, &tenant).await?;
                }
                done.push(tenant);
            }
            platform.app.tenants.close().await;
            Ok(done)
        })
        .await?;
        if self.files.output.json {
            print_json(&done)?;
        } else {
            for tenant in &done {
                match &tenant.code {
                    Some(code) => println!(
                        "{}: sẵn sàng; mã kích hoạt cho người quản trị: {code} (dùng một lần, trong 7 ngày)",
                        tenant.tenant
                    ),
                    None => println!("{}: sẵn sàng", tenant.tenant),
                }
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

async fn list(config: &Config, json: bool) -> Result<ExitCode, Fault> {
    let tenants = with_installation(config, async |i| Ok(i.provisioner()?.list().await?)).await?;
    let rows: Vec<Row> = tenants
        .into_iter()
        .map(|tenant| Row {
            slug: tenant.id.to_string(),
            kind: tenant.kind.name(),
            name: tenant.name,
            placement: tenant.placement,
            state: tenant.state.name(),
            schema_version: tenant.schema_version,
        })
        .collect();
    if json {
        print_json(&rows)?;
    } else {
        let cells: Vec<Vec<String>> = rows
            .iter()
            .map(|r| {
                vec![
                    r.slug.clone(),
                    r.name.clone(),
                    r.state.into(),
                    r.placement.clone(),
                    r.schema_version.to_string(),
                ]
            })
            .collect();
        print_table(&["mã", "tên", "trạng thái", "máy chủ", "lược đồ"], &cells);
    }
    Ok(ExitCode::SUCCESS)
}

async fn verify(config: &Config, json: bool) -> Result<ExitCode, Fault> {
    let found = with_installation(config, async |installation| {
        let provisioner = installation.provisioner()?;
        let mut found = Vec::new();
        for tenant in provisioner.list().await? {
            found.extend(provisioner.verify(&tenant).await?);
        }
        Ok(found)
    })
    .await?;
    if json {
        print_json(&found)?;
    } else if found.is_empty() {
        println!("Mọi đơn vị đều đúng.");
    } else {
        for finding in &found {
            println!("{}: {}", finding.tenant, finding.problem);
        }
    }
    Ok(if found.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn set(config: &Config, tenant: &TenantId, state: TenantState) -> Result<ExitCode, Fault> {
    with_installation(config, async |installation| {
        Ok(installation.provisioner()?.set_state(tenant, state).await?)
    })
    .await?;
    println!(
        "{tenant}: {}",
        if state == TenantState::Active { "đang phục vụ" } else { "đã tạm dừng" }
    );
    Ok(ExitCode::SUCCESS)
}
