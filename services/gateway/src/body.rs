//! Bodies of forms, read before anything is set aside for their request: a
//! sender who takes half a minute over ten letters holds nobody's place.

use axum::body::{Body, HttpBody as _};
use http_body_util::BodyExt as _;
use kernel::{Error, TenantId};
use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::time::timeout;

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
/// What the forms of one tenant may hold of [`ROOM`], so that its flood leaves room
/// for the others.
const SHARE: usize = ROOM / 4;

/// The room for forms. Strangers have theirs apart, so that they crowd out
/// nobody who is at home here.
pub(crate) struct Forms {
    familiar: Room,
    stranger: Room,
}

struct Room {
    most: usize,
    share: usize,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    all: usize,
    /// Only tenants that hold something.
    tenants: HashMap<TenantId, usize>,
}

/// What a form holds of the room, until it is dropped.
pub(crate) struct Taken<'a> {
    room: &'a Room,
    tenant: &'a TenantId,
    bytes: usize,
}

/// Why a body was not read.
pub(crate) enum Unread {
    /// There is no room for it.
    Crowded,
    /// It is long, slow or broken off.
    Unfit(Error),
}

impl Room {
    fn new(most: usize, share: usize) -> Self {
        Self { most, share, held: Mutex::default() }
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Taken<'_> {
    fn grow(&mut self, more: usize) -> Result<(), Unread> {
        if more == 0 {
            return Ok(());
        }
        let mut held = self.room.held();
        let own = held.tenants.get(self.tenant).copied().unwrap_or_default() + more;
        if own > self.room.share || held.all + more > self.room.most {
            return Err(Unread::Crowded);
        }
        held.tenants.insert(self.tenant.clone(), own);
        held.all += more;
        self.bytes += more;
        Ok(())
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut held = self.room.held();
        held.all -= self.bytes;
        if let Some(own) = held.tenants.get_mut(self.tenant) {
            *own -= self.bytes;
            if *own == 0 {
                held.tenants.remove(self.tenant);
            }
        }
    }
}

impl Forms {
    pub(crate) fn new() -> Self {
        Self::bounded(ROOM, SHARE)
    }

    fn bounded(most: usize, share: usize) -> Self {
        Self { familiar: Room::new(most, share), stranger: Room::new(most, share) }
    }

    /// The whole of a short body, and the room that it takes.
    ///
    /// # Errors
    /// When it is long, slow or broken off, or too many others are being read.
    pub(crate) async fn whole<'a>(
        &'a self,
        tenant: &'a TenantId,
        mut body: Body,
        familiar: bool,
    ) -> Result<(Body, Taken<'a>), Unread> {
        let (room, limit) =
            if familiar { (&self.familiar, FAMILIAR) } else { (&self.stranger, STRANGER) };
        let mut taken = Taken { room, tenant, bytes: 0 };
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
                taken.grow(more)?;
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
    use super::{Forms, SHORT, STRANGER, Taken, Unread};
    use axum::body::Body;
    use kernel::{Error, TenantId};

    fn tenant(slug: &str) -> TenantId {
        TenantId::new(slug).unwrap()
    }

    async fn read<'a>(
        forms: &'a Forms,
        tenant: &'a TenantId,
        beyond: usize,
        familiar: bool,
    ) -> Result<Taken<'a>, Unread> {
        let body = Body::from(vec![b'x'; SHORT + beyond]);
        forms.whole(tenant, body, familiar).await.map(|(_, taken)| taken)
    }

    #[tokio::test]
    async fn forms_share_a_room_and_give_it_back() {
        let (forms, ours) = (Forms::bounded(10, 10), tenant("ha-noi"));
        let six = read(&forms, &ours, 6, false).await;
        assert!(six.is_ok());
        assert!(matches!(read(&forms, &ours, 5, false).await, Err(Unread::Crowded)));
        assert!(read(&forms, &ours, 0, false).await.is_ok(), "a short form takes no room");
        assert!(read(&forms, &ours, 5, true).await.is_ok(), "strangers crowd out strangers");
        drop(six);
        assert!(read(&forms, &ours, 5, false).await.is_ok());
    }

    #[tokio::test]
    async fn the_forms_of_one_tenant_leave_room_for_the_others() {
        let (ours, theirs) = (tenant("ha-noi"), tenant("hue"));
        for familiar in [true, false] {
            let forms = Forms::bounded(10, 6);
            let flood = read(&forms, &ours, 6, familiar).await;
            assert!(flood.is_ok());
            assert!(matches!(read(&forms, &ours, 1, familiar).await, Err(Unread::Crowded)));
            assert!(read(&forms, &theirs, 4, familiar).await.is_ok());
            assert!(matches!(read(&forms, &theirs, 5, familiar).await, Err(Unread::Crowded)));
            drop(flood);
            assert!(read(&forms, &ours, 6, familiar).await.is_ok());
            let room = if familiar { &forms.familiar } else { &forms.stranger };
            assert!(room.held().all == 0 && room.held().tenants.is_empty());
        }
    }

    #[tokio::test]
    async fn a_form_has_a_size() {
        let (forms, ours) = (Forms::new(), tenant("ha-noi"));
        let form = |length| Body::from(vec![b'x'; length]);
        assert!(forms.whole(&ours, form(STRANGER), false).await.is_ok());
        let long = forms.whole(&ours, form(STRANGER + 1), false).await;
        assert!(matches!(long, Err(Unread::Unfit(Error::TooLarge(_)))));
        assert!(forms.whole(&ours, form(STRANGER + 1), true).await.is_ok());
    }
}
