#!/bin/sh
# Prints every page here to ../*.pdf. Needs chromium and Liberation Serif 2.1
# (Debian: fonts-liberation2), which has the metrics of Times New Roman and,
# unlike 1.07, every Vietnamese letter.
set -eu
cd "$(dirname "$0")"
profile=$(mktemp -d)
trap 'rm -rf "$profile"' EXIT
for page in *.html; do
  chromium --headless --no-sandbox --disable-gpu --user-data-dir="$profile" \
    --no-pdf-header-footer --virtual-time-budget=5000 \
    --print-to-pdf="../${page%.html}.pdf" "$page" 2>/dev/null
done
