//! What a run of `cargo fetch` may tell: none, one and thousands of crates, long names, many and long words.

use az_cargo_wizard::domain::progress::{FetchEvent, Phase, PlannedCrate};
use az_cargo_wizard::error::{Exit, Report};

use crate::world::{crate_id, half_a_fetch, planned_thousands};

/// A lock file of one crate.
pub(crate) fn of_one() -> Vec<FetchEvent> {
    let id = crate_id("serde", "1.0.228");
    let only = PlannedCrate { id: id.clone(), source: "rust-crates".to_owned(), cached: None };
    vec![
        FetchEvent::Planned(vec![only]),
        FetchEvent::Downloaded(id),
        FetchEvent::Remaining { crates: 0, bytes: None },
    ]
}

/// A long fetch, somewhere on its way: Cargo is ahead of the disk.
pub(crate) fn of_thousands(number: usize) -> Vec<FetchEvent> {
    let id = |index: usize| crate_id(&format!("crate-{index:05}"), "1.2.3");
    let mut events = vec![planned_thousands(number)];
    events.extend((1..=6).map(|index| FetchEvent::Downloaded(id(index))));
    events.extend((1..=4).map(|index| FetchEvent::Stored { id: id(index), bytes: 123_456 }));
    events.extend((1..=2).map(|index| FetchEvent::Unpacked(id(index))));
    events.push(FetchEvent::Remaining { crates: number * 6 / 7 - 6, bytes: Some(1_234_567_890) });
    events
}

/// The longest names that there can be, from a registry whose name is wide.
pub(crate) fn of_long_names() -> Vec<FetchEvent> {
    let long = "a-crate-whose-name-is-as-long-as-crates-io-lets-anyone-publish-1".to_owned();
    let crates = [
        (long.as_str(), "10.200.3000-alpha.beta.gamma+build.metadata.20260101", Some(123_456_789_012)),
        (&long.replace('1', "2"), "0.1.0", None),
        ("x", "1.0.0", None),
    ];
    let crates = crates.map(|(name, version, cached)| PlannedCrate {
        id: crate_id(name, version),
        source: "日本語のとても長い名前のレジストリ".to_owned(),
        cached,
    });
    let index = "日本語のとても長い名前のレジストリ".repeat(4);
    vec![
        FetchEvent::Planned(crates.to_vec()),
        FetchEvent::Invalid(vec!["とても長い名前の無効な行".repeat(8)]),
        FetchEvent::Recovered { removed: vec![format!("{long}-0.1.0.crate"), "x-1.0.0.crate".to_owned()] },
        FetchEvent::Phase(Phase::Updating { index }),
    ]
}

/// Another Cargo had to be waited for.
pub(crate) fn after_another() -> Vec<FetchEvent> {
    let mut events = vec![FetchEvent::Phase(Phase::Waiting { on: "package cache".to_owned() })];
    // Each comes a tenth of a second after the one before.
    events.extend((0..15).map(|_| FetchEvent::Line("    Blocking waiting for file lock".to_owned())));
    events.extend(half_a_fetch());
    events
}

/// The failure of a run whose credential nothing renews.
pub(crate) fn ran_out() -> Report {
    Report::new(Exit::SignIn, "unauthorized", "the feed `rust-crates` wants a valid credential")
        .cause("failed to get successful HTTP response, got 401")
        .detail("it does not go on by itself: nothing renews a personal access token")
        .detail("crates that arrived are kept")
        .hint("make a new personal access token, log in with it, then run it again")
}

/// More of Cargo's words than a screen holds.
pub(crate) fn many_words() -> Vec<FetchEvent> {
    let mut events = vec![planned_thousands(60)];
    events.extend((1..=60).map(|index| {
        FetchEvent::Line(format!("  Downloaded crate-{index:05} v1.2.3 (registry `rust-crates`)"))
    }));
    events
}

/// Words that are wider than any screen.
pub(crate) fn long_words() -> Vec<FetchEvent> {
    let url = "https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/api/v1/crates/serde/1.0.228/download";
    let mut events = half_a_fetch();
    events.extend(
        [
            "error: failed to download from `URL`".replace("URL", url),
            String::new(),
            "Caused by:".to_owned(),
            format!("  failed to get successful HTTP response from `{url}` (203.0.113.7), got 403"),
            "  body:".to_owned(),
            format!("  日本語の説明: {}", "ユーザーにはこの操作を行う権限がありません。".repeat(4)),
        ]
        .map(FetchEvent::Line),
    );
    events
}
