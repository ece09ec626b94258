//! Room for what an installation writes beside itself.

use super::Verdict;
use rustix::fs::statvfs;
use std::path::Path;

const GIB: u64 = 1 << 30;
/// Below this an import of a large roster may not fit.
const LITTLE: u64 = 5 * GIB;
/// Below this a database that is brought along soon stops.
const NONE: u64 = GIB / 2;

pub(super) fn look(data: &Path) -> Verdict {
    // Before the first start the folder is not there yet; its disk is.
    let there = data.ancestors().find(|folder| folder.exists()).unwrap_or(Path::new("."));
    match statvfs(there) {
        Ok(disk) => judge(data, disk.f_bavail.saturating_mul(disk.f_frsize)),
        Err(error) => Verdict::Broken(format!("«{}»: {error}", data.display())),
    }
}

fn judge(data: &Path, free: u64) -> Verdict {
    let says = || {
        let megabytes = free / (1 << 20);
        format!("«{}» chỉ còn {megabytes} MB trống; dọn bớt hoặc thêm đĩa", data.display())
    };
    match free {
        ..NONE => Verdict::Broken(says()),
        NONE..LITTLE => Verdict::Careful(says()),
        _ => Verdict::Well,
    }
}

#[cfg(test)]
mod tests {
    use super::{GIB, judge, look};
    use crate::doctor::Verdict;
    use std::path::Path;

    #[test]
    fn a_full_disk_is_told_before_it_stops_anybody() {
        let data = Path::new("/srv/sotay");
        assert_eq!(judge(data, 100 * GIB), Verdict::Well);
        assert!(matches!(judge(data, 2 * GIB), Verdict::Careful(says) if says.contains("2048 MB")));
        assert!(matches!(judge(data, 0), Verdict::Broken(says) if says.contains("/srv/sotay")));
    }

    #[test]
    fn a_folder_that_is_not_there_yet_has_a_disk() {
        assert!(
            !matches!(look(Path::new("/nowhere/at/all")), Verdict::Broken(says) if says.contains("No such"))
        );
    }
}
