//! Passwords: Argon2id at the minimum that OWASP recommends (19 MiB, two
//! passes, one lane), never on the runtime's own threads and never more at
//! once than there are cores. Strangers wait in a line of bounded length, in
//! which no tenant takes more than half.

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use kernel::{Error, Errors, TenantId, World};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use subtle::ConstantTimeEq as _;
use telemetry::count::PasswordWaiting;
use tenancy::MasterKey;
use tokio::sync::Semaphore;

/// Fewest characters of a password.
const SHORTEST: usize = 8;
/// Most characters; longer ones only cost time.
const LONGEST: usize = 200;

/// Strangers in line for each core. A hash takes about 30 ms, so the last of
/// them waits for two seconds.
const LINE: usize = 64;

/// How every hash of ours begins.
const COST: &str = "$argon2id$v=19$m=19456,t=2,p=1$";
/// What is checked when there is no such account, so that the answer takes as
/// long; it is the hash of no password that anybody knows.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5IGlzIGhlcmUhIQ$Zm9yIGFsbCB3ZSBrbm93IHRoaXMgaXMgbm90aGluZ3M";

/// Most pieces of working memory that are kept between checks, each 19 MiB:
/// fresh memory costs a third of a check once more.
const KEPT: usize = 4;

/// A password as it is stored: a PHC string.
#[derive(Clone)]
pub struct PasswordHash(pub(crate) String);

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    line: Arc<Line>,
    memory: Arc<Memory>,
    world: World,
}

impl Passwords {
    /// Ready to hash.
    #[must_use]
    pub fn new(world: World) -> Self {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let line = Arc::new(Line { places: cores * LINE, taken: Mutex::default() });
        let cores = Arc::new(Semaphore::new(cores));
        Self { cores, line, memory: Arc::default(), world }
    }

    /// A place in the line of those of whom nothing is known yet, kept until it
    /// is dropped.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the line is full.
    pub(crate) fn line_up(&self, tenant: &TenantId) -> Result<Place, Error> {
        let mut taken = self.line.lock();
        let own = taken.get(tenant).copied().unwrap_or_default();
        if taken.values().sum::<usize>() >= self.line.places || own >= self.line.places / 2 {
            return Err(Error::Unavailable("Đang có rất nhiều người đăng nhập cùng lúc.".into()));
        }
        taken.insert(tenant.clone(), own + 1);
        Ok(Place { line: self.line.clone(), tenant: tenant.clone() })
    }

    /// Hashes a password for storing.
    ///
    /// # Errors
    /// Only on a fault of ours.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Error> {
        let _waiting = PasswordWaiting::begin();
        let turn = self.cores.clone().acquire_owned().await?;
        let (password, salt) = (password.to_owned(), self.world.bytes::<16>());
        // The work goes on when nobody waits for it any more, and so does its turn.
        tokio::task::spawn_blocking(move || {
            let _turn = turn;
            hash(&password, &salt)
        })
        .await?
        .map(PasswordHash)
    }

    /// Whether it is the password. Without a stored hash the answer is no,
    /// after the same time.
    ///
    /// # Errors
    /// Only on a fault of ours.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Error> {
        let _waiting = PasswordWaiting::begin();
        let turn = self.cores.clone().acquire_owned().await?;
        let password: String = password.chars().take(LONGEST + 1).collect();
        let known = stored.is_some();
        let stored = stored.unwrap_or(NOBODY).to_owned();
        let memory = self.memory.clone();
        let right = tokio::task::spawn_blocking(move || {
            let _turn = turn;
            let mut blocks = memory.take();
            let right = verify(&password, &stored, &mut blocks);
            memory.keep(blocks);
            right
        })
        .await?;
        Ok(right && known)
    }
}

/// Working memory that is not in use.
#[derive(Default)]
struct Memory(Mutex<Vec<Vec<Block>>>);

impl Memory {
    fn take(&self) -> Vec<Block> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    fn keep(&self, blocks: Vec<Block>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < KEPT {
            kept.push(blocks);
        }
    }
}

/// The strangers who wait for a hash, by tenant.
struct Line {
    places: usize,
    taken: Mutex<HashMap<TenantId, usize>>,
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, HashMap<TenantId, usize>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A place in the line.
pub(crate) struct Place {
    line: Arc<Line>,
    tenant: TenantId,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.line.lock();
        if let Some(own) = taken.get_mut(&self.tenant) {
            *own -= 1;
            if *own == 0 {
                taken.remove(&self.tenant);
            }
        }
    }
}

/// How many hashes an unknown login costs. Two where a phone is shared by two
/// people cost two, so some of the unknown ones must too; always the same ones.
pub(crate) fn nobodies(key: &MasterKey, tenant: &TenantId, login: &str) -> usize {
    let chance = key.derive("nobodies", &[tenant.as_bytes(), login.as_bytes()])[0];
    if chance < 32 { 2 } else { 1 }
}

