//! Bodies on their way in and out, with an eye on the peer's pace.

use super::pulse::Exchange;
use axum::body::{Body, Bytes};
use hyper::body::{Body as HttpBody, Frame, Incoming, SizeHint};
use std::{
    error::Error,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::time::{Instant, Sleep, sleep};

/// So much of a request's body must come in each stretch of waiting.
const STRIDE: usize = 4 * 1024;
/// An answer leaves in pieces of at most this size, so that a peer's progress
/// shows, and little of it lies in buffers.
const PIECE: usize = 16 * 1024;

/// A request's body, cut off when it stalls.
pub(super) struct Arriving {
    inner: Incoming,
    patience: Duration,
    timer: Pin<Box<Sleep>>,
    /// Bytes since the timer was set.
    come: usize,
    /// Since when it is the reader who is waited for.
    unasked: Option<Instant>,
    stalled: Arc<AtomicBool>,
}

impl Arriving {
    /// `stalled` turns true when the body is cut off.
    pub(super) fn wrap(inner: Incoming, patience: Duration, stalled: Arc<AtomicBool>) -> Body {
        if inner.is_end_stream() {
            return Body::empty();
        }
        let timer = Box::pin(sleep(patience));
        let unasked = Some(Instant::now());
        Body::new(Self { inner, patience, timer, come: 0, unasked, stalled })
    }
}

impl HttpBody for Arriving {
    type Data = Bytes;
    type Error = Box<dyn Error + Send + Sync>;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let this = &mut *self;
        if let Some(since) = this.unasked.take() {
            let deadline = this.timer.deadline() + since.elapsed();
            this.timer.as_mut().reset(deadline);
        }
        if let Poll::Ready(frame) = Pin::new(&mut this.inner).poll_frame(cx) {
            let now = Instant::now();
            this.unasked = Some(now);
            if let Some(Ok(frame)) = &frame {
                this.come += frame.data_ref().map_or(0, Bytes::len);
                if this.come >= STRIDE {
                    this.come = 0;
                    this.timer.as_mut().reset(now + this.patience);
                }
            }
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        ready!(this.timer.as_mut().poll(cx));
        this.stalled.store(true, Ordering::Relaxed);
        Poll::Ready(Some(Err("the body came too slowly".into())))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// An answer's body. Tells the connection's pulse when a piece waits for the
/// peer, and when the last is gone.
pub(super) struct Leaving {
    inner: Body,
    rest: Bytes,
    exchange: Exchange,
}

impl Leaving {
    pub(super) fn new(inner: Body, exchange: Exchange) -> Self {
        Self { inner, rest: Bytes::new(), exchange }
    }
}

impl HttpBody for Leaving {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        this.exchange.taken();
        if this.rest.is_empty() {
            match ready!(Pin::new(&mut this.inner).poll_frame(cx)) {
                Some(Ok(frame)) => match frame.into_data() {
                    Ok(data) => this.rest = data,
                    Err(trailers) => return Poll::Ready(Some(Ok(trailers))),
                },
                end => return Poll::Ready(end),
            }
        }
        let piece = this.rest.split_to(this.rest.len().min(PIECE));
        this.exchange.offered();
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        let waiting = self.rest.len() as u64;
        let inner = self.inner.size_hint();
        let mut hint = SizeHint::new();
        hint.set_lower(inner.lower() + waiting);
        if let Some(upper) = inner.upper() {
            hint.set_upper(upper + waiting);
        }
        hint
    }
}

#[cfg(test)]
mod tests {
    use super::{Leaving, PIECE};
    use crate::listen::pulse::Pulse;
    use axum::body::Body;
    use http_body_util::BodyExt as _;
    use hyper::body::Body as _;

    #[tokio::test]
    async fn an_answer_leaves_whole_and_in_pieces() {
        let text = vec![7; 3 * PIECE + 5];
        let mut body = Leaving::new(Body::from(text.clone()), Pulse::new().exchange());
        let mut left = Vec::new();
        while let Some(frame) = body.frame().await {
            let data = frame.unwrap().into_data().unwrap();
            assert!(data.len() <= PIECE);
            left.extend_from_slice(&data);
            let known = body.size_hint().exact().unwrap();
            assert_eq!(known, (text.len() - left.len()) as u64);
        }
        assert!(left == text && body.is_end_stream());
    }
}
