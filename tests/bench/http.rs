//! A client for the few requests that are not load: one connection each.

use crate::Result;
use std::net::{Ipv4Addr, SocketAddr};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpSocket, TcpStream},
};

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: String,
}

/// Sends a request from a loopback address of one's choosing and waits for the
/// whole answer. `head` is the request line and headers but for `Connection`.
pub async fn ask(from: Ipv4Addr, port: u16, head: &str, body: &str) -> Result<Answer> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from((from, 0)))?;
    let mut stream = socket.connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    let length = body.len();
    let request = format!("{head}\r\nConnection: close\r\nContent-Length: {length}\r\n\r\n{body}");
    stream.write_all(request.as_bytes()).await?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await?;
    let text = String::from_utf8_lossy(&bytes);
    let (head, body) = text.split_once("\r\n\r\n").ok_or("trả lời dở dang")?;
    let status = head.split(' ').nth(1).ok_or("trả lời không phải HTTP")?.parse()?;
    Ok(Answer { status, body: body.to_owned() })
}

/// What an answer says before its body.
pub struct Head {
    pub status: u16,
    /// Whether it says when to come back.
    pub told: bool,
}

/// A connection that is kept for the next request.
pub struct Connection {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Connection {
    pub async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, read: Vec::new() })
    }

    /// Sends a whole request and reads the whole answer, of which only the head is
    /// kept.
    pub async fn ask(&mut self, request: &[u8]) -> Result<Head> {
        self.stream.write_all(request).await?;
        self.read.clear();
        let (said, whole) = loop {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("kết nối bị đóng".into());
            }
            let Some(end) = self.read.windows(4).position(|four| four == b"\r\n\r\n") else {
                continue;
            };
            let head = std::str::from_utf8(&self.read[..end])?.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            let length: usize = length.ok_or("trả lời không nói độ dài")?.parse()?;
            let status = head.split(' ').nth(1).ok_or("trả lời không phải HTTP")?.parse()?;
            let told = head.lines().any(|line| line.starts_with("retry-after: "));
            break (Head { status, told }, end + 4 + length);
        };
        while self.read.len() < whole {
            if self.stream.read_buf(&mut self.read).await? == 0 {
                return Err("trả lời dở dang".into());
            }
        }
        Ok(said)
    }
}

/// A page or document of a tenant for somebody's bearer token.
pub async fn get(port: u16, tenant: &str, path: &str, token: &str) -> Result<Answer> {
    let head =
        format!("GET {path} HTTP/1.1\r\nHost: {tenant}.localhost\r\nAuthorization: Bearer {token}");
    ask(Ipv4Addr::LOCALHOST, port, &head, "").await
}

/// Whether a server says that it is.
pub async fn is_ready(port: u16) -> bool {
    let head = "GET /readyz HTTP/1.1\r\nHost: localhost";
    ask(Ipv4Addr::LOCALHOST, port, head, "").await.is_ok_and(|answer| answer.status == 200)
}
