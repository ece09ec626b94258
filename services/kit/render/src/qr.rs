//! QR codes as inline SVG.

use std::fmt::Write as _;

use qrcode::{Color, EcLevel, QrCode};

/// Light modules around the code. The standard asks for four, and phones do
/// fail with fewer when the page around it is dark.
const QUIET: usize = 4;

/// The text does not fit: at error correction M a QR code holds 2,331 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Nội dung quá dài để làm mã QR ({0} byte). Hãy dùng một đường dẫn ngắn hơn.")]
pub struct TooLong(pub usize);

/// Draws `text` as an SVG of one black path on a white ground, with error
/// correction M.
///
/// `label` is what a screen reader says. The drawing has no `style` attribute
/// and no script, so it can stand in a page under a strict content security
/// policy; its size is the caller's to give, by class or by container.
///
/// # Errors
///
/// [`TooLong`] when `text` does not fit into the largest code.
pub fn svg(text: &str, label: &str) -> Result<String, TooLong> {
    let code =
        QrCode::with_error_correction_level(text, EcLevel::M).map_err(|_| TooLong(text.len()))?;
    let side = code.width() + 2 * QUIET;
    let label = escape(label);
    let path = path(&code);
    Ok(format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" role="img" aria-label="{label}" shape-rendering="crispEdges"><path fill="white" d="M0 0h{side}v{side}H0z"/><path d="{path}"/></svg>"#
    ))
}

/// One rectangle per horizontal run of dark modules: a third of the size of
/// one rectangle per module.
fn path(code: &QrCode) -> String {
    let width = code.width();
    let mut out = String::with_capacity(width * width * 4);
    for (y, line) in code.to_colors().chunks(width).enumerate() {
        let mut x = 0;
        while x < width {
            let run = line[x..].iter().take_while(|color| **color == Color::Dark).count();
            if run > 0 {
                write!(out, "M{} {}h{run}v1h-{run}z", x + QUIET, y + QUIET)
                    .expect("writing to a String cannot fail");
            }
            x += run + 1;
        }
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads the path back into modules.
    fn modules(svg: &str, width: usize) -> Vec<Color> {
        let mut grid = vec![Color::Light; width * width];
        let path = svg.rsplit('"').nth(1).unwrap();
        for run in path.split('M').skip(1) {
            let (x, rest) = run.split_once(' ').unwrap();
            let (y, rest) = rest.split_once('h').unwrap();
            let (length, _) = rest.split_once('v').unwrap();
            let (x, y): (usize, usize) = (x.parse().unwrap(), y.parse().unwrap());
            for step in 0..length.parse().unwrap() {
                grid[(y - QUIET) * width + x - QUIET + step] = Color::Dark;
            }
        }
        grid
    }

    #[test]
    fn draws_every_module_once() {
        let text = "https://quang-ngai.localhost/hop/0198c1f2-7d3e-7a11-9c4b-6f1a2b3c4d5e";
        let svg = svg(text, "Mã QR điểm danh").unwrap();
        let code = QrCode::with_error_correction_level(text, EcLevel::M).unwrap();
        assert_eq!(modules(&svg, code.width()), code.to_colors());
        assert!(svg.len() < 10_000, "{}", svg.len());
    }

    #[test]
    fn suits_a_strict_page() {
        let svg = svg("x", r#"Mã "A" <b>&"#).unwrap();
        assert!(svg.starts_with(r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 29 29""#));
        assert!(svg.contains(r#"role="img" aria-label="Mã &quot;A&quot; &lt;b&gt;&amp;""#));
        assert!(!svg.contains("style"));
    }

    #[test]
    fn refuses_what_does_not_fit() {
        assert_eq!(svg(&"á".repeat(2000), ""), Err(TooLong(4000)));
    }
}
