#!/usr/bin/env bash
# `make bench`: installs what it compares with, builds for release, measures.
# What cannot be installed is said in the table as skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
missing=()
command -v wrk >/dev/null || missing+=(wrk)
command -v nginx >/dev/null || [ -x /usr/sbin/nginx ] || missing+=(nginx-light)
if [ "${#missing[@]}" -gt 0 ]; then
  sudo=()
  [ "$(id -u)" = 0 ] || sudo=(sudo -n)
  if command -v apt-get >/dev/null && "${sudo[@]}" true 2>/dev/null; then
    # Debian starts what it installs; the bench starts an nginx of its own.
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
      apt-get install --yes --no-install-recommends "${missing[@]}" >/dev/null ||
      echo "Không cài được ${missing[*]}; bảng sẽ ghi là bỏ qua." >&2
  else
    echo "Thiếu ${missing[*]}; bảng sẽ ghi là bỏ qua." >&2
  fi
fi
cargo build --release --workspace --bins --examples
exec target/release/examples/bench "$@"
