//! Who may do what, as a reviewed file.

use crate::{app::TestApp, run};
use std::fmt::Write as _;

#[test]
fn the_authorisation_matrix_is_as_reviewed() {
    run(async {
        let app = TestApp::new().await;
        let mut text = String::new();
        for (operation, roles) in app.platform.matrix() {
            let roles = if roles.contains(&"anyone") { "anyone".into() } else { roles.join(" ") };
            writeln!(text, "{operation:<28} {roles}").unwrap();
        }
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("authorisation", text);
        });
    });
}
