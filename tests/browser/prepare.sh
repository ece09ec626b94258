#!/usr/bin/env bash
# Debian's chromium and the pinned npm packages, when they are missing. What
# cannot be had is said once; the tests then print a SKIPPED line.
set -uo pipefail
cd "$(dirname "$0")"
if ! command -v chromium >/dev/null; then
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq >/dev/null 2>&1
    apt-get install -y -qq --no-install-recommends chromium fonts-noto-core >/dev/null 2>&1 ||
      { apt-get -f install -y -qq >/dev/null 2>&1; apt-get install -y -qq --no-install-recommends chromium >/dev/null 2>&1; }
  fi
  command -v chromium >/dev/null ||
    echo "Chưa có chromium và không tự cài được; hãy cài gói chromium để chạy phần thử trên trình duyệt." >&2
fi
if [ ! -d node_modules/playwright-core ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --silent --no-audit --no-fund --ignore-scripts ||
    echo "Không cài được gói npm cho phần thử trên trình duyệt; kiểm tra mạng." >&2
fi
exit 0