/// What a new password has to be. Long rather than odd: no rule asks for
/// special characters.
pub(crate) fn check(password: &str, errors: &mut Errors) {
    let length = password.chars().count();
    if length < SHORTEST {
        errors.add(
            "password",
            format!("Mật khẩu cần ít nhất {SHORTEST} ký tự. Một câu ngắn dễ nhớ là tốt nhất."),
        );
    } else if length > LONGEST {
        errors.add("password", format!("Mật khẩu dài quá {LONGEST} ký tự. Hãy chọn câu ngắn hơn."));
    } else if password.chars().all(|c| c.is_ascii_digit()) && length < 10
        || same_character(password)
    {
        errors
            .add("password", "Mật khẩu này quá dễ đoán. Hãy thêm vài chữ, chẳng hạn một câu ngắn.");
    }
}

fn same_character(password: &str) -> bool {
    let mut characters = password.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first)
}

fn argon2() -> Result<Argon2<'static>, Error> {
    let params = Params::new(19 * 1024, 2, 1, None).map_err(|e| Error::internal(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str, salt: &[u8; 16]) -> Result<String, Error> {
    let hash: phc::PasswordHash = argon2()?
        .hash_password_with_salt(password.as_bytes(), salt)
        .map_err(|e| Error::internal(e.to_string()))?;
    Ok(hash.to_string())
}

fn verify(password: &str, stored: &str, blocks: &mut Vec<Block>) -> bool {
    let (Ok(hash), Ok(argon2)) = (phc::PasswordHash::new(stored), argon2()) else { return false };
    let (Some(salt), Some(expected), true) = (hash.salt, hash.hash, stored.starts_with(COST))
    else {
        return argon2.verify_password(password.as_bytes(), &hash).is_ok();
    };
    // What the library does, but in memory that is there already.
    blocks.resize(argon2.params().block_count(), Block::default());
    let mut out = [0; 32];
    argon2
        .hash_password_into_with_memory(password.as_bytes(), salt.as_ref(), &mut out, blocks)
        .is_ok_and(|()| bool::from(out.ct_eq(expected.as_bytes())))
}

#[cfg(test)]
mod tests {
    use super::{COST, NOBODY, Passwords, argon2, check, hash, verify};
    use argon2::{
        Algorithm, Argon2, Params, Version,
        password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
    };
    use kernel::{Errors, TenantId, World};

    #[test]
    fn one_tenant_takes_no_more_than_half_of_the_line() {
        let passwords = Passwords::new(World::system());
        let places = passwords.line.places;
        let (a, b) = (TenantId::new("ha-noi").unwrap(), TenantId::new("hung-yen").unwrap());
        let mut of_a: Vec<_> = std::iter::from_fn(|| passwords.line_up(&a).ok()).collect();
        assert_eq!(of_a.len(), places / 2);
        assert!(passwords.line_up(&b).is_ok());
        of_a.pop();
        assert!(passwords.line_up(&a).is_ok(), "a place that is left is free again");
        drop(of_a);
        assert!(passwords.line.lock().is_empty());
    }

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let stored = hash("một câu dễ nhớ", &[7; 16]).unwrap();
        assert!(stored.starts_with(COST), "{stored}");
        let mut blocks = Vec::new();
        for _ in 0..2 {
            assert!(verify("một câu dễ nhớ", &stored, &mut blocks), "in used memory too");
            assert!(!verify("một câu khó nhớ", &stored, &mut blocks));
        }
        assert!(!verify("x", "not a hash", &mut blocks));
        let library = argon2().unwrap();
        let hash = phc::PasswordHash::new(&stored).unwrap();
        assert!(library.verify_password("một câu dễ nhớ".as_bytes(), &hash).is_ok());
    }

    #[test]
    fn hashes_of_other_costs_are_checked_as_they_say() {
        let params = Params::new(64, 1, 1, None).unwrap();
        let cheap = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
        let stored: phc::PasswordHash =
            cheap.hash_password_with_salt("cũ".as_bytes(), &[7; 16]).unwrap();
        assert!(verify("cũ", &stored.to_string(), &mut Vec::new()));
        assert!(!verify("mới", &stored.to_string(), &mut Vec::new()));
    }

    #[test]
    fn nobody_costs_as_much_as_anybody() {
        assert!(NOBODY.starts_with(COST));
        let nobody = phc::PasswordHash::new(NOBODY).unwrap();
        assert_eq!(nobody.hash.map(|hash| hash.len()), Some(32));
        assert!(!verify("", NOBODY, &mut Vec::new()));
    }

    #[test]
    fn weak_passwords_are_named() {
        let weak = |password: &str| {
            let mut errors = Errors::default();
            check(password, &mut errors);
            errors.of("password").is_some()
        };
        assert!(weak("ngắn") && weak("12345678") && weak("aaaaaaaaaaaa") && weak(&"x".repeat(201)));
        assert!(!weak("suoi nguon trong") && !weak("0912345678"));
    }
}
