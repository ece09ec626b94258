//! `tenant-config/*.toml`: what a tenant should be.

use crate::registry::TenantKind;
use kernel::TenantId;
use serde::{Deserialize, Serialize};
use std::{collections::HashMap, fs, path::Path};

/// One tenant's file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct TenantFile {
    /// The slug; also the file's name.
    pub slug: TenantId,
    /// What kind of committee it is.
    pub kind: TenantKind,
    /// Full name: «Đảng bộ tỉnh Thanh Hóa».
    pub name: String,
    /// Short name: «Thanh Hóa».
    pub short_name: String,
    /// The one accent colour of its pages, `#rrggbb`.
    pub accent: String,
    /// The database server it lives on.
    #[serde(default = "main")]
    pub placement: String,
    /// Host names besides `<slug>.<base domain>`.
    #[serde(default)]
    pub hosts: Vec<String>,
    /// The top of its organisation tree.
    pub root: Root,
    /// The first administrator, who receives an activation code.
    pub admin: Admin,
}

/// The top of the organisation tree.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Root {
    /// Its organisation code.
    pub code: String,
    /// The day from which it exists, `yyyy-mm-dd`.
    pub founded_on: String,
}

/// The first administrator.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Admin {
    /// Full name.
    pub full_name: String,
    /// Mobile number, with which they sign in.
    pub phone: String,
    /// File number (số lý lịch).
    pub file_number: String,
}

fn main() -> String {
    crate::config::MAIN.into()
}

impl TenantFile {
    /// Reads every `*.toml` of a folder, checked against one another.
    ///
    /// # Errors
    /// A sentence that names the file and the key.
    pub fn load_all(folder: &Path) -> Result<Vec<TenantFile>, String> {
        let entries = fs::read_dir(folder)
            .map_err(|e| format!("không đọc được thư mục {}: {e}", folder.display()))?;
        let mut paths: Vec<_> = entries
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|ending| ending == "toml"))
            .collect();
        paths.sort();
        let mut files = Vec::new();
        let mut hosts = HashMap::new();
        for path in paths {
            let file = Self::load(&path)?;
            for host in &file.hosts {
                if let Some(other) = hosts.insert(host.clone(), file.slug.clone()) {
                    return Err(format!("{}: hosts: «{host}» đã thuộc về {other}", path.display()));
                }
            }
            files.push(file);
        }
        Ok(files)
    }

    /// Reads one file.
    ///
    /// # Errors
    /// A sentence that names the file and the key.
    pub fn load(path: &Path) -> Result<TenantFile, String> {
        let text = fs::read_to_string(path)
            .map_err(|e| format!("không đọc được {}: {e}", path.display()))?;
        let file: TenantFile =
            toml::from_str(&text).map_err(|e| format!("{}: {e}", path.display()))?;
        file.validate().map_err(|e| format!("{}: {e}", path.display()))?;
        if path.file_stem().is_none_or(|stem| stem != file.slug.to_string().as_str()) {
            return Err(format!("{}: slug: tệp phải mang tên {}.toml", path.display(), file.slug));
        }
        Ok(file)
    }

    fn validate(&self) -> Result<(), String> {
        let hex = self.accent.strip_prefix('#').unwrap_or_default();
        if hex.len() != 6 || !hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
        {
            return Err("accent: cần dạng #rrggbb với chữ thường, ví dụ #b3261e".into());
        }
        for (key, value) in [
            ("name", &self.name),
            ("short_name", &self.short_name),
            ("root.code", &self.root.code),
            ("admin.full_name", &self.admin.full_name),
        ] {
            if value.trim().is_empty() {
                return Err(format!("{key}: không được để trống"));
            }
        }
        for host in &self.hosts {
            let plain = host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'.' || b == b'-');
            if !plain || host.is_empty() {
                return Err(format!(
                    "hosts: «{host}» không phải tên miền viết thường, không kèm cổng"
                ));
            }
        }
        kernel::viet::normalise_phone(&self.admin.phone)
            .map_err(|e| format!("admin.phone: {e}"))?;
        kernel::viet::parse_date(&self.root.founded_on)
            .map_err(|e| format!("root.founded_on: {e}"))?;
        Ok(())
    }
}
