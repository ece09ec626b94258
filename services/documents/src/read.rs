//! The PDF itself, shown in the browser or saved.

use crate::{
    document::{self, Reader},
    files,
    store::{self, DocumentRow},
};
use axum::{
    Extension,
    body::Body,
    extract::{Path, Query},
    response::{IntoResponse as _, Response},
};
use blob::{BlobStore, Range};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use kernel::{DocumentId, Error, Result};
use serde::Deserialize;
use tenancy::event::NewEvent;
use utoipa::IntoParams;
use web::{Ctx, Download};

/// How the file is wanted.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct How {
    /// `1` to save it rather than show it.
    #[serde(default)]
    download: String,
}

/// Reads the PDF of a document; the first time is noted.
#[utoipa::path(get, path = "/documents/{id}/file", operation_id = "document.read", tag = "documents",
    params(("id" = uuid::Uuid, Path, description = "The document."), How),
    responses(
        (status = 200, content_type = "application/pdf", description = "The file."),
        (status = 206, content_type = "application/pdf", description = "The part that was asked for."),
        (status = 304, description = "The file is the one already held."),
        (status = 404, description = "No such document within reach, or it is withdrawn."),
        (status = 416, description = "The part lies beyond the end.")))]
pub async fn read(
    ctx: Ctx,
    Extension(blob): Extension<BlobStore>,
    Path(id): Path<String>,
    Query(how): Query<How>,
    method: Method,
    headers: HeaderMap,
) -> web::Result<Response> {
    let id = document::id(&id)?;
    let reader = Reader::of(&ctx)?;
    let document = store::document(&mut *ctx.read().await?, id, reader.member).await?;
    let document = document
        .filter(|document| document.withdrawn_at.is_none() && reader.reads(&document.place))
        .ok_or(Error::NotFound)?;
    if method == Method::GET && document.opened_at.is_none() && reader.addressed(&document.place) {
        note(&ctx, id).await?;
    }
    let tag = etag(&document.sha256);
    if asks(&headers, header::IF_NONE_MATCH).is_some_and(|held| held == "*" || held.contains(&tag))
    {
        return Ok(dressed(StatusCode::NOT_MODIFIED.into_response(), &tag));
    }
    let size = u64::try_from(document.file_size).map_err(Error::from)?;
    // A part of another version would not fit what the browser holds.
    let fits = asks(&headers, header::IF_RANGE).is_none_or(|held| held == tag);
    let part = asks(&headers, header::RANGE).filter(|_| fits && method == Method::GET);
    let range = match part.map_or(Part::Whole, |text| Part::read(text, size)) {
        Part::Whole => None,
        Part::Of(range) => Some(range),
        Part::Beyond => {
            let mut response = StatusCode::RANGE_NOT_SATISFIABLE.into_response();
            set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
            return Ok(dressed(response, &tag));
        }
    };
    let save = how.download == "1";
    Ok(dressed(stream(&ctx, &blob, document, range, save, method == Method::HEAD).await?, &tag))
}

async fn stream(
    ctx: &Ctx,
    blob: &BlobStore,
    document: DocumentRow,
    range: Option<Range>,
    save: bool,
    head: bool,
) -> Result<Response> {
    let download = |length: u64, body: Body| Download {
        content_type: files::PDF,
        file_name: document.file_name.clone(),
        inline: !save,
        length: Some(length),
        body,
    };
    if head {
        return Ok(download(u64::try_from(document.file_size)?, Body::empty()).into_response());
    }
    let object = blob
        .get(&files::key(&ctx.tenant().id, document.id.into())?, range)
        .await
        .map_err(blob::Error::said)?;
    let mut response = download(object.length, Body::from_stream(object.body)).into_response();
    if let Some(range) = object.content_range {
        *response.status_mut() = StatusCode::PARTIAL_CONTENT;
        set(&mut response, header::CONTENT_RANGE, &range);
    }
    Ok(response)
}

/// Notes the first opening. Two at once leave one receipt and one event.
async fn note(ctx: &Ctx, id: DocumentId) -> Result<()> {
    let actor = ctx.actor()?;
    let mut tx = ctx.begin().await?;
    if store::open(&mut tx, id, actor.member, ctx.world().now()).await? {
        let event = NewEvent::new("document.opened")
            .by(actor.account)
            .in_organisation(actor.organisation)
            .on(id);
        tx.record(ctx.world(), event).await?;
    }
    tx.commit().await
}

/// What every answer about the file carries. It is kept by the reader's own
/// browser only, and asked after each time, so that a withdrawal takes effect.
fn dressed(mut response: Response, tag: &str) -> Response {
    set(&mut response, header::ETAG, tag);
    set(&mut response, header::CACHE_CONTROL, "private, no-cache");
    set(&mut response, header::ACCEPT_RANGES, "bytes");
    response
}

fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

fn asks(headers: &HeaderMap, name: header::HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

fn etag(sha256: &[u8]) -> String {
    let digits: Vec<String> = sha256.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("\"{}\"", digits.concat())
}

/// The part of a file that a Range header asks for.
#[derive(Debug, PartialEq, Eq)]
enum Part {
    /// All: also for what is not understood and for several parts at once.
    Whole,
    Of(Range),
    Beyond,
}

impl Part {
    /// RFC 9110, section 14.2, for one range of bytes.
    fn read(text: &str, size: u64) -> Self {
        let number = |digits: &str| {
            if digits.bytes().all(|b| b.is_ascii_digit()) {
                digits.parse::<u64>().ok()
            } else {
                None
            }
        };
        let Some((first, last)) =
            text.trim().strip_prefix("bytes=").and_then(|rest| rest.split_once('-'))
        else {
            return Part::Whole;
        };
        match (first.trim(), last.trim()) {
            ("", length) => match number(length) {
                Some(0) => Part::Beyond,
                Some(length) => Part::Of(Range::Last(length)),
                None => Part::Whole,
            },
            (first, "") => match number(first) {
                Some(first) if first >= size => Part::Beyond,
                Some(first) => Part::Of(Range::From { first, last: None }),
                None => Part::Whole,
            },
            (first, last) => match (number(first), number(last)) {
                (Some(first), Some(last)) if first > last => Part::Whole,
                (Some(first), Some(_)) if first >= size => Part::Beyond,
                (Some(first), Some(last)) => Part::Of(Range::From { first, last: Some(last) }),
                _ => Part::Whole,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Part, etag};
    use blob::Range;

    #[test]
    fn ranges_are_read_as_http_writes_them() {
        let from = |first, last| Part::Of(Range::From { first, last });
        for (text, part) in [
            ("bytes=0-99", from(0, Some(99))),
            ("bytes=100-", from(100, None)),
            ("bytes=0-5000", from(0, Some(5000))),
            ("bytes=-50", Part::Of(Range::Last(50))),
            ("bytes=-5000", Part::Of(Range::Last(5000))),
            ("bytes=1000-", Part::Beyond),
            ("bytes=1000-1001", Part::Beyond),
            ("bytes=-0", Part::Beyond),
            ("bytes=0-1,5-6", Part::Whole),
            ("bytes=9-1", Part::Whole),
            ("bytes=-", Part::Whole),
            ("bytes=+1-2", Part::Whole),
            ("lines=1-2", Part::Whole),
            ("", Part::Whole),
        ] {
            assert_eq!(Part::read(text, 1000), part, "{text}");
        }
    }

    #[test]
    fn a_tag_is_quoted_hexadecimal() {
        assert_eq!(etag(&[0, 0xab, 9]), "\"00ab09\"");
    }
}
