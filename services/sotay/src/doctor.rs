//! What is wrong with an installation, in words, and what to do about it.
//! Looked at from the ground up; where nothing above can stand, it ends.

mod bucket;
mod certificates;
mod databases;
mod disk;
mod processes;
mod tenants;

use crate::{Config, Fault, Installation, Platform};
use kernel::World;
use serde::Serialize;
use std::fmt::Display;
use tenancy::TenantFile;

/// How something stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "state", content = "says", rename_all = "snake_case")]
pub enum Verdict {
    /// It is well.
    Well,
    /// It works now and will not for long.
    Careful(String),
    /// It does not work.
    Broken(String),
}

/// One thing looked at.
#[derive(Clone, Debug, Serialize)]
pub struct Check {
    /// Its name for programs.
    pub check: &'static str,
    /// What it is about, for people.
    pub what: &'static str,
    /// How it stands.
    #[serde(flatten)]
    pub verdict: Verdict,
}

impl Verdict {
    /// Well when there is nothing to say, broken otherwise.
    pub(crate) fn of(problems: &[String]) -> Self {
        if problems.is_empty() { Self::Well } else { Self::Broken(problems.join("; ")) }
    }

    /// Broken with the error's own words.
    pub(crate) fn from<T, E: Display>(outcome: Result<T, E>) -> Self {
        match outcome {
            Ok(_) => Self::Well,
            Err(error) => Self::Broken(error.to_string()),
        }
    }
}

impl Check {
    /// The configuration could not even be read.
    #[must_use]
    pub fn misconfigured(fault: &Fault) -> Self {
        Self {
            check: "configuration",
            what: "cấu hình",
            verdict: Verdict::Broken(fault.to_string()),
        }
    }
}

/// Looks at everything.
pub async fn examine(config: &Config, world: &World) -> Vec<Check> {
    let mut checks = Vec::new();
    let mut note = |check, what, verdict| checks.push(Check { check, what, verdict });
    // A command line that came so far has read its configuration.
    note("configuration", "cấu hình", Verdict::Well);
    let files = TenantFile::load_all(&config.tenants);
    note("tenant_files", "tệp của các đơn vị", Verdict::from(files.as_ref().map_err(Clone::clone)));
    let files = files.unwrap_or_default();
    note("disk", "chỗ trống trên đĩa", disk::look(&config.data));
    note("certificates", "chứng thư TLS", certificates::look(config, &files, world.now()));
    let identity = processes::identity(config, world.now());
    note("internal_certificates", "chứng thư giữa các tiến trình", identity);
    note(
        "telemetry",
        "bộ thu số đo",
        Verdict::from(telemetry::reach(&config.telemetry).await.map_err(|e| {
            format!("{e}; kiểm tra telemetry.otlp và bộ thu. Người dùng không bị ảnh hưởng")
        })),
    );
    let installation = match Installation::open(config).await {
        Ok(installation) => installation,
        Err(fault) => {
            note("servers", "máy chủ dữ liệu và kho tệp", Verdict::Broken(fault.0));
            return checks;
        }
    };
    note("servers", "máy chủ dữ liệu và kho tệp", Verdict::Well);
    on(&installation, config, world, &mut note).await;
    note("stop", "dừng gọn", Verdict::from(installation.close().await));
    checks
}

/// What can be looked at once the servers are reached.
pub async fn on(
    installation: &Installation,
    config: &Config,
    world: &World,
    note: &mut impl FnMut(&'static str, &'static str, Verdict),
) {
    let upstreams = processes::upstreams(config, &installation.key, world).await;
    note("upstreams", "các phần ở tiến trình khác", upstreams);
    note("bucket", "kho tệp ghi, đọc, xóa", bucket::look(installation, world).await);
    let databases = databases::look(installation, config, world).await;
    note("database_version", "phiên bản cơ sở dữ liệu", databases.version);
    note("connections", "số kết nối", databases.connections);
    note("clock", "đồng hồ", databases.clock);
    let platform = match Platform::of(installation, config).await {
        Ok(platform) => platform,
        Err(fault) => {
            note("platform", "lược đồ của nền tảng", Verdict::Broken(fault.0));
            return;
        }
    };
    note("platform", "lược đồ của nền tảng", Verdict::Well);
    let roles = tenants::roles(installation).await;
    note("tenants", "vai trò, quyền và lược đồ của các đơn vị", roles);
    note("outbox", "sự kiện chờ tổng hợp", tenants::outbox(&platform, world.now()).await);
    platform.app.tenants.close().await;
}
