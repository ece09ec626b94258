//! What an operation costs, as its own description says: `x-budget` in its
//! `#[utoipa::path]`, read from the description of the API. So the gateway
//! knows before any service sees the request, in whichever process it lives.

use http::Method;
use utoipa::openapi::{OpenApi, path::Operation};

/// Whether a method only reads: whoever answers GET answers HEAD, at the same
/// cost.
pub(crate) fn reads(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD)
}

/// Which budget a request draws on, besides its principal's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Budget {
    /// Most requests.
    Plain,
    /// `sign_in`: a password or a code is tried, which costs a hash.
    SignIn,
    /// `transfer`: a file comes in or is made, which takes its time.
    Transfer,
    /// `shared`: what arrives together is done in one go, so each waits for the
    /// others and takes hardly anything for itself.
    Shared,
    /// `static`: the page is the same for every visitor and reads nothing.
    Static,
}

impl Budget {
    fn named(name: &str) -> Option<Self> {
        match name {
            "sign_in" => Some(Self::SignIn),
            "transfer" => Some(Self::Transfer),
            "shared" => Some(Self::Shared),
            "static" => Some(Self::Static),
            _ => None,
        }
    }
}

/// The operations that are not plain.
pub(crate) struct Budgets(Vec<(Method, Vec<String>, Budget)>);

impl Budgets {
    /// From the description of all operations.
    ///
    /// # Errors
    /// The name of an operation whose `x-budget` does not exist.
    pub(crate) fn of(api: &OpenApi) -> Result<Self, String> {
        let mut known = Vec::new();
        for (path, item) in &api.paths.paths {
            for (method, operation) in [(Method::GET, &item.get), (Method::POST, &item.post)] {
                let Some((operation, name)) =
                    operation.as_ref().and_then(|operation| Some((operation, said(operation)?)))
                else {
                    continue;
                };
                let budget = Budget::named(name).ok_or_else(|| {
                    format!("{:?} has the unknown budget «{name}»", operation.operation_id)
                })?;
                known.push((method, path.split('/').map(Into::into).collect(), budget));
            }
        }
        Ok(Self(known))
    }

    /// The budget of a request, by its path without the API's prefix.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Budget {
        let method = if reads(method) { &Method::GET } else { method };
        let fits = |pattern: &[String]| {
            let mut parts = path.split('/');
            pattern.iter().all(|known| {
                parts.next().is_some_and(|part| known.starts_with('{') || known == part)
            }) && parts.next().is_none()
        };
        self.0
            .iter()
            .find(|(known, pattern, _)| known == method && fits(pattern))
            .map_or(Budget::Plain, |(_, _, budget)| *budget)
    }
}

fn said(operation: &Operation) -> Option<&str> {
    operation.extensions.as_ref()?.get("x-budget")?.as_str()
}

#[cfg(test)]
mod tests {
    use super::{Budget, Budgets};
    use http::Method;

    fn budgets(name: &str) -> Result<Budgets, String> {
        let api = format!(
            r#"{{"openapi": "3.1.0", "info": {{"title": "x", "version": "1"}}, "paths": {{
                "/documents": {{"get": {{"responses": {{}}}},
                    "post": {{"responses": {{}}, "x-budget": "transfer"}}}},
                "/roster/{{id}}/problems.xlsx": {{"get": {{"responses": {{}}, "x-budget": "{name}"}}}}}}}}"#
        );
        Budgets::of(&utoipa::openapi::OpenApi::clone(&serde_json::from_str(&api).unwrap()))
    }

    #[test]
    fn an_operation_says_what_it_costs() {
        let budgets = budgets("transfer").unwrap();
        let find = |method: Method, path| budgets.find(&method, path);
        assert_eq!(find(Method::POST, "/documents"), Budget::Transfer);
        assert_eq!(find(Method::GET, "/documents"), Budget::Plain);
        assert_eq!(find(Method::GET, "/roster/7/problems.xlsx"), Budget::Transfer);
        assert_eq!(find(Method::HEAD, "/roster/7/problems.xlsx"), Budget::Transfer);
        assert_eq!(find(Method::HEAD, "/documents"), Budget::Plain);
        assert_eq!(find(Method::GET, "/roster/7/problems.xlsx/"), Budget::Plain);
        assert_eq!(find(Method::GET, "/roster/7"), Budget::Plain);
    }

    #[test]
    fn a_budget_that_does_not_exist_stops_the_start() {
        assert!(budgets("tranfser").err().unwrap().contains("tranfser"));
    }
}
