//! What leaves and enters the system as a file people open elsewhere:
//! spreadsheets, read and written as streams, and QR codes.
//!
//! Nothing here knows a tenant or a database; callers hand over rows and get
//! rows. Everything blocks, so call it from a blocking thread.

pub mod qr;
pub mod sheet;
