//! One request and its answer on a connection to a service, by `h2` itself;
//! CONTRIBUTING says why.

use super::connections::Connection;
use axum::{
    body::{Body, Bytes},
    extract::Request,
    response::Response,
};
use h2::{Reason, RecvStream, SendStream};
use http_body::{Body as _, Frame};
use http_body_util::BodyExt as _;
use std::{
    future::poll_fn,
    pin::Pin,
    task::{Context, Poll, ready},
};
use tokio_util::task::AbortOnDropHandle;

/// Why there is no answer.
pub(super) enum Lost {
    /// The request never left, and its body is where it was.
    Unsent(String),
    /// Nobody knows whether it was carried out.
    Unknown(String),
}

/// Sends a request with its body, which is taken as soon as the request has left,
/// and waits for the answer. Whoever waits no longer, or reads the answer no
/// further, stops the service as well.
pub(super) async fn exchange(
    mut connection: Connection,
    head: Request<()>,
    body: &mut Option<Body>,
) -> Result<Response, Lost> {
    let sent = connection.sender.send_request(head, body.is_none());
    let (answer, stream) = sent.map_err(|error| Lost::Unsent(error.to_string()))?;
    let feeding = body.take().map(|body| AbortOnDropHandle::new(tokio::spawn(feed(stream, body))));
    let answer = answer.await.map_err(|error| Lost::Unknown(error.to_string()))?;
    Ok(answer
        .map(|stream| Body::new(Answer { stream, _feeding: feeding, _connection: connection })))
}

/// Sends a body as fast as the service takes it, until it wants no more.
async fn feed(mut stream: SendStream<Bytes>, mut body: Body) {
    while !body.is_end_stream() {
        let frame = tokio::select! {
            biased;
            _ = poll_fn(|context| stream.poll_reset(context)) => return,
            frame = body.frame() => frame,
        };
        match frame {
            None => break,
            // What came is not the whole: the service must not take it for that.
            Some(Err(_)) => return stream.send_reset(Reason::CANCEL),
            // Nothing but data: no service asks for trailers.
            Some(Ok(frame)) => {
                let data = frame.into_data().unwrap_or_default();
                if !data.is_empty() && !send(&mut stream, data).await {
                    return;
                }
            }
        }
    }
    // Nobody is left to be told that the stream has ended in the meantime.
    let _ = stream.send_data(Bytes::new(), true);
}

/// Sends some of a body once there is any room for it, so that no more than this
/// piece waits here; false when the stream has ended.
async fn send(stream: &mut SendStream<Bytes>, data: Bytes) -> bool {
    stream.reserve_capacity(1);
    while stream.capacity() == 0 {
        let Some(Ok(_)) = poll_fn(|context| stream.poll_capacity(context)).await else {
            return false;
        };
    }
    stream.send_data(data, false).is_ok()
}

/// The body of an answer.
struct Answer {
    stream: RecvStream,
    /// The rest of the request, for a service that answers before it has it all.
    _feeding: Option<AbortOnDropHandle<()>>,
    _connection: Connection,
}

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = h2::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, h2::Error>>> {
        let next = ready!(self.stream.poll_data(context));
        Poll::Ready(match next {
            Some(Ok(data)) => {
                let room = self.stream.flow_control().release_capacity(data.len());
                Some(room.map(|()| Frame::data(data)))
            }
            // A whole answer, from a service that did not want the whole request.
            Some(Err(error)) if error.is_reset() && error.reason() == Some(Reason::NO_ERROR) => {
                None
            }
            Some(Err(error)) => Some(Err(error)),
            None => None,
        })
    }

    fn is_end_stream(&self) -> bool {
        self.stream.is_end_stream()
    }
}
