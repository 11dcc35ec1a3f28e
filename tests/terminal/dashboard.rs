//! The dashboard by its keys: what is switched, looked at first, taken back, and what was edited meanwhile.

use std::fs;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, demo_dir, steps, token};

#[test]
fn feeds_are_switched_and_taken_back_and_edits_of_others_stay() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));

    let file = demo_dir(&sandbox).join("storefront/.cargo/config.toml");
    let text = || fs::read_to_string(&file).unwrap();
    let at_feed = text();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Named by");
    wizard.send("2");
    wizard.wait_for("Switched to crates.io");
    let direct = text();
    assert_ne!(direct, at_feed);
    wizard.send("u");
    wizard.wait_for("Taken back: switched to crates.io");
    assert_eq!(text(), at_feed);
    wizard.send("G<home><down><enter>");
    wizard.wait_for("Switched to crates.io");
    assert_eq!(text(), direct);
    wizard.send("<up>");
    wizard.wait_for("p difference");
    wizard.send("p");
    wizard.wait_for("This will be written");
    assert_eq!(text(), direct, "it was looked at only");
    wizard.send("<enter>");
    wizard.wait_for("Switched to `rust-crates`");
    assert!(text().contains("replace-with = \"rust-crates\""), "{}", text());

    wizard.send("<down>");
    wizard.wait_for("crates.io itself");
    wizard.wait_for("p difference");
    wizard.send("p");
    wizard.wait_for("This will be written");
    let edited = format!("{}# mine\n", text());
    fs::write(&file, &edited).unwrap();
    wizard.send("<enter>");
    wizard.wait_for("Nothing was changed");
    assert_eq!(text(), edited);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
}
