#!/usr/bin/env bash
# `make test`: units, scenarios, browser. Says at the end what it counted.
set -uo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
failed=0
cargo test --workspace --all-targets --no-fail-fast 2>&1 | tee "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1
# The same scenarios with each service behind a socket of its own; in those that
# cut connections to the database the server is one process in either case.
SUITE_ROLES=apart cargo test --workspace --test suite --no-fail-fast -- --skip faults::killed 2>&1 | tee -a "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1
SUITE_ROLES=apart cargo test --workspace --test telemetry --no-fail-fast -- telemetry_canary 2>&1 | tee -a "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1
cargo test --workspace --doc 2>&1 | tee -a "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1
tests/browser/run.sh 2>&1 | tee -a "$log"
[ "${PIPESTATUS[0]}" = 0 ] || failed=1

passed=$(awk '/^test result:/ { n += $4 } END { print n + 0 }' "$log")
lost=$(awk '/^test result:/ { n += $6 } END { print n + 0 }' "$log")
browser=$(awk '/^# pass / { n += $3 } END { print n + 0 }' "$log")
broken=$(awk '/^# fail / { n += $3 } END { print n + 0 }' "$log")
echo
echo "rust: $passed passed, $lost failed; browser: $browser passed, $broken failed"
grep -q '^SKIPPED' "$log" && grep '^SKIPPED' "$log"
echo "$((passed + browser)) passed, $((lost + broken)) failed"
exit $failed
