//! The disk with the database on it is full, and has room again.
//!
//! Once on a small file system of its own, where that may be mounted, and once
//! everywhere, with the system calls that make files longer refused.

use super::{TENANT, add, assert_away, count, on_its_own, readiness};
use crate::{app::TestApp, run};
use embedded::postgres::Postgres;
use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::{PermissionsExt as _, symlink},
    path::Path,
    process::Command,
};

/// A small file system, taken away at the end.
pub(super) struct Small {
    pub(super) folder: tempfile::TempDir,
}

impl Small {
    /// What the system said when it may not be mounted.
    pub(super) fn mount(size: &str) -> Result<Self, String> {
        let folder = super::reachable();
        let done = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size},mode=0755"), "sotay-test"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        if !done.status.success() {
            return Err(String::from_utf8_lossy(&done.stderr).into_owned());
        }
        Ok(Self { folder })
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        // Lazily: a server that is still ending must not keep it.
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).status();
    }
}

/// Takes all the room there is.
pub(super) fn ballast(path: &Path) {
    let mut file = File::create(path).unwrap();
    for size in [1 << 20, 4 << 10, 1] {
        let block = vec![0; size];
        while file.write_all(&block).is_ok() {}
    }
}

/// The programs once more, the server among them with `refuse.c` before its
/// system calls, which refuse while `flag` is there.
fn refusing(folder: &Path, flag: &Path) {
    let real = testkit::bundle();
    let library = folder.join("refuse.so");
    let built = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .arg(&library)
        .arg(format!("-DFLAG=\"{}\"", flag.display()))
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/suite/faults/refuse.c"))
        .arg("-ldl")
        .status()
        .unwrap();
    assert!(built.success(), "cc, which cargo links with, is needed");
    for part in ["lib", "share"] {
        symlink(real.join(part), folder.join(part)).unwrap();
    }
    fs::create_dir(folder.join("bin")).unwrap();
    for program in fs::read_dir(real.join("bin")).unwrap() {
        let program = program.unwrap();
        if program.file_name() != "postgres" {
            symlink(program.path(), folder.join("bin").join(program.file_name())).unwrap();
        }
    }
    let script = format!(
        "#!/bin/sh\nLD_PRELOAD='{}' exec '{}' \"$@\"\n",
        library.display(),
        real.join("bin/postgres").display()
    );
    let path = folder.join("bin/postgres");
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// Fills the disk, looks at what still goes, makes room, and looks again.
async fn full_and_mended(
    (postgres, app): (Postgres, TestApp),
    fill: impl FnOnce(),
    make_room: impl FnOnce(),
) {
    let mut admin = app.program(TENANT, "admin").await;
    let mut member = app.browser(TENANT, "member").await;
    assert!(readiness(&app, 200).await.contains("writes: ok"));

    fill();
    // What still fits into pages and log that are there is taken.
    let mut acknowledged = 0;
    let refused = loop {
        let answer = add(&mut admin, &format!("D-{acknowledged}")).await;
        if answer.status != 201 {
            break answer;
        }
        acknowledged += 1;
        assert!(acknowledged < 20_000, "the disk does not fill");
    };
    assert_away(&refused);
    let said = refused.json()["detail"].as_str().unwrap().to_owned();
    assert!(said.contains("hết chỗ trên đĩa"), "{said}");
    // Late enough that a session's use would be noted again.
    app.world.advance(time::Duration::minutes(11));
    for path in ["/", "/documents", "/meetings"] {
        assert_eq!(member.get(path).await.status, 200, "{path}");
    }
    let said = readiness(&app, 503).await;
    assert!(
        said.contains("database: ok\n") && said.contains("writes: Máy chủ đã hết chỗ"),
        "{said}"
    );

    make_room();
    assert!(readiness(&app, 200).await.contains("writes: ok"));
    let answer = add(&mut admin, &format!("D-{acknowledged}")).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    app.fold(TENANT).await;
    let sql = "SELECT count(*) FROM member WHERE file_number LIKE 'D-%'";
    assert_eq!(count(&app, sql).await, acknowledged + 1, "no more and no less");
    app.platform.app.tenants.close().await;
    postgres.stop().await.unwrap();
}

#[test]
fn on_a_full_disk_pages_are_read_writes_are_refused_and_all_goes_on_when_there_is_room() {
    run(async {
        let small = match Small::mount("192m") {
            Ok(small) => small,
            Err(said) => {
                println!("no file system may be mounted here, the other test stands in: {said}");
                return;
            }
        };
        let ballast_at = small.folder.path().join("ballast");
        let own = on_its_own(&small.folder.path().join("postgres"), &testkit::bundle()).await;
        full_and_mended(own, || ballast(&ballast_at), || fs::remove_file(&ballast_at).unwrap())
            .await;
    });
}

#[test]
fn when_no_file_may_grow_the_same_holds() {
    run(async {
        let folder = super::reachable();
        let (programs, flag) = (folder.path().join("programs"), folder.path().join("full"));
        fs::create_dir(&programs).unwrap();
        refusing(&programs, &flag);
        let own = on_its_own(&folder.path().join("postgres"), &programs).await;
        let fill = || fs::write(&flag, "").unwrap();
        full_and_mended(own, fill, || fs::remove_file(&flag).unwrap()).await;
    });
}
