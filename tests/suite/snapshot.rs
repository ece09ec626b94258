//! A dump of a tenant's schema as a text that makes new ones quickly.

/// The dump, with what it says of schema and owner left out, and with keys
/// inside the tables they belong to: adding them later costs the server a fifth
/// more. A reference to a table that all tenants share stays at the end, because
/// from there on no other tenant can be made at the same time.
pub fn snapshot(dump: &str) -> String {
    let (mut tables, mut rest) = (Vec::new(), Vec::new());
    for statement in statements(dump) {
        if statement.starts_with("CREATE TABLE ") {
            tables.push(Table::new(&statement));
            continue;
        }
        let key = statement.strip_prefix("ALTER TABLE ONLY ").and_then(|of| {
            let (table, key) = of.strip_suffix(';')?.split_once("\n    ADD CONSTRAINT ")?;
            if key.contains(" REFERENCES platform.") {
                return None;
            }
            let table = tables.iter_mut().find(|known: &&mut Table| known.name == table)?;
            table.keys.push(format!("    CONSTRAINT {key}"));
            Some(())
        });
        if key.is_none() {
            rest.push(statement);
        }
    }
    let mut text = format!(
        "-- version: {}\n-- Made from migrations/tenant by `make snapshot`; do not edit.\n",
        tenancy::migrations::tenant_count()
    );
    // Whom a table refers to comes before it.
    let mut made: Vec<String> = Vec::new();
    while !tables.is_empty() {
        let next = tables
            .iter()
            .position(|table| table.needs().all(|other| made.iter().any(|name| name == other)))
            .expect("tables refer to one another in a circle: leave one reference outside");
        let table = tables.remove(next);
        text += &table.text();
        made.push(table.name);
    }
    for statement in rest {
        text += &statement;
        text.push('\n');
    }
    text
}

struct Table {
    name: String,
    columns: Vec<String>,
    keys: Vec<String>,
}

impl Table {
    fn new(statement: &str) -> Self {
        let mut lines = statement.lines();
        let name = lines.next().unwrap().trim_start_matches("CREATE TABLE ");
        let columns = lines.filter(|line| *line != ");");
        Self {
            name: name.trim_end_matches(" (").into(),
            columns: columns.map(|line| line.trim_end_matches(',').into()).collect(),
            keys: Vec::new(),
        }
    }

    /// The other tables of the schema that it refers to.
    fn needs(&self) -> impl Iterator<Item = &str> {
        self.keys
            .iter()
            .filter_map(|key| key.split_once(" REFERENCES ")?.1.split('(').next())
            .filter(|other| *other != self.name)
    }

    fn text(&self) -> String {
        let lines: Vec<&str> = self.columns.iter().chain(&self.keys).map(String::as_str).collect();
        format!("CREATE TABLE {} (\n{}\n);\n", self.name, lines.join(",\n"))
    }
}

fn statements(dump: &str) -> Vec<String> {
    let mut statements = Vec::new();
    let mut statement = String::new();
    for line in dump.lines() {
        // The owner has the schema's name.
        statement += &line.replace("SCHEMA.", "").replace(" SCHEMA;", " CURRENT_USER;");
        if line.ends_with(';') {
            statements.push(std::mem::take(&mut statement));
        } else {
            statement.push('\n');
        }
    }
    statements.retain(|statement| {
        !["SET ", "SELECT pg_catalog.set_config", "CREATE SCHEMA"]
            .iter()
            .any(|setting| statement.starts_with(setting))
    });
    statements
}
