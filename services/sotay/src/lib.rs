//! Everything put together: configuration, the embedded default, the platform
//! in one process or several, the demo. `main.rs` is the command line over it.

pub mod certificates;
pub mod config;
pub mod demo;
pub mod doctor;
pub mod fault;
pub mod installation;
pub mod listeners;
pub mod onboarding;
pub mod parts;
pub mod platform;
pub mod private;

pub use certificates::Certificates;
pub use config::Config;
pub use fault::Fault;
pub use installation::Installation;
pub use parts::{Part, Parts};
pub use platform::Platform;
