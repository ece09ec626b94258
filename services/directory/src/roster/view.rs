//! An import as pages and programs see it.

use super::{import::SILENT, pass::Summary, store::ImportRow};
use kernel::viet;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

/// What can be done with an import next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Next {
    /// Check the file.
    Check,
    /// Put the good rows into the roll.
    Import,
    /// Go on where it stopped.
    Resume,
    /// Nothing; perhaps another file has to be sent.
    Nothing,
}

/// An import.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Import {
    pub id: Uuid,
    pub file_name: String,
    /// In bytes.
    pub file_size: i64,
    /// `uploaded`, `checking`, `checked`, `running`, `done` or `failed`.
    pub state: String,
    /// How much of the file the present pass has read, in percent.
    pub percent: u8,
    pub summary: Summary,
    /// Why it failed.
    pub failure: Option<String>,
    /// Whether a pass is under way.
    pub active: bool,
    pub next: Next,
    #[serde(with = "time::serde::rfc3339")]
    pub uploaded_at: OffsetDateTime,
    /// None for the operator at the command line.
    pub uploaded_by: Option<String>,
}

impl Import {
    pub(super) fn new(row: ImportRow, now: OffsetDateTime) -> Self {
        let working = matches!(row.state.as_str(), "checking" | "running");
        let active = working && row.beat_at.is_some_and(|beat| beat > now - SILENT);
        let next = match row.state.as_str() {
            _ if active || !row.kept => Next::Nothing,
            "checked" if row.added + row.changed == 0 => Next::Nothing,
            "checked" => Next::Import,
            "running" | "failed" if row.checked_at.is_some() => Next::Resume,
            "uploaded" | "checking" | "failed" => Next::Check,
            _ => Next::Nothing,
        };
        Self {
            id: row.id,
            file_name: row.file_name,
            file_size: row.file_size,
            state: row.state,
            percent: percent(row.progress),
            summary: Summary {
                rows: row.rows,
                added: row.added,
                changed: row.changed,
                unchanged: row.unchanged,
                bad: row.bad,
            },
            failure: row.failure,
            active,
            next,
            uploaded_at: row.uploaded_at,
            uploaded_by: row.uploaded_by,
        }
    }

    pub(super) fn label(&self) -> &'static str {
        match self.state.as_str() {
            "checking" | "running" if !self.active => "Dừng giữa chừng",
            "uploaded" => "Chưa kiểm tra",
            "checking" => "Đang kiểm tra",
            "checked" => "Đã kiểm tra, chưa nhập",
            "running" => "Đang nhập",
            "done" => "Đã nhập xong",
            _ => "Không làm được",
        }
    }

    pub(super) fn colour(&self) -> &'static str {
        match self.state.as_str() {
            "checking" | "running" if !self.active => "yellow",
            "checking" | "running" => "blue",
            "checked" => "yellow",
            "done" => "green",
            "failed" => "red",
            _ => "grey",
        }
    }

    pub(super) fn working_on(&self) -> &'static str {
        if self.state == "running" {
            "Đang nhập vào danh sách"
        } else {
            "Đang kiểm tra tệp"
        }
    }

    pub(super) fn far(&self) -> String {
        format!("{} % · {} dòng", self.percent, viet::format_count(self.summary.rows))
    }

    /// When and by whom, for people.
    pub(super) fn origin(&self) -> String {
        let by = self.uploaded_by.as_deref().unwrap_or("người vận hành");
        format!("{}, {by}", viet::format_datetime(self.uploaded_at))
    }

    /// What came of it, for people; empty before anything did.
    pub(super) fn outcome(&self) -> String {
        let count = viet::format_count;
        let Summary { added, changed, unchanged, bad, .. } = self.summary;
        match self.state.as_str() {
            "checked" | "done" => format!(
                "{} người mới, {} thay đổi, {} giữ nguyên, {} dòng cần sửa",
                count(added),
                count(changed),
                count(unchanged),
                count(bad)
            ),
            _ => String::new(),
        }
    }

    /// A figure of the summary, by its name in JSON, for people.
    pub(super) fn figure(&self, name: &str) -> String {
        viet::format_count(match name {
            "added" => self.summary.added,
            "changed" => self.summary.changed,
            "unchanged" => self.summary.unchanged,
            "bad" => self.summary.bad,
            _ => self.summary.rows,
        })
    }

    pub(super) fn is(&self, state: &str) -> bool {
        self.state == state
    }

    pub(super) fn next_is_import(&self) -> bool {
        self.next == Next::Import
    }

    pub(super) fn can_go_on(&self) -> bool {
        matches!(self.next, Next::Check | Next::Resume)
    }

    /// «Nhập 1.234 dòng tốt vào danh sách».
    pub(super) fn button(&self) -> String {
        match self.next {
            Next::Import => {
                format!(
                    "Nhập {} dòng tốt vào danh sách",
                    viet::format_count(self.summary.added + self.summary.changed)
                )
            }
            Next::Resume => "Nhập tiếp".into(),
            _ => "Kiểm tra tệp".into(),
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and 100")]
fn percent(share: f64) -> u8 {
    (share.clamp(0.0, 1.0) * 100.0) as u8
}

#[cfg(test)]
mod tests {
    use super::{Import, ImportRow, Next, SILENT};
    use time::{Duration, OffsetDateTime, macros::datetime};
    use uuid::Uuid;

    const NOW: OffsetDateTime = datetime!(2026-11-03 8:00 UTC);

    fn row(state: &str) -> ImportRow {
        ImportRow {
            id: Uuid::nil(),
            file_name: "ds.xlsx".into(),
            file_size: 1,
            state: state.into(),
            progress: 0.5,
            rows: 1234,
            added: 1000,
            changed: 1,
            unchanged: 33,
            bad: 200,
            failure: None,
            kept: true,
            beat_at: Some(NOW - SILENT + Duration::seconds(1)),
            checked_at: None,
            uploaded_at: NOW,
            uploaded_by: None,
        }
    }

    fn next(change: impl FnOnce(&mut ImportRow), state: &str) -> Next {
        let mut row = row(state);
        change(&mut row);
        Import::new(row, NOW).next
    }

    #[test]
    fn what_comes_next() {
        assert_eq!(next(|_| (), "uploaded"), Next::Check);
        assert_eq!(next(|_| (), "checking"), Next::Nothing, "under way");
        assert_eq!(next(|r| r.beat_at = Some(NOW - SILENT), "checking"), Next::Check, "died");
        assert_eq!(next(|_| (), "checked"), Next::Import);
        assert_eq!(next(|r| (r.added, r.changed) = (0, 0), "checked"), Next::Nothing);
        assert_eq!(next(|_| (), "running"), Next::Nothing);
        let died = |r: &mut ImportRow| (r.beat_at, r.checked_at) = (Some(NOW - SILENT), Some(NOW));
        assert_eq!(next(died, "running"), Next::Resume);
        assert_eq!(next(|r| r.checked_at = Some(NOW), "failed"), Next::Resume);
        assert_eq!(next(|_| (), "failed"), Next::Check);
        assert_eq!(next(|r| r.kept = false, "failed"), Next::Nothing, "the file is gone");
        assert_eq!(next(|_| (), "done"), Next::Nothing);
    }

    #[test]
    fn words() {
        let import = Import::new(row("checked"), NOW);
        assert_eq!(import.button(), "Nhập 1.001 dòng tốt vào danh sách");
        assert_eq!(import.far(), "50 % · 1.234 dòng");
        assert_eq!(
            import.outcome(),
            "1.000 người mới, 1 thay đổi, 33 giữ nguyên, 200 dòng cần sửa"
        );
    }
}
