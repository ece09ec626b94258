#!/usr/bin/env bash
# The browser tests against a demo of their own: `make test` calls this. Prints
# TAP; one SKIPPED line where there is no browser to run them in.
set -euo pipefail
cd "$(dirname "$0")/../.."
chromium=${CHROMIUM:-$(command -v chromium || command -v chromium-browser || true)}
skip() { echo "SKIPPED browser tests: $1"; exit 0; }
[ -n "$chromium" ] && [ -x "$chromium" ] || skip "chromium is not installed"
[ -d tests/browser/node_modules/playwright-core ] && [ -d tests/browser/node_modules/axe-core ] ||
  skip "tests/browser/node_modules is missing (npm ci in tests/browser)"
[ -x target/debug/sotay ] || { echo "target/debug/sotay is missing: cargo build --bin sotay" >&2; exit 1; }

data=$(mktemp -d)
pid=
finish() {
  status=$?
  if [ -n "$pid" ] && kill -TERM "$pid" 2>/dev/null; then wait "$pid" || true; fi
  [ "$status" = 0 ] || { head -n 20 "$data.log"; tail -n 20 "$data.log"; } >&2 || true
  rm -rf "$data" "$data.log"
  exit "$status"
}
trap finish EXIT
trap 'exit 130' INT TERM

free_ports='const { createServer } = require("node:net");
const open = () => new Promise((done) => { const s = createServer().listen(0, "127.0.0.1", () => done(s)); });
Promise.all([open(), open()]).then((all) => { console.log(all.map((s) => s.address().port).join(" ")); all.forEach((s) => s.close()); });'
read -r http https < <(node -e "$free_ports")

SOTAY__HTTP__PORT=$http SOTAY__HTTPS__PORT=$https target/debug/sotay --data "$data" demo run >"$data.log" 2>&1 &
pid=$!
asked='fetch(process.argv[1]).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))'
ready() { grep -q '"national"' "$data/demo.json" && node -e "$asked" "http://127.0.0.1:$http/readyz"; }
until ready 2>/dev/null; do
  kill -0 "$pid" 2>/dev/null || { echo "the demo ended before it was ready" >&2; exit 1; }
  [ "$SECONDS" -lt 180 ] || { echo "the demo was not ready within 180 s" >&2; exit 1; }
  sleep 0.5
done

SOTAY_DEMO="$data/demo.json" CHROMIUM="$chromium" \
  node --test --test-reporter=tap --test-concurrency=2 tests/browser/*.test.mjs
