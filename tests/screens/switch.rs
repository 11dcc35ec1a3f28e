//! Switching on the Feeds tab: seen, agreed to, made, taken back, and what stands in the way.

use az_cargo_wizard::domain::diff::{DiffLine, diff};
use az_cargo_wizard::domain::journal::{Act, Entry, How, UndoFile, UndoPlan};
use az_cargo_wizard::domain::plan::{
    ConfigChange, ConfigScope, FileChange, SwitchTo, Warning, WarningKind, Written,
};
use az_cargo_wizard::domain::registry::{IndexUrl, RegistryName};
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::check::HostTrust;
use az_cargo_wizard::task::switching::{Switchable, Wanted};
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::{Step, Theme};

use crate::draw::{USUAL, drawn, text_of};
use crate::states;
use crate::wizard::Wizard;
use crate::world;

const FILE: &str = "/home/ana/src/shop/.cargo/config.toml";
const BEFORE: &str =
    "# How we build.\n[source.crates-io]\nreplace-with = \"rust-crates\"\n\n[net]\nretry = 3\n";

states! { "switch":
    listed => Wizard::with_switches;
    looking => |wizard| wizard.with_switches().press("<down><enter>").at(300);
    difference => |wizard| planned(wizard, "p", change());
    warned => |wizard| planned(wizard, "<enter>", warned_change());
    written => |wizard| planned(wizard, "<enter>", change()).answer(applied()).at(300);
    made => |wizard| planned(wizard, "<enter>", change()).answer(applied()).answer(switched());
    removal => |wizard| planned(wizard, "x", removal_change());
    file_changed => |wizard| planned(wizard, "<enter>", change()).fail(changed_meanwhile());
    long_difference => |wizard| planned(wizard, "p", long());
    undo_merged => |wizard| undoing(wizard, merged_plan());
    undo_conflict => |wizard| undoing(wizard, conflict_plan());
    undo_with_more_after_it => |wizard| undoing(wizard, UndoPlan { later: vec![feed_made()], ..undo_exact() });
    details => |wizard| {
        let feeds = world::feeds();
        let told = world::details(&feeds[0]);
        wizard.dashboard_with(feeds).press("d").answer(told)
    };
    details_cached => |wizard| {
        let feeds = world::feeds();
        let told = world::details(&feeds[0]);
        let wizard = wizard.dashboard_with(feeds).press("d").answer(told);
        wizard.answer_to(|request| matches!(request, Request::Inspect(_)), Event::Cache(world::cache()))
    };
    details_asking => |wizard| wizard.dashboard_with(world::feeds()).press("d").at(300);
    details_offline => |wizard| wizard.dashboard_with(world::feeds()).press("d").fail(world::no_network());
    details_of_crates_io => |wizard| wizard.with_switches().press("Gd");
}

fn index(name: &str) -> IndexUrl {
    IndexUrl::parse(&format!(
        "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/{name}/Cargo/index/"
    ))
    .unwrap()
}

fn registry(name: &str) -> SwitchTo {
    SwitchTo::Registry { name: RegistryName::parse(name).unwrap(), index: index(name) }
}

/// Two feeds of files, one on a strange host, one that was used before, and crates.io.
pub(crate) fn switches() -> Vec<Switchable> {
    let known = |name: &str, source: Option<&str>, credential: Option<&str>| Switchable {
        to: registry(name),
        source: source.map(str::to_owned),
        in_force: name == "rust-crates",
        host: HostTrust::Known,
        credential: credential.map(str::to_owned),
        crates_io: Some(name != "tools"),
    };
    let plain = Some("/home/ana/.cargo/credentials.toml");
    let strange =
        IndexUrl::parse("sparse+https://ado.attacker.example/t/C/_packaging/evil/Cargo/index/").unwrap();
    vec![
        known("rust-crates", Some(FILE), plain),
        known("tools", Some("/home/ana/.cargo/config.toml"), None),
        Switchable {
            to: SwitchTo::Registry { name: RegistryName::parse("evil").unwrap(), index: strange },
            host: HostTrust::Unknown,
            crates_io: None,
            ..known("evil", Some(FILE), None)
        },
        known("rust-releases", None, plain),
        Switchable { to: SwitchTo::CratesIo, source: None, ..known("none", None, None) },
    ]
}

