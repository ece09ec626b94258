//! What is accepted: for each writing operation somebody who may do it, what it
//! is done to, and a form in which every line that people write holds what
//! belongs to nobody else.

mod directory;
mod services;

use super::{CARD, NAME, PHONE, SECRET, TENANT, TOKEN};
use crate::{app::TestApp, browser::Browser};
use serde_json::Value;
use std::collections::BTreeMap;
use web::Face;

const TODAY: &str = "03/11/2026";
const RESOLUTION: &[u8] =
    include_bytes!("../../../services/sotay/demo/documents/01-nq-tu-chuyen-doi-so.pdf");

/// A form that is going to be accepted.
pub struct Form {
    /// Somebody of the suite's people; nobody yet when empty.
    pub who: &'static str,
    /// What stands in the address.
    pub id: String,
    pub fields: BTreeMap<&'static str, String>,
    /// Its name and its bytes.
    pub file: Option<(String, Vec<u8>)>,
}

impl Form {
    fn of(who: &'static str) -> Self {
        Self { who, id: String::new(), fields: BTreeMap::new(), file: None }
    }

    fn at(self, id: String) -> Self {
        Self { id, ..self }
    }

    fn with<const N: usize>(self, fields: [(&'static str, &str); N]) -> Self {
        let fields = fields.map(|(name, value)| (name, value.to_owned()));
        Self { fields: fields.into(), ..self }
    }

    fn file(self, name: &str, bytes: Vec<u8>) -> Self {
        Self { file: Some((name.to_owned(), bytes)), ..self }
    }
}

/// The province, and who has signed in there.
pub struct Scene<'a> {
    pub app: &'a TestApp,
    /// Every token, cookie and code that came up.
    pub secrets: Vec<String>,
    browsers: BTreeMap<(&'static str, bool), Browser>,
    turn: u32,
}

impl<'a> Scene<'a> {
    pub fn new(app: &'a TestApp) -> Self {
        // Documents' numbers have two digits at least.
        Self { app, secrets: Vec::new(), browsers: BTreeMap::new(), turn: 10 }
    }

    /// A form that this operation accepts; nothing for one that is not known here.
    pub async fn form(&mut self, operation: &str) -> Option<Form> {
        match Box::pin(directory::form(self, operation)).await {
            None => Box::pin(services::form(self, operation)).await,
            form => form,
        }
    }

    /// Somebody's browser or program, to be [kept](Self::keep) afterwards.
    pub async fn browser(&mut self, who: &'static str, face: Face) -> Browser {
        if let Some(known) = self.browsers.remove(&(who, face == Face::Html)) {
            return known;
        }
        let mut browser = match (who, face) {
            ("", _) => self.app.visitor(TENANT),
            (_, Face::Html) => self.app.browser(TENANT, who).await,
            (_, Face::Json) => self.app.program(TENANT, who).await,
        };
        if face == Face::Html {
            browser.cookies.insert("last".into(), TOKEN.into());
            browser.get(if who.is_empty() { "/sign-in" } else { "/account" }).await;
            self.secrets.push(browser.csrf.clone());
        }
        browser
    }

    pub fn keep(&mut self, who: &'static str, face: Face, browser: Browser) {
        let cookies = browser.cookies.iter().filter(|(name, _)| *name != "last");
        self.secrets.extend(cookies.map(|(_, value)| value.clone()).chain(browser.bearer.clone()));
        if !who.is_empty() {
            self.browsers.insert((who, face == Face::Html), browser);
        }
    }

    /// Does what another operation needs to be done before: the answer.
    async fn made(&mut self, path: &str, form: Form) -> Value {
        let mut program = self.browser(form.who, Face::Json).await;
        let path = format!("/api/v1{path}");
        let answer = match &form.file {
            None => program.post_json(&path, &serde_json::json!(form.fields)).await,
            Some((name, bytes)) => {
                let fields: Vec<(&str, &str)> =
                    form.fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
                program.upload(&path, &fields, name, bytes).await
            }
        };
        assert!(matches!(answer.status, 200 | 201), "{path}: {}", answer.body);
        self.keep(form.who, Face::Json, program);
        let made = answer.json();
        self.secrets.extend(made["token"].as_str().map(ToOwned::to_owned));
        made
    }

    /// What somebody reads.
    async fn read(&mut self, who: &'static str, path: &str) -> String {
        let mut program = self.browser(who, Face::Json).await;
        let answer = program.get(&format!("/api/v1{path}")).await;
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        self.keep(who, Face::Json, program);
        answer.body
    }

    /// A number that was not there before.
    fn next(&mut self) -> u32 {
        self.turn += 1;
        self.turn
    }

    /// A line that was not there before.
    fn text(&mut self) -> String {
        format!("{NAME} {PHONE} {CARD} {SECRET} {TOKEN} {}", self.next())
    }
}

fn id(made: &Value) -> String {
    made["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
}
