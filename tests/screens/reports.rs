//! A failure that is longer than the screen: all of it can be read, and what went wrong is read first.

use std::collections::BTreeSet;

use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::tui::{Key, Msg, Theme};

use crate::draw::{NARROW, Size, drawn, text_of};
use crate::wizard::Wizard;
use crate::world;

const SMALLEST: Size = (40, 10);

/// Words that are told apart, so many of each.
fn words(of: &str) -> String {
    (0..60).map(|index| format!("{of}-{index:02}")).collect::<Vec<_>>().join(" ")
}

fn long() -> Report {
    Report::new(Exit::Failed, "failed", "headline-00")
        .cause(words("cause"))
        .cause(words("root"))
        .detail(words("detail"))
        .hint(words("hint"))
}

/// Every word of the report.
fn all_words() -> BTreeSet<String> {
    let words = ["cause", "root", "detail", "hint"].map(words).join(" ");
    words.split(' ').map(str::to_owned).collect()
}

/// A step, and how it comes to fail.
type Failing = (&'static str, fn(Wizard) -> Wizard);

const FAILING: [Failing; 10] = [
    ("check", |wizard| wizard.fail(long())),
    ("sign-in", |wizard| wizard.at_sign_in().paste(world::TOKEN).press("<enter>").fail(long())),
    ("feed", |wizard| wizard.at_sign_in().signed_in().fail(long())),
    ("config", |wizard| wizard.at_config().press("<enter>").fail(long())),
    ("log in", |wizard| wizard.at_log_in().press("<enter>").fail(long())),
    ("new feed", |wizard| wizard.with_feeds(world::feeds()).press("n<enter>").fail(long())),
    ("upstream", |wizard| {
        use az_cargo_wizard::domain::feed::{Feed, Role};
        let web = Feed { role: Some(Role::Owner), ..world::feed("web", None) };
        wizard.with_feeds(vec![web]).press("p").fail(long())
    }),
    ("restore", |wizard| wizard.at_restore().fail(long())),
    ("restore with its table", |wizard| {
        let failed = FetchEnd::Failed { at: None };
        wizard.at_restore().fetching(world::half_a_fetch()).ended(failed, Some(long())).press("<space>")
    }),
    ("done", |wizard| wizard.at_done().fail(long())),
];

#[test]
fn what_went_wrong_is_seen_at_once() {
    for (name, failing) in FAILING {
        let failed = failing(Wizard::opened(Theme::default()));
        for size in [NARROW, SMALLEST] {
            let text = text_of(drawn(&failed, size).buffer());
            assert!(
                text.contains("Headline-00") && text.contains("more lines below: PageDown"),
                "{name}:\n{text}"
            );
        }
    }
}

#[test]
fn every_word_of_a_report_can_be_scrolled_to() {
    for (name, failing) in FAILING {
        for (size, key) in [(NARROW, Key::PageDown), (SMALLEST, Key::PageDown), (SMALLEST, Key::Down)] {
            let mut wizard = failing(Wizard::opened(Theme::default()));
            let mut missing = all_words();
            // In a form the arrows move between the questions.
            let key = if ["config", "new feed"].contains(&name) { Key::PageDown } else { key };
            for _ in 0..200 {
                let text = text_of(drawn(&wizard, size).buffer()).to_lowercase();
                let seen: BTreeSet<&str> = text.split_whitespace().collect();
                missing.retain(|word| !seen.contains(word.as_str()));
                if missing.is_empty() {
                    break;
                }
                wizard = wizard.told(Msg::Key(key));
            }
            assert!(missing.is_empty(), "{name} at {size:?}: {missing:?} is never seen");
        }
    }
}

/// Beside a table, what is cut off says which key leads to it, and that key leads back.
#[test]
fn a_report_above_a_table_and_a_long_summary_are_read_with_space() {
    let failed = FetchEnd::Failed { at: None };
    let restore = Wizard::opened(Theme::default()).at_restore().fetching(world::half_a_fetch());
    let restore = restore.ended(failed, Some(long()));
    let done = Wizard::opened(Theme::default()).with_cache(world::cache());
    let below = "more lines below: PageDown";
    for (wizard, first, then) in
        [(restore, "Headline-00", below), (done, "crates in the cache", "To undo that")]
    {
        let table = text_of(drawn(&wizard, NARROW).buffer());
        assert!(
            table.contains(first) && table.contains("more lines: Space") && !table.contains(then),
            "{table}"
        );
        let text = wizard.told(Msg::Key(Key::Char(' ')));
        let read = text_of(drawn(&text, NARROW).buffer());
        assert!(read.contains(first) && read.contains(then), "{read}");
        let end = text.told(Msg::Key(Key::End));
        assert_eq!(text_of(drawn(&end.told(Msg::Key(Key::Char(' '))), NARROW).buffer()), table);
    }
}
