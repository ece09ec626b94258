//! `sotay demo …`.

use super::{print_table, with_platform};
use clap::{Args, Subcommand};
use sotay::{
    Config, Fault, Installation, Part, Platform,
    demo::{DemoFile, DemoTenant, everyday, reference},
    listeners::Listeners,
    onboarding,
    platform::stop_signal,
};
use std::{fs, path::Path, process::ExitCode, time::Instant};
use tenancy::{TenantFile, TenantKind};
use tokio::sync::watch;

#[derive(Args)]
pub(super) struct Demo {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Dựng bản trình diễn và phục vụ cho đến khi được bảo dừng
    Run,
    /// Nạp một kịch bản có sẵn
    Load {
        /// quang-ngai-2024
        scenario: String,
    },
}

impl Demo {
    pub(super) async fn run(self, config: &Config) -> Result<ExitCode, Fault> {
        match self.command {
            Command::Run => Box::pin(run(config)).await,
            Command::Load { scenario } => load(config, &scenario).await,
        }
    }
}

/// Steps on the screen, each with its time.
struct Steps(Option<(String, Instant)>);

impl Steps {
    fn next(&mut self, what: &str) {
        self.done();
        eprint!("  {what} … ");
        self.0 = Some((what.to_owned(), Instant::now()));
    }

    fn done(&mut self) {
        if let Some((_, since)) = self.0.take() {
            eprintln!("{:.1} s", since.elapsed().as_secs_f64());
        }
    }
}

async fn load(config: &Config, scenario: &str) -> Result<ExitCode, Fault> {
    if scenario != reference::SLUG {
        return Err(Fault::new(format!("Không có kịch bản «{scenario}»; có: {}", reference::SLUG)));
    }
    let mut steps = Steps(None);
    steps.next("khởi động");
    with_migrated(config, async |installation, platform| {
        let provisioner = installation.provisioner()?;
        reference::load(&provisioner, platform, |what| steps.next(what)).await
    })
    .await?;
    steps.done();
    println!(
        "Đã nạp {scenario}. Xem: sotay report adoption --tenant {scenario} --as-of 2024-03-30"
    );
    Ok(ExitCode::SUCCESS)
}

/// The platform on an installation that is brought up to date first.
async fn with_migrated<T>(
    config: &Config,
    work: impl AsyncFnOnce(&Installation, &Platform) -> Result<T, Fault>,
) -> Result<T, Fault> {
    super::with_installation(config, async |installation| {
        installation.provisioner()?.migrate_platform().await?;
        Ok(())
    })
    .await?;
    with_platform(config, work).await
}

async fn run(config: &Config) -> Result<ExitCode, Fault> {
    let mut stop = stop_signal();
    let mut steps = Steps(None);
    steps.next("mở cổng");
    let listeners = Listeners::bind(config, true).await?;
    steps.next("khởi động PostgreSQL và kho tệp");
    let installation = tokio::select! {
        installation = Installation::open_to_serve(config, Part::ALL.len()) => installation?,
        _ = stop.wait_for(|stopped| *stopped) => return Ok(ExitCode::SUCCESS),
    };
    let outcome = tokio::select! {
        outcome = serve(config, &installation, listeners, &mut steps, stop.clone()) => outcome,
        // Told to stop before serving began; afterwards serving drains by itself.
        () = stopped_while(&mut stop) => Ok(()),
        never = installation.keep() => match never {},
    };
    steps.done();
    let closed = installation.close().await;
    outcome?;
    closed?;
    eprintln!("Đã dừng gọn.");
    Ok(ExitCode::SUCCESS)
}

/// Some time after the signal: longer than a drain takes.
async fn stopped_while(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stopped| *stopped).await;
    tokio::time::sleep(std::time::Duration::from_secs(15)).await;
}

