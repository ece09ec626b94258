//! What an installation needs around it, brought along: a `PostgreSQL` server,
//! an S3 server and a certificate authority. They make `make run` and the
//! tests work on a bare machine; in production the same binary is given a
//! database URL, an S3 endpoint and certificates, and this crate stays idle.
//!
//! Nothing here is a second way of doing things: the servers are reached over
//! a socket like any other, so what runs against them runs in production.

pub mod ca;
pub mod files;
pub mod postgres;
pub mod s3;