/// The same after the switch to `rust-releases`.
fn switched() -> Event {
    let rows = switches().into_iter();
    Event::Switches(rows.map(|row| Switchable { in_force: row.name() == "rust-releases", ..row }).collect())
}

fn file(before: &str, after: &str) -> FileChange {
    FileChange {
        path: FILE.into(),
        scope: ConfigScope::Project,
        before: Some(before.to_owned()),
        after: after.to_owned(),
        lines: diff(before, after),
    }
}

pub(crate) fn change() -> ConfigChange {
    let after = BEFORE.replace("rust-crates", "rust-releases");
    let notes = [
        "git tracks `.cargo/config.toml`: once committed, it changes it for the team.",
        "Cargo downloads the crates again, into the cache folder of this feed, and rebuilds once.",
    ];
    ConfigChange {
        act: Act::Switch,
        what: "switched to `rust-releases`".to_owned(),
        files: vec![file(BEFORE, &after)],
        notes: notes.map(str::to_owned).into(),
        warnings: Vec::new(),
        to: Some(registry("rust-releases")),
    }
}

fn warned_change() -> ConfigChange {
    let warning = |kind, text: &str| Warning { kind, text: text.to_owned() };
    let warnings = vec![
        warning(
            WarningKind::NoUpstream,
            "The feed of `tools` has no upstream source crates.io: crates that it does not hold are not found.",
        ),
        warning(
            WarningKind::NoCredential,
            "Cargo has no credential for `tools`: unless it answers everyone, sign in with `az-cargo-wizard login --org contoso`.",
        ),
    ];
    ConfigChange { warnings, ..change() }
}

fn removal_change() -> ConfigChange {
    let after = BEFORE.replace("[source.crates-io]\nreplace-with = \"rust-crates\"\n\n", "");
    let what = "removed `rust-crates`".to_owned();
    ConfigChange { act: Act::Remove, what, files: vec![file(BEFORE, &after)], to: None, ..change() }
}

fn long() -> ConfigChange {
    let after = (0..60).map(|line| format!("key-{line:02} = {line}")).collect::<Vec<_>>().join("\n");
    ConfigChange { files: vec![file(BEFORE, &after)], ..change() }
}

fn applied() -> Event {
    Event::Applied(vec![Written { path: FILE.into(), backup: None, was_there: true }])
}

fn changed_meanwhile() -> Report {
    Report::new(Exit::Failed, "file-changed", format!("`{FILE}` has changed since it was shown"))
        .hint("look at the new difference, then agree again")
}

fn entry() -> Entry {
    Entry::begun(1_800_000_000, (Act::Switch, "switched to `rust-releases`".to_owned()), None, Vec::new())
}

fn feed_made() -> Entry {
    let what = (Act::FeedCreated, "created the feed contoso/shop".to_owned());
    Entry::elsewhere(1_800_000_060, what, ("Delete it on its page in Azure DevOps.".to_owned(), None))
}

fn undo_file(how: How) -> UndoFile {
    let after = BEFORE.replace("rust-crates", "rust-releases");
    let edited = after.replace("retry = 3", "retry = 9");
    let back = BEFORE.replace("retry = 3", "retry = 9");
    let is_conflict = matches!(how, How::Conflict(_));
    UndoFile {
        path: FILE.into(),
        ours: diff(BEFORE, &after),
        theirs: if how == How::Exact { Vec::<DiffLine>::new() } else { diff(&after, &edited) },
        change: (!is_conflict).then(|| file(&edited, &back)),
        deletes: false,
        how,
    }
}

fn undo_exact() -> UndoPlan {
    UndoPlan { entry: entry(), files: vec![undo_file(How::Exact)], later: Vec::new() }
}

pub(crate) fn merged_plan() -> UndoPlan {
    UndoPlan { files: vec![undo_file(How::Merged)], ..undo_exact() }
}

