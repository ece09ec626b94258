//! Passwords: Argon2id at the minimum that OWASP recommends (19 MiB, two
//! passes, one lane), never on the runtime's own threads and never more at
//! once than there are cores.

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc},
};
use kernel::{Error, Errors, World};
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Fewest characters of a password.
const SHORTEST: usize = 8;
/// Most characters; longer ones only cost time.
const LONGEST: usize = 200;

/// A password as it is stored: a PHC string.
#[derive(Clone)]
pub struct PasswordHash(pub(crate) String);

/// Hashes and checks passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    cores: Arc<Semaphore>,
    /// What is checked when there is no such account, so that the answer takes
    /// as long.
    nobody: Arc<str>,
    world: World,
}

impl Passwords {
    /// Ready to hash.
    ///
    /// # Errors
    /// When hashing does not work at all.
    pub fn new(world: World) -> Result<Self, Error> {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        let nobody = hash("nobody has this password", &world.bytes())?;
        Ok(Self { cores: Arc::new(Semaphore::new(cores)), nobody: nobody.into(), world })
    }

    /// Hashes a password for storing.
    ///
    /// # Errors
    /// Only on a fault of ours.
    pub async fn hash(&self, password: &str) -> Result<PasswordHash, Error> {
        let _turn = self.cores.acquire().await?;
        let (password, salt) = (password.to_owned(), self.world.bytes::<16>());
        tokio::task::spawn_blocking(move || hash(&password, &salt)).await?.map(PasswordHash)
    }

    /// Whether it is the password. Without a stored hash the answer is no,
    /// after the same time.
    ///
    /// # Errors
    /// Only on a fault of ours.
    pub async fn verify(&self, password: &str, stored: Option<&str>) -> Result<bool, Error> {
        let _turn = self.cores.acquire().await?;
        let password: String = password.chars().take(LONGEST + 1).collect();
        let known = stored.is_some();
        let stored = stored.map_or_else(|| self.nobody.to_string(), ToOwned::to_owned);
        let right = tokio::task::spawn_blocking(move || verify(&password, &stored)).await?;
        Ok(right && known)
    }
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

fn verify(password: &str, stored: &str) -> bool {
    let Ok(hash) = phc::PasswordHash::new(stored) else { return false };
    argon2().is_ok_and(|argon2| argon2.verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::{check, hash, verify};
    use kernel::Errors;

    #[test]
    fn a_hash_verifies_its_own_password_only() {
        let stored = hash("một câu dễ nhớ", &[7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("một câu dễ nhớ", &stored));
        assert!(!verify("một câu khó nhớ", &stored));
        assert!(!verify("x", "not a hash"));
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
