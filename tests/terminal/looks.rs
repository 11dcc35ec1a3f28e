//! Sizes and colors.

use std::collections::BTreeSet;

use crate::support::pty::{Ended, Terminal};
use crate::support::sandbox::Sandbox;
use crate::support::wizard::{demo, steps, token, watchable_demo};

#[test]
fn the_size_may_change_while_it_works() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&watchable_demo(&sandbox), 80, 24);
    steps::to_restore(&mut wizard, || token(&sandbox));
    wizard.wait_for("Downloading");
    wizard.resize(120, 36);
    wizard.wait_until("the columns of a wide table", |screen| {
        screen.rows(0, 120).any(|row| row.contains("source") && row.contains("time"))
    });
    wizard.resize(39, 9);
    wizard.wait_for("needs 40x10");
    wizard.resize(80, 24);
    steps::restored(&mut wizard);
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    wizard.assert_restored();
}

#[test]
fn a_screen_that_was_too_small_comes_back_whole() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    steps::organization(&mut wizard);
    wizard.wait_for("▸ Sign in to Azure");
    wizard.paste("not a token");
    wizard.wait_for("•••••••••••");
    let whole = ["az-cargo-wizard · contoso", "▸ Sign in to Azure", "•••••••••••", "Enter sign in"];
    for (cols, lines) in [(30, 24), (80, 9)] {
        wizard.resize(cols, lines);
        wizard.wait_for("needs 40x10");
        wizard.resize(80, 24);
        wizard.wait_until("the whole screen", |screen| {
            let text: String = screen.rows(0, 80).collect();
            whole.iter().all(|part| text.contains(part)) && !text.contains("needs 40x10")
        });
    }
}

#[test]
fn a_terminal_that_is_too_small_from_the_start_says_so_and_can_be_left() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 30, 5);
    wizard.wait_for("needs 40x10");
    wizard.send("<c-c>");
    assert_eq!(wizard.wait_exit(), Ended::Code(130));
    wizard.assert_restored();
}

#[test]
fn no_color_means_no_color_and_the_cursor_is_still_seen() {
    let mut sandbox = Sandbox::new();
    sandbox.set("NO_COLOR", "1");
    let mut wizard = Terminal::spawn(&demo(&sandbox), 120, 36);
    steps::to_restore(&mut wizard, || token(&sandbox));
    steps::restored(&mut wizard);
    wizard.send("<enter>");
    wizard.wait_for("60 crates, 11.2 MB in");
    wizard.send("q");
    assert_eq!(wizard.wait_exit(), Ended::Code(0));
    let styles = styles(wizard.output());
    assert!(!styles.iter().any(|style| is_color(*style)), "{styles:?}");
    assert!(styles.contains(&REVERSE), "{styles:?}");
}

#[test]
fn without_no_color_there_is_color() {
    let sandbox = Sandbox::new();
    let mut wizard = Terminal::spawn(&demo(&sandbox), 80, 24);
    wizard.wait_for("Which organization");
    let styles = styles(wizard.output());
    assert!(styles.iter().any(|style| is_color(*style)), "{styles:?}");
}

const REVERSE: u16 = 7;

/// The numbers of every `ESC [ … m`.
fn styles(output: &[u8]) -> BTreeSet<u16> {
    let text = String::from_utf8_lossy(output);
    let sequences = text.split("\x1b[").skip(1).filter_map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != ';' && c != ':')?;
        (rest[end..].starts_with('m')).then_some(&rest[..end])
    });
    sequences.flat_map(|numbers| numbers.split([';', ':'])).filter_map(|n| n.parse().ok()).collect()
}

/// Sets a color; 39 and 49 go back to the terminal's own.
fn is_color(style: u16) -> bool {
    matches!(style, 30..=38 | 40..=48 | 90..=97 | 100..=107)
}