pub(crate) fn conflict_plan() -> UndoPlan {
    let why = "the line that was written has been edited since".to_owned();
    UndoPlan { files: vec![undo_file(How::Conflict(why))], ..undo_exact() }
}

/// The keys are pressed on the feed that was used before, or on that itself to take it away.
fn planned(wizard: Wizard, keys: &str, change: ConfigChange) -> Wizard {
    let row = if keys == "x" { "" } else { "<down><down><down>" };
    wizard.with_switches().press(row).press(keys).answer(Event::Planned(Box::new(change)))
}

fn undoing(wizard: Wizard, plan: UndoPlan) -> Wizard {
    wizard.with_switches().press("u").answer(Event::UndoPlanned(Box::new(plan)))
}

fn opened() -> Wizard {
    Wizard::opened(Theme::default())
}

fn shown(wizard: &Wizard) -> String {
    text_of(drawn(wizard, USUAL).buffer())
}

#[track_caller]
fn asked_for(wizard: &Wizard) -> SwitchTo {
    match wizard.request() {
        Request::PlanSwitch(wish) => match &wish.to {
            Wanted::Known(to) => to.clone(),
            typed @ Wanted::Typed(_) => panic!("{typed:?}"),
        },
        other => panic!("no switch was asked for, but {other:?}"),
    }
}

#[test]
fn enter_and_digits_ask_for_the_row_they_name() {
    assert_eq!(asked_for(&opened().with_switches().press("<down><enter>")), registry("tools"));
    assert_eq!(asked_for(&opened().with_switches().press("4")), registry("rust-releases"));
    assert_eq!(asked_for(&opened().with_switches().press("5")), SwitchTo::CratesIo);
    assert_eq!(asked_for(&opened().with_switches().press("/rele<enter>1")), registry("rust-releases"));
    let in_a_field = opened().with_switches().press("/4");
    assert!(!matches!(in_a_field.request(), Request::PlanSwitch(_)), "a digit is text there");
    let elsewhere = opened().with_switches().press("<tab><tab>4");
    assert!(!matches!(elsewhere.request(), Request::PlanSwitch(_)), "digits are for the Feeds tab");
}

#[test]
fn a_switch_without_a_warning_is_made_at_once_and_looked_at_again() {
    let making = planned(opened(), "<enter>", change());
    assert!(matches!(making.request(), Request::MakeChange(_)), "{:?}", making.request());
    let made = making.answer(applied());
    let requests: Vec<&Request> = made.started.iter().rev().take(2).map(|(_, request)| request).collect();
    assert!(requests.contains(&&Request::Check) && requests.contains(&&Request::Switches), "{requests:?}");
    assert!(!shown(&made).contains("Switched to"), "not before the list shows it");
    let text = shown(&made.answer(switched()));
    assert!(
        text.contains("Switched to `rust-releases`; u takes it back") && text.contains("for the team"),
        "{text}"
    );
}

#[test]
fn what_speaks_against_it_is_said_before_and_esc_changes_nothing() {
    let asked = planned(opened(), "<enter>", warned_change());
    assert!(matches!(asked.request(), Request::PlanSwitch(_)), "nothing is made yet");
    let closed = planned(opened(), "<enter>", warned_change()).press("<esc>");
    assert!(matches!(closed.request(), Request::PlanSwitch(_)));
    assert_eq!(closed.app.step(), Step::Feeds);
    assert!(matches!(asked.press("<enter>").request(), Request::MakeChange(_)));
}

#[test]
fn a_feed_of_the_list_without_crates_io_is_warned_of_even_where_the_record_knows_nothing() {
    let wizard = opened().dashboard_with(world::feeds()).press("/web<enter><enter>");
    assert!(matches!(asked_for(&wizard), SwitchTo::Registry { name, .. } if name.as_str() == "web"));
    let shown = shown(&wizard.answer(Event::Planned(Box::new(change()))));
    assert!(shown.contains("no upstream source crates.io"), "{shown}");
}

