//! Work of one tenant that is done together when it arrives together.
//!
//! In the minutes in which a whole province checks in, most of what a check-in
//! costs is its own transaction: round trips and a write-through to the disk.
//! What arrives while the same kind of work is under way waits for it and is
//! then done in one go, with one commit. Who comes alone does not wait at all.

use crate::Trouble;
use kernel::{Error, TenantId};
use opentelemetry::{Context, context::FutureExt as _, trace::TraceContextExt as _};
use std::{
    borrow::Cow,
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::oneshot, time::timeout};

/// Most pieces of work in one go: they share locks, and the first of them
/// waits for the last.
const MOST: usize = 64;
/// How long one go may take. A server that vanishes must not hold up those who
/// come after: nobody else does the work meanwhile.
const PATIENCE: Duration = Duration::from_millis(if cfg!(test) { 100 } else { 15_000 });

/// A kind of work, `I` the piece and `O` what comes of it. Cheap to clone.
pub struct Together<I, O> {
    waiting: Arc<Mutex<Waiting<I, O>>>,
}

/// A tenant is in it as long as somebody does its work.
type Waiting<I, O> = HashMap<TenantId, Vec<Piece<I, O>>>;

struct Piece<I, O> {
    item: I,
    /// The request it came with: what is done together counts as the first one's.
    request: Context,
    answer: oneshot::Sender<Result<O, Error>>,
}

impl<I, O> Clone for Together<I, O> {
    fn clone(&self) -> Self {
        Self { waiting: self.waiting.clone() }
    }
}

impl<I, O> Default for Together<I, O> {
    fn default() -> Self {
        Self { waiting: Arc::default() }
    }
}

impl<I, O> Together<I, O>
where
    I: Clone + Send + 'static,
    O: Send + 'static,
{
    /// Does a piece of work of a tenant, with others of it if there are any.
    /// `work` is given pieces in the order in which they came and answers in
    /// the same order, all or nothing; when it fails, each piece is tried by
    /// itself, so that one's trouble is nobody else's. What is away for all of
    /// them is tried no further: the rest are told so. It goes on when the caller
    /// is gone.
    ///
    /// # Errors
    /// What `work` says of this piece.
    pub async fn run<W, F>(&self, tenant: &TenantId, item: I, work: W) -> Result<O, Error>
    where
        W: Fn(Vec<I>) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Vec<O>, Error>> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let piece = Piece { item, request: Context::current(), answer };
        let leads = {
            let mut waiting = self.lock();
            let led = waiting.contains_key(tenant);
            waiting.entry(tenant.clone()).or_default().push(piece);
            !led
        };
        if leads {
            let lead = Lead { all: self.clone(), tenant: tenant.clone(), finished: false };
            tokio::spawn(lead.go(work));
        }
        answered.await.unwrap_or_else(|_| Err(Error::internal("work that was shared broke off")))
    }

    fn lock(&self) -> MutexGuard<'_, Waiting<I, O>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Who does the work of a tenant at the moment.
struct Lead<I: Clone + Send + 'static, O: Send + 'static> {
    all: Together<I, O>,
    tenant: TenantId,
    /// Nobody waits for it any more; another may lead already.
    finished: bool,
}

impl<I, O> Lead<I, O>
where
    I: Clone + Send + 'static,
    O: Send + 'static,
{
    async fn go<W, F>(mut self, work: W)
    where
        W: Fn(Vec<I>) -> F + Send + Sync,
        F: Future<Output = Result<Vec<O>, Error>> + Send,
    {
        while let Some(pieces) = self.next() {
            let mut away = None;
            if pieces.len() > 1 {
                let items = pieces.iter().map(|piece| piece.item.clone()).collect();
                let request = pieces[0].request.clone();
                // From the traces of the others a link leads to where it was done.
                let done = request.span().span_context().clone();
                for other in &pieces[1..] {
                    other.request.span().add_link(done.clone(), Vec::new());
                }
                match within(work(items).with_context(request)).await {
                    Ok(outcomes) if outcomes.len() == pieces.len() => {
                        for (piece, outcome) in pieces.into_iter().zip(outcomes) {
                            // Nobody to answer to is no trouble: the work is done.
                            let _ = piece.answer.send(Ok(outcome));
                        }
                        continue;
                    }
                    Ok(_) => {}
                    Err(error) => {
                        away = away_for_all(&error);
                        if away.is_some() {
                            let tenant = &self.tenant;
                            tracing::warn!(%tenant, "work of {tenant} is given up together: {error}");
                        }
                    }
                }
            }
            for Piece { item, request, answer } in pieces {
                let done = match &away {
                    Some(why) => Err(Error::Unavailable(why.clone())),
                    None => within(work(vec![item]).with_context(request)).await.and_then(single),
                };
                away = away.or_else(|| away_for_all(done.as_ref().err()?));
                let _ = answer.send(done);
            }
        }
    }

    /// What came meanwhile; nobody leads any more when it is nothing.
    fn next(&mut self) -> Option<Vec<Piece<I, O>>> {
        let mut waiting = self.all.lock();
        let pieces = waiting.get_mut(&self.tenant)?;
        if pieces.is_empty() {
            waiting.remove(&self.tenant);
            self.finished = true;
            return None;
        }
        let rest = pieces.split_off(pieces.len().min(MOST));
        Some(std::mem::replace(pieces, rest))
    }
}

impl<I: Clone + Send + 'static, O: Send + 'static> Drop for Lead<I, O> {
    fn drop(&mut self) {
        if !self.finished {
            // A panic, or the end of the process: whoever waits is told at once.
            self.all.lock().remove(&self.tenant);
        }
    }
}

