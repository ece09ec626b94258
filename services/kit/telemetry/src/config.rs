//! The `[telemetry]` section.

use serde::Deserialize;

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Where traces, metrics and logs are sent. Nowhere unless said.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The URL of a collector that takes OTLP over HTTP, such as
    /// `http://127.0.0.1:4318`. Plain HTTP: a collector runs beside us.
    pub otlp: Option<String>,
    /// How many of all requests leave a trace, from 0 to 1.
    pub sample: f64,
    /// What this process is called where traces are looked at.
    pub service: String,
}

impl Default for Config {
    fn default() -> Self {
        Self { otlp: None, sample: 0.1, service: "sotay".into() }
    }
}

impl Config {
    /// Checks what the types cannot.
    ///
    /// # Errors
    /// A sentence that names the key.
    pub fn validate(&self) -> Result<(), String> {
        if !(0.0..=1.0).contains(&self.sample) {
            return Err("telemetry.sample: phải từ 0 đến 1".into());
        }
        let Some(url) = &self.otlp else { return Ok(()) };
        let whole = url.parse::<http::Uri>().is_ok_and(|uri| {
            uri.scheme_str() == Some("http") && uri.host().is_some_and(|host| !host.is_empty())
        });
        if whole {
            Ok(())
        } else {
            Err("telemetry.otlp: cần địa chỉ dạng http://127.0.0.1:4318 của bộ thu chạy cùng máy"
                .into())
        }
    }
}
