//! Who may do what, decided by casbin.
//!
//! The policy is static (roles and operations), what differs between people
//! are their grants, which come with the session. So casbin is asked once, at
//! start, what each role may do, and its answers are kept in a table: a decision
//! costs a look-up, no query and no script.

use casbin::{CoreApi as _, DefaultModel, Enforcer, RbacApi as _, StringAdapter};
use kernel::{Actor, Error, OrgPath, Role};
use std::collections::{BTreeMap, BTreeSet, HashMap};

const MODEL: &str = "
[request_definition]
r = role, operation

[policy_definition]
p = role, operation

[role_definition]
g = _, _

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.operation == p.operation && g(r.role, p.role)
";

/// Everybody may do what nobody in particular may do.
const INHERITANCE: &str = "
g, member, anyone
g, secretary, anyone
g, committee, anyone
g, editor, anyone
g, tenant_admin, anyone
g, auditor, anyone
g, reviewer, anyone
g, operator, anyone
";

/// casbin's answers for every role and operation.
#[derive(Clone, Debug)]
pub struct Policy {
    allowed: HashMap<String, BTreeSet<Role>>,
}

impl Policy {
    /// Asks casbin about each operation. `policies` are lines `p, role, operation`.
    ///
    /// # Errors
    /// When a policy does not parse, names an operation that does not exist, or
    /// leaves an operation to nobody.
    pub async fn compile(policies: &[&str], operations: &[&str]) -> Result<Self, Error> {
        for line in policies.iter().flat_map(|text| text.lines()) {
            let Some(operation) = line.strip_prefix("p,").and_then(|l| l.split(',').nth(1)) else {
                continue;
            };
            if !operations.contains(&operation.trim()) {
                return Err(Error::internal(format!(
                    "the policy names «{}», which no route does",
                    operation.trim()
                )));
            }
        }
        let text = format!("{}\n{INHERITANCE}", policies.join("\n"));
        let lines: Vec<&str> =
            text.lines().filter(|l| !l.trim().is_empty() && !l.starts_with('#')).collect();
        let model = DefaultModel::from_str(MODEL).await?;
        let enforcer = Enforcer::new(model, StringAdapter::new(lines.join("\n"))).await?;
        let mut allowed: HashMap<String, BTreeSet<Role>> = HashMap::new();
        // A role's permissions, inherited ones included, as a list: asking about
        // every pair instead runs the matcher over every line each time, which
        // took 60 ms of whatever the program was started for.
        for role in Role::ALL {
            for permission in enforcer.get_implicit_permissions_for_user(role.name(), None) {
                let operation = permission.into_iter().nth(1).unwrap_or_default();
                allowed.entry(operation).or_default().insert(role);
            }
        }
        if let Some(operation) = operations.iter().find(|name| !allowed.contains_key(**name)) {
            return Err(Error::internal(format!(
                "no role may do «{operation}»; the policy lacks a line"
            )));
        }
        Ok(Self { allowed })
    }

    /// Whether a role may do an operation, somewhere.
    #[must_use]
    pub fn allows(&self, role: Role, operation: &str) -> bool {
        self.allowed.get(operation).is_some_and(|roles| roles.contains(&role))
    }

    /// Whether somebody may do an operation anywhere at all.
    #[must_use]
    pub fn admits(&self, actor: Option<&Actor>, operation: &str) -> bool {
        self.allows(Role::Anyone, operation)
            || actor.is_some_and(|actor| self.scopes(actor, operation).next().is_some())
    }

    /// Where somebody may do an operation: there and on all below.
    pub fn scopes<'a>(
        &'a self,
        actor: &'a Actor,
        operation: &'a str,
    ) -> impl Iterator<Item = &'a OrgPath> {
        actor
            .grants
            .iter()
            .filter(|grant| self.allows(grant.role, operation))
            .map(|grant| &grant.scope)
    }

    /// The whole matrix, for review: operation → roles.
    #[must_use]
    pub fn matrix(&self) -> BTreeMap<&str, Vec<&'static str>> {
        self.allowed
            .iter()
            .map(|(operation, roles)| {
                (operation.as_str(), roles.iter().map(|r| r.name()).collect())
            })
            .collect()
    }
}
