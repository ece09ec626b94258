//! Starting and stopping it all.

use crate::{Config, Format, client::Client, count, filter, page, sql, trace};
use opentelemetry::{KeyValue, global, trace::TracerProvider as _};
use opentelemetry_appender_tracing::layer::OpenTelemetryTracingBridge;
use opentelemetry_otlp::{
    LogExporter, MetricExporter, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    logs::SdkLoggerProvider,
    metrics::{PeriodicReader, SdkMeterProvider},
    trace::{Sampler, SdkTracerProvider},
};
use std::{
    io::{self, IsTerminal as _},
    time::Duration,
};
use tracing_subscriber::{
    Layer, Registry,
    filter::{FilterExt as _, LevelFilter, filter_fn},
    fmt::{self, MakeWriter},
    layer::SubscriberExt as _,
};

/// How often metrics are sent.
const INTERVAL: Duration = Duration::from_secs(15);

/// Any mistake at start.
type Mistake = Box<dyn std::error::Error + Send + Sync>;

/// What to start.
#[derive(Clone, Debug)]
pub struct Settings<'a> {
    /// Which log lines are written.
    pub filter: &'a str,
    /// Where the rest is sent.
    pub config: &'a Config,
    /// Whether somebody will read [`page::text`].
    pub metrics: bool,
}

/// What was started.
#[must_use = "what is not shut down may not be sent"]
#[derive(Default)]
pub struct Telemetry {
    traces: Option<SdkTracerProvider>,
    metrics: Option<SdkMeterProvider>,
    logs: Option<SdkLoggerProvider>,
}

/// Starts it, with log lines on standard error. Inside a runtime, once a
/// process, before anything is counted.
///
/// # Errors
/// When the filter does not parse, the endpoint is no URL, or it was started
/// before.
pub fn start(format: Format, settings: &Settings<'_>) -> Result<Telemetry, Mistake> {
    start_with([(format, io::stderr)], settings)
}

/// The same with log lines somewhere else, once for each look they may have.
///
/// # Errors
/// As for [`start`].
pub fn start_with<W>(
    looks: impl IntoIterator<Item = (Format, W)>,
    settings: &Settings<'_>,
) -> Result<Telemetry, Mistake>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let config = settings.config;
    let resource = Resource::builder()
        .with_service_name(config.service.clone())
        .with_attribute(KeyValue::new("service.version", env!("CARGO_PKG_VERSION")))
        .build();
    let sending = config.otlp.as_deref().map(|url| Sending {
        url: url.trim_end_matches('/'),
        client: Client::new(tokio::runtime::Handle::current()),
        resource: resource.clone(),
    });
    let mut started = Telemetry::default();
    if let Some(sending) = &sending {
        started.traces = Some(sending.traces(config.sample)?);
        started.logs = Some(sending.logs()?);
    }
    if settings.metrics || sending.is_some() {
        let mut provider = SdkMeterProvider::builder().with_resource(resource);
        if settings.metrics {
            provider = provider.with_reader(page::reader()?);
        }
        if let Some(sending) = &sending {
            provider = provider.with_reader(sending.metrics()?);
        }
        let provider = provider.build();
        global::set_meter_provider(provider.clone());
        count::build_info();
        started.metrics = Some(provider);
    }
    if let Some(provider) = &started.traces {
        trace::set(provider.tracer("sotay"));
    }

    let mut layers: Vec<Box<dyn Layer<Registry> + Send + Sync>> = Vec::new();
    for (format, writer) in looks {
        let (lines, _) = filter::lines(settings.filter)?;
        let layer = fmt::layer().with_writer(writer);
        // A file would hold the signs for colours; a terminal has them unless
        // `NO_COLOR` says otherwise, which asking for them would overrule.
        let layer = if io::stderr().is_terminal() { layer } else { layer.with_ansi(false) };
        layers.push(match format {
            Format::Human => layer.compact().with_filter(lines).boxed(),
            Format::Json => layer.json().flatten_event(true).with_filter(lines).boxed(),
        });
    }
    let (lines, most) = filter::lines(settings.filter)?;
    if let Some(provider) = &started.logs {
        // What the sender says of itself would be sent for ever.
        let others = filter_fn(|line| !line.target().starts_with("opentelemetry"));
        layers
            .push(OpenTelemetryTracingBridge::new(provider).with_filter(lines.and(others)).boxed());
    }
    // Statements are counted where somebody will see it: that costs a little each.
    if started.metrics.is_some() || most >= LevelFilter::INFO {
        layers.push(sql::Statements.with_filter(filter_fn(sql::is_statement)).boxed());
    }
    tracing::subscriber::set_global_default(Registry::default().with(layers))?;
    Ok(started)
}

/// How and where to send.
struct Sending<'a> {
    url: &'a str,
    client: Client,
    resource: Resource,
}

impl Sending<'_> {
    fn traces(&self, sample: f64) -> Result<SdkTracerProvider, Mistake> {
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(self.client.clone())
            .with_endpoint(format!("{}/v1/traces", self.url))
            .build()?;
        Ok(SdkTracerProvider::builder()
            .with_resource(self.resource.clone())
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(sample))))
            .with_batch_exporter(exporter)
            .build())
    }

    fn logs(&self) -> Result<SdkLoggerProvider, Mistake> {
        let exporter = LogExporter::builder()
            .with_http()
            .with_http_client(self.client.clone())
            .with_endpoint(format!("{}/v1/logs", self.url))
            .build()?;
        Ok(SdkLoggerProvider::builder()
            .with_resource(self.resource.clone())
            .with_batch_exporter(exporter)
            .build())
    }

    fn metrics(&self) -> Result<PeriodicReader<MetricExporter>, Mistake> {
        let exporter = MetricExporter::builder()
            .with_http()
            .with_http_client(self.client.clone())
            .with_endpoint(format!("{}/v1/metrics", self.url))
            .build()?;
        Ok(PeriodicReader::builder(exporter).with_interval(INTERVAL).build())
    }
}

impl Telemetry {
    /// Sends what waits and stops. Losing the collector loses nobody's work.
    pub async fn shutdown(self) {
        // The SDK blocks while its threads finish.
        let _ = tokio::task::spawn_blocking(move || {
            let _ = self.traces.map(|provider| provider.shutdown());
            let _ = self.metrics.map(|provider| provider.shutdown());
            let _ = self.logs.map(|provider| provider.shutdown());
        })
        .await;
    }

    /// Sends what waits.
    pub async fn flush(&self) {
        let (traces, metrics, logs) =
            (self.traces.clone(), self.metrics.clone(), self.logs.clone());
        let _ = tokio::task::spawn_blocking(move || {
            let _ = traces.map(|provider| provider.force_flush());
            let _ = metrics.map(|provider| provider.force_flush());
            let _ = logs.map(|provider| provider.force_flush());
        })
        .await;
    }
}
