//! Bodies of forms, read before anything is set aside for their request: a
//! sender who takes half a minute over ten letters holds nobody's place.

use axum::body::{Body, HttpBody as _};
use http_body_util::BodyExt as _;
use kernel::Error;
use std::time::Duration;
use tokio::{
    sync::{Semaphore, SemaphorePermit, TryAcquireError},
    time::timeout,
};

/// The largest body that any operation takes, with room for its form.
pub(crate) const BODY_LIMIT: usize = 110_000_000;
/// How long a form may take on a weak link.
const PATIENCE: Duration = Duration::from_secs(30);
/// What operations take.
const FAMILIAR: usize = web::INPUT_LIMIT;
/// Strangers have a login to send, or a code.
const STRANGER: usize = 64 * 1024;
/// What of each form is nobody's concern: a sign-in and most forms are shorter,
/// so that no flood of long ones keeps them out.
const SHORT: usize = 4 * 1024;
/// What members' forms together may hold of our memory beyond that while they
/// have no place, and strangers' as much. Counted as it comes, so that a promise
/// of much takes nothing from others.
const ROOM: usize = 64 * 1024 * 1024;

/// The room for forms. Strangers have theirs apart, so that they crowd out
/// nobody who is at home here.
pub(crate) struct Forms {
    familiar: Semaphore,
    stranger: Semaphore,
}

/// Why a body was not read.
pub(crate) enum Unread {
    /// There is no room for it.
    Crowded,
    /// It is long, slow or broken off.
    Unfit(Error),
}

impl From<TryAcquireError> for Unread {
    fn from(_: TryAcquireError) -> Self {
        Self::Crowded
    }
}

impl Forms {
    pub(crate) fn new() -> Self {
        Self::bounded(ROOM)
    }

    fn bounded(room: usize) -> Self {
        Self { familiar: Semaphore::new(room), stranger: Semaphore::new(room) }
    }

    /// The whole of a short body, and the room that it takes.
    ///
    /// # Errors
    /// When it is long, slow or broken off, or too many others are being read.
    pub(crate) async fn whole(
        &self,
        mut body: Body,
        familiar: bool,
    ) -> Result<(Body, SemaphorePermit<'_>), Unread> {
        let (room, limit) =
            if familiar { (&self.familiar, FAMILIAR) } else { (&self.stranger, STRANGER) };
        let mut taken = room.try_acquire_many(0)?;
        if body.is_end_stream() {
            return Ok((body, taken));
        }
        // Announced as too much: none of it is asked for.
        if body.size_hint().lower() > limit as u64 {
            return Err(too_large());
        }
        let read = async {
            let mut whole = Vec::new();
            while let Some(frame) = body.frame().await {
                let Ok(piece) = frame.map_err(|_| cut_off())?.into_data() else { continue };
                if whole.len() + piece.len() > limit {
                    return Err(too_large());
                }
                let before = whole.len().saturating_sub(SHORT);
                whole.extend_from_slice(&piece);
                let more = whole.len().saturating_sub(SHORT) - before;
                taken.merge(room.try_acquire_many(u32::try_from(more).unwrap_or(u32::MAX))?);
            }
            Ok::<_, Unread>(whole)
        };
        let whole = timeout(PATIENCE, read).await.map_err(|_| cut_off())??;
        Ok((Body::from(whole), taken))
    }
}

fn too_large() -> Unread {
    Unread::Unfit(Error::TooLarge("Nội dung gửi lên dài quá mức cho phép.".into()))
}

fn cut_off() -> Unread {
    Unread::Unfit(Error::BadRequest(
        "Đường truyền bị ngắt hoặc quá chậm nên nội dung chưa tới hết. Hãy gửi lại.".into(),
    ))
}

#[cfg(test)]
mod tests {
    use super::{Forms, SHORT, STRANGER, Unread};
    use axum::body::Body;
    use kernel::Error;
    use tokio::sync::SemaphorePermit;

    async fn read(
        forms: &Forms,
        beyond: usize,
        familiar: bool,
    ) -> Result<SemaphorePermit<'_>, Unread> {
        forms.whole(Body::from(vec![b'x'; SHORT + beyond]), familiar).await.map(|(_, taken)| taken)
    }

    #[tokio::test]
    async fn forms_share_a_room_and_give_it_back() {
        let forms = Forms::bounded(10);
        let six = read(&forms, 6, false).await;
        assert!(six.is_ok());
        assert!(matches!(read(&forms, 5, false).await, Err(Unread::Crowded)));
        assert!(read(&forms, 0, false).await.is_ok(), "a short form takes no room");
        assert!(read(&forms, 5, true).await.is_ok(), "strangers crowd out strangers");
        drop(six);
        assert!(read(&forms, 5, false).await.is_ok());
    }

    #[tokio::test]
    async fn a_form_has_a_size() {
        let forms = Forms::new();
        let form = |length| Body::from(vec![b'x'; length]);
        assert!(forms.whole(form(STRANGER), false).await.is_ok());
        let long = forms.whole(form(STRANGER + 1), false).await;
        assert!(matches!(long, Err(Unread::Unfit(Error::TooLarge(_)))));
        assert!(forms.whole(form(STRANGER + 1), true).await.is_ok());
    }
}
