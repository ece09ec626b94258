# Two commands: `make run` and `make test`. The rest is for whoever changes the
# project; CONTRIBUTING.md says when.

DATA ?= .data
HTTP_PORT ?= 8080
HTTPS_PORT ?= 8443
CACHE := $(CURDIR)/.cache

export SOTAY_POSTGRES := $(CACHE)/postgresql-18.6.3
# Queries are checked against the committed descriptions in .sqlx.
export SQLX_OFFLINE := true

.PHONY: run test bench postgres browser assets snapshot sqlx fmt lint check-tools

run: export SOTAY__HTTP__PORT := $(HTTP_PORT)
run: export SOTAY__HTTPS__PORT := $(HTTPS_PORT)
run: check-tools postgres
	@cargo build --quiet --bin sotay
	@exec target/debug/sotay --data '$(DATA)' demo run

test: check-tools postgres browser
	@deploy/test.sh

# Ratios, in a table and in target/bench/latest.json; `make bench PARTS=lists`
# measures one part (see tests/bench/main.rs).
bench: check-tools postgres
	@deploy/bench.sh $(PARTS)

postgres:
	@python3 deploy/embedded/fetch-postgres.py '$(CACHE)'

# Chromium for the browser tests, when it is missing and can be installed.
browser:
	@tests/browser/prepare.sh

check-tools:
	@for tool in cargo python3 node; do \
	  command -v $$tool >/dev/null || { echo "Thiếu $$tool: hãy cài $$tool rồi chạy lại." >&2; exit 1; }; \
	done

assets:
	cd services/kit/web/frontend && npm ci && npm run build

# The schema of new tenants, made anew from the migrations.
snapshot: postgres
	UPDATE_SNAPSHOT=1 cargo test --quiet --test suite the_snapshot_equals

# The descriptions of all queries, made anew against a fresh database.
sqlx: postgres
	deploy/sqlx.sh

fmt:
	cargo fmt --all

lint:
	cargo clippy --workspace --all-targets -- -D warnings
