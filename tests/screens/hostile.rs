//! Strings from outside that try to steer the terminal: whatever the rooms behind have overlooked, none of it
//! may reach the screen.

use az_cargo_wizard::domain::account::Account;
use az_cargo_wizard::domain::credential::{Credential, Secret};
use az_cargo_wizard::domain::diff::DiffLine;
use az_cargo_wizard::domain::feed::{Condition, Feed, FeedDetails, FeedName, FeedProject, Upstream, View};
use az_cargo_wizard::domain::finding::{Finding, Hazard};
use az_cargo_wizard::domain::journal::{How, UndoPlan};
use az_cargo_wizard::domain::organization::ProjectName;
use az_cargo_wizard::domain::plan::{
    ConfigChange, ConfigScope, FileChange, Review, SetupPlan, Warning, WarningKind, Written,
};
use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent, Phase, PlannedCrate};
use az_cargo_wizard::domain::text;
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::check::{Checkout, Guess, HostTrust, InForce};
use az_cargo_wizard::task::doctor::{Check, Diagnosis};
use az_cargo_wizard::task::{CacheDone, CachedCrate, Event, KeptIn, LoggedIn};
use az_cargo_wizard::tui::Theme;

use crate::draw::{NARROW, USUAL, WIDE, drawn, text_of};
use crate::wizard::Wizard;
use crate::world;

/// Marks the text, so that it can be seen whether it is shown at all.
const MARK: &str = "EVIL";

/// ESC and C1 sequences, a clipboard write, a title, line ends, and what turns the direction of writing.
const STEERING: &str = "\u{1b}[31m\u{9b}2J\u{1b}]52;c;ZXZpbA==\u{7}\u{9d}0;title\u{9c}\r\n\u{8}\u{202e}\u{2066}\u{200f}\u{2028}\u{feff}";

fn evil(name: &str) -> String {
    format!("{MARK}{name}{STEERING}{name}")
}

fn report() -> Report {
    Report::new(Exit::Failed, "failed", evil("headline"))
        .cause(evil("cause"))
        .cause(evil("root cause"))
        .detail(evil("detail"))
        .hint(evil("hint"))
}

fn checkout() -> Checkout {
    let base = world::checkout_with_unknown_hosts();
    let guesses = base.guesses.iter().map(|guess| Guess { source: evil("source"), ..guess.clone() });
    Checkout {
        findings: vec![
            Finding::good("Cargo", evil("good")),
            Finding::note("Project", evil("note")),
            Finding::warning("Feed", evil("warning"), evil("remedy")),
        ],
        workspace: Some(evil("/workspace").into()),
        home: Some(evil("/home").into()),
        guesses: guesses.collect(),
        demo_token: Some(evil("token")),
        ..base
    }
}

fn refused() -> Checkout {
    Checkout {
        findings: vec![Finding::failed("Cargo", evil("failed"), evil("remedy"))],
        failure: Some(report()),
        ..checkout()
    }
}

fn found(token_in: Option<String>) -> Checkout {
    let mut feed = world::set_up().in_force.unwrap();
    feed.registry.source = evil("source");
    feed.target.project = ProjectName::parse(&evil("project").replace(['/', '\\'], ""));
    Checkout { in_force: Some(InForce { token_in, host: HostTrust::Known, ..feed }), ..checkout() }
}

fn signed_in() -> Event {
    let account = Account { id: Some(evil("id")), display_name: evil("name"), sign_in_name: evil("address") };
    Event::SignedIn { account, credential: Credential::Pat(Secret::new(world::TOKEN)) }
}

fn feed() -> Feed {
    let source = || Upstream { name: evil("upstream"), ..world::crates_io() };
    Feed {
        id: evil("id"),
        // Controls are no characters of a feed's name, but the directions of writing are.
        name: FeedName::parse(&format!("{MARK}feed\u{202e}\u{2066}x")).unwrap(),
        description: evil("description"),
        project: Some(FeedProject {
            id: evil("id"),
            name: ProjectName::parse(&evil("project")).unwrap(),
            public: true,
        }),
        upstreams: vec![source(), source()],
        upstreams_told: true,
        condition: Condition::UnderMaintenance,
        ..world::feed("x", None)
    }
}

fn details() -> Event {
    let view = || View { name: evil("view"), visibility: evil("visibility") };
    Event::FeedDetails(FeedDetails {
        feed_id: evil("id"),
        views: vec![view(), view()],
        ..FeedDetails::default()
    })
}

