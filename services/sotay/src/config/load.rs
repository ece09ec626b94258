//! Reading the configuration, and refusing what does not fit together.

use super::Config;
use crate::fault::{self, Fault};
use std::{env, fs, path::Path};

const PREFIX: &str = "SOTAY__";

impl Config {
    /// Reads the file, if one is named, and the environment.
    ///
    /// # Errors
    /// A sentence that names the file or variable and the key.
    pub fn load(path: Option<&Path>) -> Result<Self, Fault> {
        let mut table = match path {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|e| fault::file(path, &e))?;
                text.parse::<toml::Table>()
                    .map_err(|e| Fault::new(format!("{}: {e}", path.display())))?
            }
            None => toml::Table::new(),
        };
        let mut variables: Vec<_> =
            env::vars().filter(|(name, _)| name.starts_with(PREFIX)).collect();
        variables.sort();
        for (name, value) in variables {
            let keys: Vec<String> =
                name[PREFIX.len()..].split("__").map(str::to_ascii_lowercase).collect();
            set(&mut table, &keys, &value).ok_or_else(|| {
                Fault::new(format!("biến môi trường {name} không trỏ tới một mục cấu hình"))
            })?;
        }
        let origin = path.map_or_else(|| "cấu hình".into(), |path| path.display().to_string());
        let config: Config = table.try_into().map_err(|e| Fault::new(format!("{origin}: {e}")))?;
        config.validate().map_err(|e| Fault::new(format!("{origin}: {e}")))?;
        Ok(config)
    }

    fn validate(&self) -> Result<(), String> {
        if self.http.port == 0 && self.https.port == 0 {
            return Err("http.port, https.port: cần ít nhất một cổng khác 0".into());
        }
        if self.http.port == self.https.port {
            return Err("https.port: phải khác http.port".into());
        }
        if self.private.port != 0 && [self.http.port, self.https.port].contains(&self.private.port)
        {
            return Err("private.port: phải khác http.port và https.port".into());
        }
        self.telemetry.validate()?;
        if self.connections.most == 0 || self.connections.per_address == 0 {
            return Err("connections.most, connections.per_address: phải từ 1 trở lên".into());
        }
        if self.https.certificate.is_some() != self.https.key.is_some() {
            return Err("https.certificate, https.key: phải có cả hai hoặc không có".into());
        }
        let internal = &self.internal;
        let given = [&internal.authority, &internal.certificate, &internal.key];
        if given.iter().any(|path| path.is_some()) && given.iter().any(|path| path.is_none()) {
            return Err(
                "internal.authority, internal.certificate, internal.key: phải có cả ba hoặc không có".into(),
            );
        }
        if self.bases.is_empty()
            || self
                .bases
                .iter()
                .any(|b| b.is_empty() || b.starts_with('.') || *b != b.to_lowercase())
        {
            return Err(
                "bases: cần ít nhất một tên miền viết thường, không có dấu chấm ở đầu".into()
            );
        }
        self.limits.validate()?;
        if let Some(database) = &self.database {
            database.validate()?;
            if self.master_key_file.is_none() {
                return Err(
                    "master_key_file: bắt buộc khi dùng cơ sở dữ liệu riêng ([database])".into()
                );
            }
            if self.blob.is_none() {
                return Err("blob: bắt buộc khi dùng cơ sở dữ liệu riêng ([database])".into());
            }
        }
        Ok(())
    }
}

/// Puts a text where the keys lead; numbers and booleans become such.
fn set(table: &mut toml::Table, keys: &[String], text: &str) -> Option<()> {
    let (last, way) = keys.split_last()?;
    let mut here = table;
    for key in way {
        here =
            here.entry(key.clone()).or_insert_with(|| toml::Table::new().into()).as_table_mut()?;
    }
    let value = text
        .parse::<i64>()
        .map(toml::Value::from)
        .or_else(|_| text.parse::<bool>().map(toml::Value::from))
        .or_else(|_| fraction(text).ok_or(()).map(toml::Value::from))
        .unwrap_or_else(|()| text.into());
    here.insert(last.clone(), value);
    Some(())
}

/// A number with a point, such as 0.5.
fn fraction(text: &str) -> Option<f64> {
    let (whole, rest) = text.split_once('.')?;
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if digits(whole) && digits(rest) { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use std::{fs, path::PathBuf};

    fn load(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let path: PathBuf = folder.path().join("sotay.toml");
        fs::write(&path, text).unwrap();
        Config::load(Some(&path)).map_err(|fault| fault.0)
    }

    #[test]
    fn nothing_said_is_a_whole_configuration() {
        let config = load("").unwrap();
        assert_eq!((config.http.port, config.https.port), (8080, 8443));
        assert_eq!(config.bases, ["localhost"]);
    }

    #[test]
    fn a_mistake_is_named_by_its_key() {
        for (text, key) in [
            ("[http]\nport = 70000", "port"),
            ("[http]\nprot = 80", "prot"),
            ("[http]\nport = 8443", "https.port"),
            ("[https]\nkey = 'x'", "https.certificate"),
            ("[internal]\nkey = 'x'", "internal.authority"),
            ("[upstreams]\npapers = 'x:1'", "papers"),
            ("bases = []", "bases"),
            ("[connections]\nmost = 0", "connections.most"),
            ("[database.placements.other]\nhost = 'x'", "main"),
            ("[database.placements.main]\nhost = 'x'", "master_key_file"),
            ("[log]\nformat = 'xml'", "format"),
            ("[private]\nport = 8080", "private.port"),
            ("[telemetry]\nsample = 2", "telemetry.sample"),
            ("[telemetry]\notlp = 'collector:4317'", "telemetry.otlp"),
            ("[http]\ntrusted_proxies = ['x']", "trusted_proxies"),
            ("[limits.member]\nper_minute = 0\nburst = 1", "limits.member"),
        ] {
            let message = load(text).unwrap_err();
            assert!(message.contains(key), "{text}: {message}");
        }
    }
}
