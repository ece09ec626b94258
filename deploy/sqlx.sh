#!/usr/bin/env bash
# Describes every query anew in .sqlx, against a fresh database with the
# schema of the migrations. Usage: deploy/sqlx.sh [cargo arguments]
set -euo pipefail
cd "$(dirname "$0")/.."
bin=$PWD/.cache/postgresql-18.6.3/bin
work=$(mktemp -d /tmp/sotay-sqlx.XXXXXX)
as=()
if [ "$(id -u)" = 0 ]; then
  # The server refuses to be root.
  chown 65534:65534 "$work"
  as=(setpriv --reuid=65534 --regid=65534 --clear-groups)
fi
stop() {
  "${as[@]}" "$bin/pg_ctl" -D "$work/data" -m immediate stop >/dev/null 2>&1 || true
  rm -rf "$work"
}
trap stop EXIT

"${as[@]}" "$bin/initdb" -D "$work/data" -U postgres --auth=trust --encoding=UTF8 \
  --locale-provider=builtin --builtin-locale=C.UTF-8 --no-sync >/dev/null
"${as[@]}" "$bin/pg_ctl" -D "$work/data" -l "$work/log" -w start \
  -o "-c listen_addresses= -c unix_socket_directories=$work -c fsync=off" >/dev/null
sql() { "$bin/psql" -qX -h "$work" -U "$1" -d "$2" -v ON_ERROR_STOP=1 "${@:3}"; }
sql postgres postgres -c 'CREATE ROLE describer SUPERUSER LOGIN' -c 'CREATE ROLE sotay_tenant' \
  -c 'CREATE ROLE sotay_national' -c 'CREATE DATABASE describer'
sql postgres describer -c 'CREATE SCHEMA platform; CREATE SCHEMA ext; CREATE SCHEMA tn_describer;
  CREATE EXTENSION pg_trgm SCHEMA ext; ALTER ROLE describer SET search_path = tn_describer, ext;
  CREATE TABLE platform.schema_migration (version integer PRIMARY KEY, checksum text NOT NULL,
    at timestamptz NOT NULL DEFAULT now());'
for file in migrations/platform/*.sql migrations/tenant/*.sql; do sql describer describer -f "$file"; done

mkdir -p .sqlx
rm -f .sqlx/query-*.json
# Crates with queries have to be expanded again to describe them.
grep -rlE 'query(_as|_scalar)?!' --include='*.rs' services | xargs touch
DATABASE_URL="postgres://describer@localhost/describer?host=$work" SQLX_OFFLINE=false \
  SQLX_OFFLINE_DIR="$PWD/.sqlx" cargo check --workspace --all-targets "$@"
echo "$(find .sqlx -name 'query-*.json' | wc -l) queries described in .sqlx"