fn review(plan: SetupPlan) -> Review {
    let lines = vec![
        DiffLine::Same(evil("  same")),
        DiffLine::Removed(evil("removed")),
        DiffLine::Added(evil("added")),
        DiffLine::Gap,
    ];
    let file = FileChange {
        path: evil("/etc/config").into(),
        scope: ConfigScope::User,
        before: Some(evil("before")),
        after: evil("after"),
        lines,
    };
    Review { plan, files: vec![file], notes: vec![evil("note")] }
}

fn applied() -> Event {
    let backup = Some(evil("/backup").into());
    let kept = Written { path: evil("/written").into(), backup, was_there: true };
    Event::Applied(vec![kept.clone(), Written { backup: None, ..kept }])
}

fn logged_in() -> Event {
    Event::LoggedIn(LoggedIn {
        kept_in: Some(KeptIn::CargosFile(evil("/kept").into())),
        left: None,
        public: false,
        forced: None,
        pat: None,
        replaced: Vec::new(),
    })
}

fn planned() -> FetchEvent {
    let id = world::crate_id("serde", "1.0.228");
    FetchEvent::Planned(vec![PlannedCrate { id, source: evil("source"), cached: None }])
}

fn phases() -> [Phase; 3] {
    [
        Phase::Waiting { on: evil("lock") },
        Phase::Updating { index: evil("index") },
        Phase::Unpacking { name: evil("crate") },
    ]
}

fn at_config(wizard: Wizard) -> Wizard {
    let wizard = wizard.checked(checkout()).press("<enter>").paste(world::TOKEN).press("<enter>");
    wizard.answer(signed_in()).answer(Event::Feeds(vec![feed()])).press("<enter>")
}

/// On the dashboard, where everything is set up.
fn tabs(wizard: Wizard) -> Wizard {
    wizard.checked(found(Some(evil("place"))))
}

fn diagnosis() -> Diagnosis {
    let finding = Finding::failed("Cargo", evil("text"), evil("remedy"));
    Diagnosis { check: Check::Cargo, finding, exit: Exit::Failed }
}

fn change() -> ConfigChange {
    let warnings = vec![Warning { kind: WarningKind::UnknownHost, text: evil("warning") }];
    ConfigChange { what: evil("what"), notes: vec![evil("note")], warnings, ..crate::switch::change() }
}

fn undo() -> UndoPlan {
    let mut plan = crate::switch::conflict_plan();
    plan.entry.what = evil("what");
    plan.files[0].path = evil("/path").into();
    plan.files[0].how = How::Conflict(evil("why"));
    plan.files[0].ours = vec![DiffLine::Added(evil("ours"))];
    plan
}

fn at_restore(wizard: Wizard) -> Wizard {
    let wizard = at_config(wizard).reviewed(review).press("<enter>").answer(applied());
    wizard.press("<enter>").answer(logged_in())
}

fn at_done(wizard: Wizard) -> Wizard {
    let cached = CachedCrate { id: None, file: evil("file"), bytes: 1, in_lock_file: false };
    let folder = world::folder(&evil("folder"), Some(&evil("registry")), vec![cached]);
    let wizard = at_restore(wizard).fetching(vec![planned()]).ended(FetchEnd::Done, None).press("<enter>");
    wizard.answer(Event::Cache(vec![folder]))
}