#[test]
fn the_warning_is_about_the_feed_that_was_asked_for_wherever_the_cursor_goes_meanwhile() {
    let wizard = opened().dashboard_with(world::feeds()).press("/web<enter><enter><esc>g");
    let warned = shown(&wizard.answer(Event::Planned(Box::new(change()))));
    assert!(warned.contains("no upstream source crates.io"), "{warned}");
    let wizard = opened().dashboard_with(world::feeds()).press("<down><enter>/web<enter>");
    let unwarned = wizard
        .answer_to(|request| matches!(request, Request::PlanSwitch(_)), Event::Planned(Box::new(change())));
    assert!(matches!(unwarned.request(), Request::MakeChange(_)), "{}", shown(&unwarned));
}

#[test]
fn a_list_that_fails_during_a_switch_is_not_the_switchs_failure() {
    let credential = az_cargo_wizard::domain::credential::Credential::Pat(
        az_cargo_wizard::domain::credential::Secret::new(world::TOKEN),
    );
    let wizard = opened().with_switches().stored(Some(credential)).press("4");
    let wizard = wizard.answer_to(
        |request| matches!(request, Request::Feeds { .. }),
        Event::Failed(Box::new(Report::new(Exit::Failed, "no-json", "the service answered in no known way"))),
    );
    let text = shown(&wizard);
    assert!(text.contains("are not listed") && !text.contains("Nothing was changed"), "{text}");
    let planned = Event::Planned(Box::new(change()));
    let wizard = wizard.answer_to(|request| matches!(request, Request::PlanSwitch(_)), planned);
    assert!(matches!(wizard.request(), Request::MakeChange(_)), "{:?}", wizard.request());
}

#[test]
fn a_configuration_that_cannot_be_read_is_not_the_services_failure() {
    let wizard = opened().dashboard_of(world::looked_at()).stored(None);
    let broken = Report::new(Exit::Failed, "config-invalid", "`.cargo/config.toml` is no TOML");
    let wizard = wizard.answer_to(|request| *request == Request::Switches, Event::Failed(Box::new(broken)));
    let text = shown(&wizard);
    assert!(text.contains("could not be read") && !text.contains("are not listed"), "{text}");
}

#[test]
fn rows_keep_their_digits_after_a_switch() {
    let moved = || {
        let mut list = switches();
        list.rotate_right(2);
        list
    };
    let wizard = opened().with_switches().press("4").answer(Event::Planned(Box::new(change())));
    let wizard = wizard.answer(applied());
    let wizard = wizard.answer_to(|request| *request == Request::Switches, Event::Switches(moved()));
    assert_eq!(asked_for(&wizard.press("1")), registry("rust-crates"));
}

#[test]
fn the_details_of_one_feed_are_not_shown_under_another() {
    let feeds = world::feeds();
    let told = world::details(&feeds[0]);
    let wizard = opened().dashboard_with(feeds).press("d");
    let first = wizard.job();
    let other = wizard.press("<esc><down>d").told(az_cargo_wizard::tui::Msg::Job(first, told));
    assert!(!shown(&other).contains("@Prerelease"), "{}", shown(&other));
}

#[test]
fn the_difference_is_read_to_its_end_before_it_is_agreed_to() {
    let long = planned(opened(), "p", long()).press("<enter>");
    assert!(matches!(long.request(), Request::PlanSwitch(_)), "read on first");
    assert!(matches!(long.press("<end><enter>").request(), Request::MakeChange(_)));
}

#[test]
fn a_file_that_was_edited_meanwhile_is_looked_at_again() {
    let failed = planned(opened(), "<enter>", change()).fail(changed_meanwhile());
    assert!(shown(&failed).contains("Nothing was changed"));
    let again = failed.press("r");
    assert!(matches!(again.request(), Request::PlanSwitch(_)));
    let seen = again.answer(Event::Planned(Box::new(change())));
    assert!(shown(&seen).contains("This will be written"), "shown first, this time");
}

