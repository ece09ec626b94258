//! What goes into the store and what comes out of it.

use crate::Error;
use aws_sdk_s3::primitives::ByteStream;
use bytes::{Bytes, BytesMut};
use futures_util::Stream;
use std::{
    fmt, io,
    path::{Path, PathBuf},
    pin::Pin,
    task::{Context, Poll},
};

/// What to put. A file is streamed, so its size costs no memory.
#[derive(Debug, Clone)]
pub enum Content {
    /// A small object, in memory already.
    Bytes(Bytes),
    /// The whole of a local file, which must not change meanwhile.
    File(PathBuf),
}

impl From<Bytes> for Content {
    fn from(bytes: Bytes) -> Self {
        Self::Bytes(bytes)
    }
}

impl From<&Path> for Content {
    fn from(path: &Path) -> Self {
        Self::File(path.to_owned())
    }
}

/// Which part to get, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// From `first` to `last`, both included, or to the end.
    From {
        /// Counted from 0.
        first: u64,
        /// Beyond the end means the end.
        last: Option<u64>,
    },
    /// The last so many bytes.
    Last(u64),
}

/// As HTTP writes it: `bytes=0-99`, `bytes=100-`, `bytes=-50`.
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::From { first, last: Some(last) } => write!(f, "bytes={first}-{last}"),
            Self::From { first, last: None } => write!(f, "bytes={first}-"),
            Self::Last(length) => write!(f, "bytes=-{length}"),
        }
    }
}

/// An object, or the part of it that was asked for.
#[derive(Debug)]
pub struct Object {
    /// Its bytes, as they arrive.
    pub body: Body,
    /// How many bytes the body has.
    pub length: u64,
    /// The media type that it was put with.
    pub content_type: String,
    /// When a range was asked for: `bytes first-last/total`, to be passed on
    /// as the HTTP header `Content-Range`.
    pub content_range: Option<String>,
}

/// An object's bytes: a stream of chunks, none of them large.
#[derive(Debug)]
pub struct Body(pub(crate) ByteStream);

impl Body {
    /// All of it, in memory: for small objects.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the connection breaks.
    pub async fn collect(mut self) -> Result<Bytes, Error> {
        let mut all = BytesMut::new();
        while let Some(chunk) = self.0.next().await {
            let chunk = chunk.map_err(|error| Error::Unavailable(error.to_string()))?;
            all.extend_from_slice(&chunk);
        }
        Ok(all.freeze())
    }
}

impl Stream for Body {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut self.0)
            .poll_next(context)
            .map(|chunk| chunk.map(|bytes| bytes.map_err(io::Error::from)))
    }
}