async fn serve(
    config: &Config,
    installation: &Installation,
    listeners: Listeners,
    steps: &mut Steps,
    mut stop: watch::Receiver<bool>,
) -> Result<(), Fault> {
    steps.next("nâng cấp lược đồ");
    let provisioner = installation.provisioner()?;
    provisioner.migrate_platform().await?;
    provisioner.migrate_tenants(2).await?;
    installation.blob.ensure_bucket().await?;
    let platform = Platform::of(installation, config).await?;
    let files = TenantFile::load_all(&config.tenants).map_err(Fault::new)?;
    let record = config.data.join("demo.json");
    let known = read(&record);
    let plan = provisioner.plan(&files).await?;
    let url = |slug: &str| {
        let base = &config.bases[0];
        match config.http.port {
            0 => format!("https://{slug}.{base}:{}", config.https.port),
            port => format!("http://{slug}.{base}:{port}"),
        }
    };
    let mut tenants = Vec::new();
    let loading = async {
        for (file, number) in files.iter().zip(1..) {
            let before = known.iter().find(|tenant| tenant.slug == *file.slug);
            steps.next(&format!(
                "{}{}",
                file.name,
                if before.is_some() { "" } else { ": nạp người và việc giả định" }
            ));
            let as_planned = !plan.touches(&file.slug);
            let tenant = match before {
                Some(tenant) if as_planned => tenant.clone(),
                _ => {
                    let onboarded = onboarding::apply(&provisioner, &platform, file).await?;
                    match before {
                        Some(tenant) => tenant.clone(),
                        None => everyday::load(&platform, file, &onboarded, number, url).await?,
                    }
                }
            };
            // The port may be another one than last time.
            let tenant = DemoTenant { url: url(&tenant.slug), ..tenant };
            tenants.push((file.kind, tenant));
            write(&record, config, &tenants)?;
        }
        Ok::<_, Fault>(())
    };
    tokio::select! {
        outcome = loading => outcome?,
        _ = stop.wait_for(|stopped| *stopped) => return Ok(()),
    }
    steps.done();
    table(&tenants);
    println!("\nMật khẩu của mọi tài khoản: {}", sotay::demo::PASSWORD);
    println!(
        "HTTPS tại cổng {}; chứng thư của CA phát triển: {}",
        config.https.port,
        config.data.join("ca").display()
    );
    println!("Ctrl-C để dừng.");
    listeners.serve(config, &platform, stop).await
}

fn table(tenants: &[(TenantKind, DemoTenant)]) {
    let rows: Vec<Vec<String>> = tenants
        .iter()
        .flat_map(|(_, tenant)| {
            tenant.accounts.iter().enumerate().map(|(at, account)| {
                let url = if at == 0 { tenant.url.clone() } else { String::new() };
                let role = account
                    .role
                    .parse::<kernel::Role>()
                    .map_or(account.role.clone(), |role| role.label().to_owned());
                vec![url, role, account.login.clone()]
            })
        })
        .collect();
    println!();
    print_table(&["địa chỉ", "vai trò", "đăng nhập"], &rows);
}

/// The tenants that an earlier run filled; nothing when there was none.
fn read(path: &Path) -> Vec<DemoTenant> {
    let Ok(bytes) = fs::read(path) else { return Vec::new() };
    let Ok(file) = serde_json::from_slice::<DemoFile>(&bytes) else { return Vec::new() };
    file.tenants.into_iter().chain([file.national]).collect()
}

/// Written when all tenants are there, whole or not at all.
fn write(path: &Path, config: &Config, tenants: &[(TenantKind, DemoTenant)]) -> Result<(), Fault> {
    let Some((_, national)) = tenants.iter().find(|(kind, _)| *kind == TenantKind::National) else {
        return Ok(());
    };
    let file = DemoFile {
        http: format!("http://{}:{}", config.bases[0], config.http.port),
        tenants: tenants
            .iter()
            .filter(|(kind, _)| *kind != TenantKind::National)
            .map(|(_, tenant)| tenant.clone())
            .collect(),
        national: national.clone(),
    };
    let new = path.with_extension("new");
    let save = || {
        fs::write(&new, serde_json::to_vec_pretty(&file)?)?;
        fs::rename(&new, path)
    };
    save().map_err(|e: std::io::Error| sotay::fault::file(path, &e))
}