#[test]
fn what_is_as_it_was_left_is_taken_back_at_once_and_everything_else_is_shown() {
    let exact = undoing(opened(), undo_exact());
    assert!(matches!(exact.request(), Request::Undo(_)), "{:?}", exact.request());
    let undone = exact.answer(applied()).answer(Event::Switches(switches()));
    assert!(shown(&undone).contains("Taken back: switched to `rust-releases`"));
    let merged = undoing(opened(), merged_plan());
    assert!(matches!(merged.request(), Request::PlanUndo(None)));
    assert!(matches!(merged.press("<end><enter>").request(), Request::Undo(_)));
    let conflict = undoing(opened(), conflict_plan()).press("<end><enter>");
    assert!(matches!(conflict.request(), Request::PlanUndo(None)), "there is nothing to agree to");
}

/// A reading that began before a change and ends after it must not bring back what was.
#[test]
fn what_was_read_before_a_change_is_read_again() {
    let is_reading = |request: &Request| *request == Request::Switches;
    let readings = |wizard: &Wizard| wizard.started.iter().filter(|(_, request)| is_reading(request)).count();
    let asked = opened().dashboard_of(world::looked_at()).press("G<enter>");
    let made = asked.answer(Event::Planned(Box::new(change()))).answer(applied());
    let before = readings(&made);
    let late = made.answer_to(is_reading, Event::Switches(switches()));
    assert_eq!(readings(&late), before + 1);
    assert!(!shown(&late).contains("Switched to"));
    assert!(shown(&late.answer_to(is_reading, switched())).contains("Switched to"));
}

#[test]
fn leaving_waits_for_what_is_being_written() {
    let leaving = planned(opened(), "<enter>", change()).press("q");
    assert_eq!(leaving.quit, None);
    assert!(leaving.answer(applied()).quit.is_some());
}

#[test]
fn a_feed_that_no_file_names_gets_a_free_name() {
    let mut feeds = world::feeds();
    feeds.push(world::rust_feed("tools", Some("Elsewhere")));
    let credential = az_cargo_wizard::domain::credential::Credential::Pat(
        az_cargo_wizard::domain::credential::Secret::new(world::TOKEN),
    );
    let wizard = opened().with_switches().stored(Some(credential)).answer(Event::Feeds(feeds));
    let asked = wizard.press("/Elsewhere<enter><enter>");
    assert!(
        matches!(asked_for(&asked), SwitchTo::Registry { name, .. } if name.as_str() == "tools-2"),
        "{:?}",
        asked.request()
    );
}

#[test]
fn keys_that_do_nothing_here_say_why() {
    for (keys, why) in [
        ("<enter>", "already in force"),
        ("Gx", "nothing to remove"),
        ("<down><down><down>x", "no file names this feed"),
        ("r", "no organization is at hand"),
    ] {
        let wizard = if keys == "r" {
            let bare = az_cargo_wizard::task::check::Checkout { in_force: None, ..world::looked_at() };
            opened().dashboard_on(bare.clone(), bare)
        } else {
            opened().with_switches()
        };
        let text = shown(&wizard.press(keys));
        assert!(text.contains(why), "{keys}: {text}");
    }
    let nobody = opened().dashboard_of(world::looked_at()).stored(None).press("r");
    assert!(shown(&nobody).contains("nobody is signed in"), "{}", shown(&nobody));
}

/// What failed with the feed before says nothing of this one.
#[test]
fn a_switch_takes_old_failures_off_the_tabs() {
    let failed = opened().dashboard_of(world::looked_at()).press("<tab><enter>").ended(
        az_cargo_wizard::domain::progress::FetchEnd::Failed { at: None },
        Some(world::sign_in_needed()),
    );
    let failed = failed.press("<s-tab>");
    assert!(shown(&failed).contains("Restore ✗"), "{}", shown(&failed));
    assert!(
        failed.app.summary().iter().any(|line| line.contains("cargo fetch")),
        "{:?}",
        failed.app.summary()
    );
    let wizard = crate::organizations::switched(failed, world::looked_at());
    assert!(!shown(&wizard).contains('✗'), "{}", shown(&wizard));
    assert!(wizard.app.summary().is_empty(), "{:?}", wizard.app.summary());
}
