//! What a tenant's schema must keep to, so that it runs on one server, on
//! several, and on Citus with a schema as a shard.

use crate::{
    app::{cluster, tenant_file},
    run,
};
use std::{fs, path::Path};

/// Looked up in what the migrations have made, so that no spelling escapes.
const RULES: [(&str, &str); 8] = [
    (
        "enumerations, domains and ranges: drivers cache their identifiers by name",
        "SELECT t.typname::text FROM pg_type t WHERE t.typnamespace = $1::regnamespace
         AND t.typtype IN ('e', 'd', 'r', 'm')",
    ),
    (
        "composite types that are no table",
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'c'",
    ),
    (
        "columns of a type that is not the server's own",
        "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         JOIN pg_type t ON t.oid = a.atttypid
         WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND a.attnum > 0
           AND t.typnamespace <> 'pg_catalog'::regnamespace",
    ),
    (
        "tables from elsewhere, views, partitions: only tables, indexes and sequences are sharded",
        "SELECT c.relname::text FROM pg_class c WHERE c.relnamespace = $1::regnamespace
         AND c.relkind NOT IN ('r', 'i', 'S')",
    ),
    (
        "inheritance",
        "SELECT c.relname::text FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE c.relnamespace = $1::regnamespace",
    ),
    (
        "references out of the schema, but to the platform's reference tables",
        "SELECT k.conname || ' -> ' || k.confrelid::regclass FROM pg_constraint k
         WHERE k.connamespace = $1::regnamespace AND k.contype = 'f'
           AND (SELECT relnamespace FROM pg_class WHERE oid = k.confrelid) <> $1::regnamespace
           AND k.confrelid <> 'platform.document_kind'::regclass",
    ),
    (
        "functions, and triggers of ours",
        "SELECT p.proname::text FROM pg_proc p WHERE p.pronamespace = $1::regnamespace
         UNION ALL
         SELECT t.tgname::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
         WHERE c.relnamespace = $1::regnamespace AND NOT t.tgisinternal",
    ),
    (
        "keys that a server counts up: they are made by us, in order of time",
        "SELECT c.relname || '.' || a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
         LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
         WHERE c.relnamespace = $1::regnamespace AND c.relkind = 'r' AND a.attnum > 0
           AND (a.attidentity <> '' OR pg_get_expr(d.adbin, d.adrelid) LIKE 'nextval%')",
    ),
];

#[test]
fn a_tenants_schema_keeps_to_what_every_placement_can_do() {
    run(async {
        let database = cluster().await.empty().await;
        let provisioner = database.provisioner();
        provisioner.migrate_platform().await.unwrap();
        provisioner.apply(&tenant_file("luat", "province")).await.unwrap();
        let mut own = database.connect("tn_luat").await.unwrap();
        for (rule, sql) in RULES {
            let found: Vec<String> = sqlx::query_scalar(sql)
                .bind("tn_luat")
                .fetch_all(&mut own)
                .await
                .unwrap_or_else(|e| panic!("{rule}: {e}"));
            assert!(found.is_empty(), "no {rule}; found {found:?}");
        }
    });
}

/// What the result of a migration does not show.
#[test]
fn migrations_expand_and_never_change_a_column_in_place() {
    for migration in tenancy::migrations::tenant() {
        let sql: String = migration
            .sql
            .lines()
            .map(|line| line.split("--").next().unwrap_or_default())
            .collect::<Vec<_>>()
            .join(" ")
            .to_lowercase();
        for forbidden in [
            " rename ",
            " concurrently ",
            " set role ",
            " tn_",
            "public.",
            "listen ",
            "pg_advisory",
        ] {
            assert!(!sql.contains(forbidden), "{}: {forbidden}", migration.name);
        }
        for statement in sql.split(';').filter(|statement| statement.contains("alter table")) {
            let retyped = statement.split_whitespace().any(|word| word == "type");
            assert!(!retyped, "{}: a column's type changes in place", migration.name);
        }
    }
}

fn sources(folder: &Path, found: &mut Vec<(String, String)>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push((path.display().to_string(), fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn queries_name_their_columns_and_no_tenant() {
    let mut files = Vec::new();
    sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../services"), &mut files);
    assert!(files.len() > 100);
    for (path, text) in files {
        for forbidden in ["SELECT *", "RETURNING *", "FROM tn_", "JOIN tn_"] {
            assert!(!text.contains(forbidden), "{path}: {forbidden}");
        }
    }
}