/// Every place that shows a string from outside.
fn screens() -> Vec<(&'static str, Wizard)> {
    let wizard = || Wizard::opened(Theme::default());
    let hazard = Hazard { file: evil("file"), setting: evil("setting"), effect: "run a program" };
    let removed = FetchEnd::Cancelled { removed: vec![evil("removed"), evil("removed")] };
    let mut screens = vec![
        ("hazards", wizard().answer(Event::NeedsTrust(vec![hazard]))),
        ("findings", wizard().checked(checkout()).press("<esc>")),
        ("refused", wizard().checked(refused())),
        ("failed check", wizard().fail(report())),
        ("guesses", wizard().checked(checkout())),
        ("typed organization", wizard().checked(checkout()).press("jj").paste(&evil("typed"))),
        ("demo token", wizard().checked(checkout()).press("<enter>")),
        ("failed sign-in", wizard().at_sign_in().paste("x").press("<enter>").fail(report())),
        ("account", at_config(wizard()).press("<esc><esc>")),
        ("feeds", at_config(wizard()).press("<esc>")),
        ("details", at_config(wizard()).press("<esc>").at(0).at(300).answer(details())),
        ("feed filter", at_config(wizard()).press("<esc>/").paste(&evil("filter"))),
        ("failed feeds", wizard().at_sign_in().signed_in().fail(report())),
        ("form", at_config(wizard())),
        ("registry name", at_config(wizard()).press("<tab>").paste(&evil("name"))),
        ("review", at_config(wizard()).reviewed(review)),
        ("failed review", at_config(wizard()).press("<enter>").fail(report())),
        ("log in", at_config(wizard()).reviewed(review).press("<enter>").answer(applied())),
        ("log in as it is", wizard().checked(found(None)).signed_in().reviewed_by(review)),
        ("feeds tab", tabs(wizard())),
        ("ready", tabs(wizard()).press("<tab>")),
        ("doctor tab", tabs(wizard()).press("<s-tab>").answer(Event::Diagnosed(diagnosis()))),
        ("failed doctor", tabs(wizard()).press("<s-tab>").fail(report())),
        ("switch", tabs(wizard()).press("p").answer(Event::Planned(Box::new(change())))),
        ("failed switch", tabs(wizard()).press("p").fail(report())),
        ("undo", tabs(wizard()).press("u").answer(Event::UndoPlanned(Box::new(undo())))),
        ("rows", at_restore(wizard()).fetching(vec![planned()])),
        ("words", at_restore(wizard()).fetching(vec![FetchEvent::Line(evil("  line"))]).press("d")),
        (
            "retries",
            at_restore(wizard()).fetching(vec![FetchEvent::Retry { tries_left: 1, reason: evil("reason") }]),
        ),
        ("removed", at_restore(wizard()).ended(removed, None)),
        ("failed fetch", at_restore(wizard()).ended(FetchEnd::Failed { at: None }, Some(report()))),
        ("done", at_done(wizard())),
        ("failed cache", at_restore(wizard()).ended(FetchEnd::Done, None).press("<enter>").fail(report())),
    ];
    screens.extend(cache());
    screens.extend(
        phases().map(|phase| ("phase", at_restore(wizard()).fetching(vec![FetchEvent::Phase(phase)]))),
    );
    screens
}

/// The Cache tab, after more and more of what its jobs may tell.
fn cache() -> Vec<(&'static str, Wizard)> {
    let told = |events: std::ops::Range<usize>, wizard: Wizard| {
        let events = crate::cache::events(evil).into_iter().take(events.end).skip(events.start);
        events.fold(wizard, Wizard::answer)
    };
    let looking = || told(0..5, crate::cache::at_cache(Wizard::opened(Theme::default())));
    let listed = || looking().answer(Event::CacheDone(CacheDone::Listed));
    let verified = || told(5..7, listed().press("v")).answer(Event::CacheDone(CacheDone::Verified));
    let planned = || told(10..11, listed().press("jx"));
    vec![
        ("cache comes in", looking().at(100)),
        ("cache", listed()),
        ("cache of a registry", listed().press("jj")),
        ("cache of an unknown registry", listed().press("G")),
        ("crates", listed().press("<enter>")),
        ("details of a registry", listed().press("jd")),
        ("details of an unknown registry", listed().press("Gd")),
        ("details of a crate", listed().press("<enter>d")),
        ("details of a file", listed().press("<enter>Gd")),
        ("copied path", listed().press("jy")),
        ("damage", verified()),
        ("damage left", verified().press("<esc><enter>")),
        ("prune", planned()),
        ("still there", told(11..12, told(7..8, planned().press("<enter>")))),
        ("failed look", listed().press("r").fail(report())),
    ]
}

#[test]
fn nothing_that_steers_a_terminal_is_drawn() {
    for (name, wizard) in screens() {
        for size in [WIDE, USUAL, NARROW] {
            let backend = drawn(&wizard, size);
            for cell in &backend.buffer().content {
                let steering = cell.symbol().chars().find(|c| text::is_control(*c));
                assert_eq!(steering, None, "in `{}` of {name}", cell.symbol().escape_debug());
            }
            let text = text_of(backend.buffer());
            assert!(size != WIDE || text.contains(MARK), "{name} does not show what it should:\n{text}");
        }
    }
}

#[test]
fn nothing_that_steers_a_terminal_stays_on_the_normal_screen() {
    for (name, wizard) in screens() {
        let summary = wizard.app.summary();
        assert!(!summary.concat().chars().any(text::is_control), "{name}: {summary:?}");
        assert!(name != "done" || summary.concat().contains(MARK), "{summary:?}");
    }
}
