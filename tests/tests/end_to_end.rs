//! The demo's scenarios on the real functions, deployed from `template.yaml` with its own roles enforced.
//!
//! Names carry no ids here: each statement of a scenario says what it shows, and each promise has its own test elsewhere.

use std::path::{Path, PathBuf};

use recoup_local::scenarios;
use recoup_local::screen::Dark;
use recoup_local::stack::{Stack, StackOptions};

#[tokio::test]
async fn every_scenario_holds_on_the_deployed_functions_with_their_own_roles() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let dir = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("end_to_end");
    let mut options = StackOptions::new(&root, dir);
    // The functions stand where this test was built.
    options.bin_dir = Path::new(env!("CARGO_TARGET_TMPDIR")).join("../debug");
    options.auth = true;
    let stack =
        Stack::start(&options, &mut Dark).await.expect("`make test` sets up Python and builds the functions");
    let report = scenarios::play_all(&stack, &mut Dark).await;
    stack.stop().await.expect("nothing is left running");
    assert!(!report.sent.is_empty(), "something was sent");
    assert_eq!(report.failures(), Vec::<String>::new());
}
