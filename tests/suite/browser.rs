//! A browser without a screen, and a program with a token: both talk to the
//! gateway in process.

use axum::body::Body;
use gateway::{Door, Peer, listen::Answer as _};
use http::{
    HeaderMap, Method, Request,
    header::{self, HeaderName},
};
use http_body_util::BodyExt as _;
use std::{collections::BTreeMap, net::IpAddr};

/// What came back.
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub bytes: Vec<u8>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{e}: {}", self.body))
    }

    pub fn location(&self) -> &str {
        self.headers.get(header::LOCATION).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether a text is in the page.
    pub fn shows(&self, text: &str) -> bool {
        self.body.contains(text)
    }

    /// The rows of a spreadsheet.
    pub fn rows(&self) -> Vec<Vec<String>> {
        assert_eq!(self.status, 200, "{}", self.body);
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), &self.bytes).unwrap();
        let rows = render::sheet::read::Reader::open(file.path()).unwrap();
        rows.map(|row| row.unwrap().cells).collect()
    }
}

/// Keeps cookies and the token of the last form.
pub struct Browser {
    door: Door,
    pub host: String,
    pub cookies: BTreeMap<String, String>,
    pub csrf: String,
    pub bearer: Option<String>,
    pub peer: IpAddr,
    pub secure: bool,
}

impl Browser {
    pub fn new(door: Door, tenant: &str) -> Self {
        Self {
            door,
            host: format!("{tenant}.localhost"),
            cookies: BTreeMap::new(),
            csrf: String::new(),
            bearer: None,
            peer: IpAddr::from([127, 0, 0, 1]),
            secure: false,
        }
    }

    pub async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap()).await
    }

    /// Asks with a header of one's own.
    pub async fn get_with(&mut self, path: &str, name: HeaderName, value: &str) -> Answer {
        let request = self.request(Method::GET, path).header(name, value);
        self.send(request.body(Body::empty()).unwrap()).await
    }

    /// The JSON face, of the API with a token and of the page with a session.
    pub async fn data(&mut self, path: &str) -> Answer {
        if self.bearer.is_some() {
            return self.get(&format!("/api/v1{path}")).await;
        }
        self.get_with(path, header::ACCEPT, "application/json").await
    }

    /// Sends a form with the token of the last page.
    pub async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut form = format!("csrf={}", encode(&self.csrf));
        for (name, value) in fields {
            form = format!("{form}&{}={}", encode(name), encode(value));
        }
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(form))
            .unwrap();
        self.send(request).await
    }

    pub async fn post_json(&mut self, path: &str, value: &serde_json::Value) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, "application/json")
            .body(Body::from(value.to_string()))
            .unwrap();
        self.send(request).await
    }

    /// Sends a form with a file.
    pub async fn upload(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        file_name: &str,
        file: &[u8],
    ) -> Answer {
        const LINE: &str = "----a-line-that-no-file-holds";
        let mut body = Vec::new();
        let csrf = self.csrf.clone();
        for (name, value) in std::iter::once(&("csrf", csrf.as_str())).chain(fields) {
            body.extend_from_slice(
                format!(
                    "--{LINE}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
                )
                .as_bytes(),
            );
        }
        body.extend_from_slice(
            format!("--{LINE}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"{file_name}\"\r\nContent-Type: application/octet-stream\r\n\r\n").as_bytes(),
        );
        body.extend_from_slice(file);
        body.extend_from_slice(format!("\r\n--{LINE}--\r\n").as_bytes());
        let request = self
            .request(Method::POST, path)
            .header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={LINE}"))
            .header(header::CONTENT_LENGTH, body.len())
            .body(Body::from(body))
            .unwrap();
        self.send(request).await
    }

    /// A request with this browser's cookies or token, still to be given a body.
    pub fn request(&self, method: Method, path: &str) -> http::request::Builder {
        let mut request =
            Request::builder().method(method).uri(path).header(header::HOST, &self.host);
        if let Some(token) = &self.bearer {
            request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        }
        if !self.cookies.is_empty() {
            let cookies: Vec<String> =
                self.cookies.iter().map(|(k, v)| format!("{k}={v}")).collect();
            request = request.header(header::COOKIE, cookies.join("; "));
        }
        request
    }

    pub async fn send(&mut self, request: Request<Body>) -> Answer {
        let peer = Peer { address: self.peer, secure: self.secure };
        // A scenario is one large future on a small stack.
        let response = Box::pin(self.door.clone().answer(request, peer)).await;
        let (parts, body) = response.into_parts();
        for cookie in parts.headers.get_all(header::SET_COOKIE) {
            let text = cookie.to_str().unwrap();
            let (pair, attributes) = text.split_once(';').unwrap();
            let (name, value) = pair.split_once('=').unwrap();
            if attributes.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.into(), value.into());
            }
        }
        let bytes = body.collect().await.map(|b| b.to_bytes().to_vec()).unwrap_or_default();
        let body = String::from_utf8_lossy(&bytes).into_owned();
        if let Some(token) =
            body.split("name=\"csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next())
        {
            token.clone_into(&mut self.csrf);
        }
        Answer { status: parts.status.as_u16(), headers: parts.headers, bytes, body }
    }
}

fn encode(text: &str) -> String {
    web::percent_encoded(text)
}