async fn within<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let late = || Error::Unavailable("Cơ sở dữ liệu của đơn vị chưa trả lời.".into());
    timeout(PATIENCE, work).await.unwrap_or_else(|_| Err(late()))
}

/// What to tell everybody else, when an error says that it would be no better
/// for them.
fn away_for_all(error: &Error) -> Option<Cow<'static, str>> {
    match error {
        Error::Unavailable(why) => Some(why.clone()),
        Error::Internal(source) => match Trouble::of(source.as_ref())? {
            // Whoever holds one row need not hold the next.
            Trouble::Busy | Trouble::Slow => None,
            trouble => Some(trouble.sentence().into()),
        },
        _ => None,
    }
}

fn single<O>(outcomes: Vec<O>) -> Result<O, Error> {
    outcomes.into_iter().next().ok_or_else(|| Error::internal("shared work gave no answer"))
}

#[cfg(test)]
mod tests {
    use super::Together;
    use kernel::{Error, TenantId};
    use std::sync::{Arc, Mutex};
    use tokio::sync::Semaphore;

    /// Doubles numbers, notes what came together, and waits for a turn first.
    #[derive(Clone)]
    struct Doubling {
        seen: Arc<Mutex<Vec<Vec<u32>>>>,
        turns: Arc<Semaphore>,
    }

    impl Doubling {
        fn new() -> Self {
            Self { seen: Arc::default(), turns: Arc::new(Semaphore::new(0)) }
        }

        async fn work(self, items: Vec<u32>) -> Result<Vec<u32>, Error> {
            self.turns.acquire().await?.forget();
            self.seen.lock().unwrap().push(items.clone());
            assert!(!items.contains(&13), "unlucky");
            if items.contains(&0) {
                return Err(Error::NotFound);
            }
            if items.contains(&99) {
                return Err(sqlx::Error::Io(std::io::ErrorKind::UnexpectedEof.into()).into());
            }
            Ok(items.into_iter().map(|item| item * 2).collect())
        }
    }

    fn tenant() -> TenantId {
        TenantId::new("ha-noi").unwrap()
    }

    /// Sends the first piece alone and the others while it is under way.
    async fn send(doubling: &Doubling, items: &[u32], turns: usize) -> Vec<Result<u32, Error>> {
        send_by(&Together::default(), doubling, items, turns).await
    }

    async fn send_by(
        together: &Together<u32, u32>,
        doubling: &Doubling,
        items: &[u32],
        turns: usize,
    ) -> Vec<Result<u32, Error>> {
        let mut answers = Vec::new();
        for item in items.iter().copied() {
            let (together, doubling) = (together.clone(), doubling.clone());
            answers.push(tokio::spawn(async move {
                let work = move |items| doubling.clone().work(items);
                together.run(&tenant(), item, work).await
            }));
            tokio::task::yield_now().await;
        }
        doubling.turns.add_permits(turns);
        let mut outcomes = Vec::new();
        for answer in answers {
            outcomes.push(answer.await.unwrap());
        }
        outcomes
    }

    #[tokio::test]
    async fn what_arrives_meanwhile_is_done_in_one_go() {
        let doubling = Doubling::new();
        let outcomes = send(&doubling, &[1, 2, 3, 4], 2).await;
        let outcomes: Vec<u32> = outcomes.into_iter().map(Result::unwrap).collect();
        assert_eq!(outcomes, [2, 4, 6, 8]);
        assert_eq!(*doubling.seen.lock().unwrap(), [vec![1], vec![2, 3, 4]]);
    }

    #[tokio::test]
    async fn the_trouble_of_one_is_not_that_of_the_others() {
        let doubling = Doubling::new();
        let outcomes = send(&doubling, &[1, 0, 3], 4).await;
        assert!(matches!(outcomes[..], [Ok(2), Err(Error::NotFound), Ok(6)]));
    }

    #[tokio::test]
    async fn what_is_away_for_all_is_not_asked_for_each() {
        let doubling = Doubling::new();
        let outcomes = send(&doubling, &[1, 99, 3, 4], 5).await;
        assert_eq!(*doubling.seen.lock().unwrap(), [vec![1], vec![99, 3, 4]]);
        assert!(matches!(outcomes[0], Ok(2)));
        for outcome in &outcomes[1..] {
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        }

        // Found out only when each is tried.
        let doubling = Doubling::new();
        let outcomes = send(&doubling, &[1, 0, 99, 3], 5).await;
        let seen = doubling.seen.lock().unwrap();
        assert_eq!(*seen, [vec![1], vec![0, 99, 3], vec![0], vec![99]]);
        assert!(matches!(
            outcomes[..],
            [Ok(2), Err(Error::NotFound), Err(Error::Internal(_)), Err(Error::Unavailable(_))]
        ));
    }

    #[tokio::test]
    async fn who_comes_after_work_that_stands_still_is_not_held_up() {
        let doubling = Doubling::new();
        // No turns at all: as if the server had vanished.
        let outcomes = send(&doubling, &[1, 2, 3], 0).await;
        for outcome in outcomes {
            assert!(matches!(outcome, Err(Error::Unavailable(_))), "{outcome:?}");
        }
    }

    #[tokio::test]
    async fn a_panic_is_told_and_the_next_starts_anew() {
        let (together, doubling) = (Together::default(), Doubling::new());
        let outcomes = send_by(&together, &doubling, &[13], 1).await;
        assert!(matches!(outcomes[..], [Err(Error::Internal(_))]));
        assert!(matches!(send_by(&together, &doubling, &[5], 1).await[..], [Ok(10)]));
    }
}
