//! Which log lines are written.

use tracing_subscriber::{
    EnvFilter, Registry,
    filter::{FilterExt as _, LevelFilter, ParseError, filter_fn},
    layer::Filter,
};

/// The crates whose log lines are written as the operator likes. Others stop
/// at `info`: below it, libraries show headers, statements and bodies.
pub const OURS: &[&str] = &[
    "adoption",
    "blob",
    "directory",
    "documents",
    "embedded",
    "gateway",
    "kernel",
    "meetings",
    "render",
    "sotay",
    "telemetry",
    "tenancy",
    "web",
];

/// The operator's filter, with libraries held back.
pub(crate) fn lines(
    filter: &str,
) -> Result<(impl Filter<Registry> + use<>, LevelFilter), ParseError> {
    let wanted = EnvFilter::try_new(filter)?;
    let most = tracing_subscriber::layer::Filter::<Registry>::max_level_hint(&wanted);
    let held_back =
        filter_fn(|line| *line.level() <= tracing::Level::INFO || is_ours(line.target()));
    Ok((wanted.and(held_back), most.unwrap_or(LevelFilter::TRACE)))
}

fn is_ours(target: &str) -> bool {
    OURS.contains(&target.split_once("::").map_or(target, |(name, _)| name))
}

#[cfg(test)]
mod tests {
    use super::is_ours;

    #[test]
    fn libraries_are_not_ours_even_when_they_sound_alike() {
        assert!(is_ours("gateway") && is_ours("tenancy::pool"));
        assert!(!is_ours("sqlx::query") && !is_ours("h2") && !is_ours("webpki::verify"));
    }
}
