//! One error type for every operation. Each variant is something that a person
//! can be told; anything else is [`Error::Internal`] and is told to the log.

use serde::Serialize;
use std::{borrow::Cow, fmt, time::Duration};

/// What operations return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why an operation did not do what was asked. Texts are Vietnamese sentences
/// that say what to do next.
///
/// It does not implement `std::error::Error`, so that every type which does
/// (a database error, an I/O error) turns into [`Error::Internal`] by `?`.
#[derive(Debug)]
pub enum Error {
    /// The request itself cannot be understood (400).
    BadRequest(Cow<'static, str>),
    /// Nobody is signed in, or the session has ended (401).
    Unauthenticated,
    /// The person may not do this (403).
    Forbidden(Cow<'static, str>),
    /// There is no such thing, or none that the person may know of (404).
    NotFound,
    /// It does not fit what is already there (409).
    Conflict(Cow<'static, str>),
    /// It was there and has expired or been used (410).
    Gone(Cow<'static, str>),
    /// More bytes than allowed (413).
    TooLarge(Cow<'static, str>),
    /// Not a kind of content that is taken (415).
    UnsupportedMedia(Cow<'static, str>),
    /// Fields that need mending (422).
    Invalid(Errors),
    /// Too often; try again after the given time (429).
    TooManyRequests(Duration),
    /// A part that is needed is away for the moment (503).
    Unavailable(Cow<'static, str>),
    /// A fault of ours (500). Goes to the log, never to the person.
    Internal(Box<dyn std::error::Error + Send + Sync>),
}

impl<E: std::error::Error + Send + Sync + 'static> From<E> for Error {
    fn from(error: E) -> Self {
        Error::Internal(Box::new(error))
    }
}

impl Error {
    /// One field that needs mending.
    pub fn field(field: &str, message: impl Into<String>) -> Self {
        let mut errors = Errors::default();
        errors.add(field, message);
        Error::Invalid(errors)
    }

    /// A fault of ours that has no error value behind it.
    pub fn internal(message: impl Into<String>) -> Self {
        Error::Internal(message.into().into())
    }
}

/// For logs and command lines; pages have their own words.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::BadRequest(text)
            | Error::Forbidden(text)
            | Error::Conflict(text)
            | Error::Gone(text)
            | Error::TooLarge(text)
            | Error::UnsupportedMedia(text)
            | Error::Unavailable(text) => f.write_str(text),
            Error::Unauthenticated => f.write_str("Cần đăng nhập."),
            Error::NotFound => f.write_str("Không tìm thấy."),
            Error::TooManyRequests(wait) => {
                let seconds = wait.as_millis().div_ceil(1000).max(1);
                if seconds < 120 {
                    write!(f, "Thử quá nhiều lần; hãy chờ {seconds} giây.")
                } else {
                    write!(f, "Thử quá nhiều lần; hãy chờ {} phút.", seconds.div_ceil(60))
                }
            }
            Error::Invalid(errors) => {
                let texts: Vec<&str> = errors.0.iter().map(|e| e.message.as_str()).collect();
                f.write_str(&texts.join(" "))
            }
            Error::Internal(error) => write!(f, "{error}"),
        }
    }
}

/// One field and how to mend it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FieldError {
    /// The field's name in the form or the JSON body.
    pub field: String,
    /// What is wrong and how to mend it.
    pub message: String,
}

/// The fields that need mending, in the order of the form.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Errors(pub Vec<FieldError>);

impl Errors {
    /// Notes one more field.
    pub fn add(&mut self, field: &str, message: impl Into<String>) {
        self.0.push(FieldError { field: field.into(), message: message.into() });
    }

    /// Each, in the order of the form.
    pub fn iter(&self) -> std::slice::Iter<'_, FieldError> {
        self.0.iter()
    }

    /// The first message for a field.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<&str> {
        self.0.iter().find(|e| e.field == field).map(|e| e.message.as_str())
    }

    /// `Ok` with the value when nothing was noted.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that was noted.
    pub fn or<T>(self, value: T) -> Result<T> {
        if self.0.is_empty() { Ok(value) } else { Err(Error::Invalid(self)) }
    }
}

impl<'a> IntoIterator for &'a Errors {
    type Item = &'a FieldError;
    type IntoIter = std::slice::Iter<'a, FieldError>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
