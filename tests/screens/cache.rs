//! The Cache tab: registries, their crates, and what is done about them.

use std::time::{Duration, SystemTime};

use az_cargo_wizard::domain::cache::{
    CacheEvent, CacheRow, CachedFile, Cleared, Damage, Era, FileName, FileState, Folder, KnownIndex, Owner,
    PrunePlan, Removal, Selection, Spelling, Target, Verdict,
};
use az_cargo_wizard::error::{Exit, Report};
use az_cargo_wizard::task::{self, CacheDone, CacheJob, Event, Request};
use az_cargo_wizard::tui::{Msg, Step, Theme};

use crate::draw::{USUAL, drawn, text_of};
use crate::states;
use crate::wizard::Wizard;
use crate::world::{self, NOON};

const FEED: &str = "pkgs.dev.azure.com-3a5c1f0e9b7d2468";
const TWIN: &str = "pkgs.dev.azure.com-99aa5c1f0e9b7d24";
const UNKNOWN: &str = "ado.contoso.example-0123456789abcdef";

states! { "cache":
    looking => |wizard| at_cache(wizard).at(300);
    first_rows => |wizard| at_cache(wizard).tell(folders()).tell(CacheEvent::Rows(rows())).at(300);
    listed => |wizard| with_rows(wizard);
    empty => |wizard| at_cache(wizard).tell(CacheEvent::Folders(Vec::new())).done(CacheDone::Listed);
    one => |wizard| one_folder(wizard, vec![row(FEED, "a", 27_500)]);
    far_scrolled => |wizard| one_folder(wizard, numbered(1000)).press("G<up><up>");
    counting => |wizard| at_cache(wizard).tell(folders()).tell(CacheEvent::Rows(uncounted())).press("<enter>d");
    broken_project => |wizard| broken(wizard);
    failed => |wizard| at_cache(wizard).fail(world::file_is_locked());
    wide_names => |wizard| one_folder(wizard, wide());
    inside => |wizard| with_rows(wizard).press("<enter>j");
    of_registry => |wizard| with_rows(wizard).press("jj<enter>");
    unknown_registry => |wizard| with_rows(wizard).press("G");
    sorted_by_registry => |wizard| with_rows(wizard).press("<enter>ss");
    sorted_by_size => |wizard| with_rows(wizard).press("<enter>sss");
    sorted_by_age => |wizard| with_rows(wizard).press("sssssss");
    filtering => |wizard| with_rows(wizard).press("/ser");
    filtered => |wizard| with_rows(wizard).press("/ser<enter>");
    filter_without_match => |wizard| with_rows(wizard).press("/no-such");
    marked => |wizard| with_rows(wizard).press("<enter> jj ");
    all_marked => |wizard| with_rows(wizard).press("<enter>/ser<enter>m");
    details => |wizard| with_rows(wizard).press("<enter>d");
    details_of_a_copy => |wizard| with_rows(wizard).press("<enter>/serde<enter>d");
    details_of_a_registry => |wizard| with_rows(wizard).press("Gd");
    by_crate => |wizard| with_rows(wizard).press("b");
    by_crate_inside => |wizard| with_rows(wizard).press("bjj<enter>");
    by_crate_filtered => |wizard| with_rows(wizard).press("b/ser<enter>");
    verifying => |wizard| comparing(wizard).at(400);
    verified => |wizard| comparing(wizard).done(CacheDone::Verified);
    cancelled => |wizard| comparing(wizard).press("<esc>");
    repair_asked => |wizard| found(wizard);
    repair_left => |wizard| found(wizard).press("<esc>");
    repairing => |wizard| found(wizard).press("<enter>").at(500);
    planning => |wizard| with_rows(wizard).press("jx").at(500);
    prune_asked => |wizard| planned(wizard);
    prune_narrowed => |wizard| narrowed(wizard, 4);
    prune_of_all => |wizard| with_rows(wizard).press("x").done(CacheDone::PrunePlanned(old_crates()));
    nothing_is_that_old => |wizard| narrowed(wizard, 3);
    pruning => |wizard| planned(wizard).press("<enter>").at(500);
    pruned => |wizard| after_pruning(wizard, 0);
    still_there => |wizard| after_pruning(wizard, 1);
    cargo_is_running => |wizard| planned(wizard).press("<enter>").fail(busy());
}

impl Wizard {
    /// The job on the cache tells this.
    fn tell(self, event: CacheEvent) -> Self {
        self.answer(Event::InCache(event))
    }

    fn done(self, done: CacheDone) -> Self {
        self.answer(Event::CacheDone(done))
    }

    fn job_on_cache(&self) -> &CacheJob {
        match self.request() {
            Request::Cache(job) => job,
            other => panic!("no job on the cache, but {other:?}"),
        }
    }

    fn text(&self) -> String {
        text_of(drawn(self, USUAL).buffer())
    }
}

pub(crate) fn at_cache(wizard: Wizard) -> Wizard {
    wizard.dashboard_of(world::looked_at()).press("<tab><tab>").told(Msg::Clock(NOON))
}

fn opened() -> Wizard {
    Wizard::opened(Theme::default())
}

fn index(registry: &str, spelling: Vec<Spelling>) -> Owner {
    let address = "sparse+https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-crates/Cargo/index/";
    Owner::Index(Box::new(KnownIndex {
        registry: registry.to_owned(),
        index: address.to_owned(),
        named_in: ".cargo/config.toml".to_owned(),
        era: Era::Current,
        spelling,
        feed: "contoso/storefront/rust-crates".to_owned(),
    }))
}

fn folder(dir: &str, owner: Owner) -> Folder {
    let has_index = owner.index().is_some();
    let path = format!("/home/ana/.cargo/registry/cache/{dir}").into();
    Folder { dir: dir.into(), path, owner, has_index }
}

fn folders() -> CacheEvent {
    CacheEvent::Folders(vec![
        folder(FEED, index("rust-crates", Vec::new())),
        folder(TWIN, index("rust-crates", vec![Spelling::ForceAuth])),
        folder(UNKNOWN, Owner::Unknown { hint: Some("ado.contoso.example".to_owned()) }),
    ])
}

fn days_ago(days: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(NOON - days * 24 * 60 * 60)
}

fn file(dir: &str, name: &str) -> CachedFile {
    CachedFile { dir: dir.into(), name: FileName::Crate(world::crate_id(name, "1.2.3")) }
}

fn row(dir: &str, name: &str, bytes: u64) -> CacheRow {
    CacheRow {
        file: file(dir, name),
        bytes,
        unpacked: Some(bytes * 4),
        stored: Some(days_ago(40 + bytes % 7)),
        used: Some(days_ago(bytes % 5)),
        in_lock_file: name.len() < 6,
        state: FileState::Unchecked,
    }
}

/// Crates of three registries, one of them in two, and a file that no Cargo has put there.
fn rows() -> Vec<CacheRow> {
    let names =
        ["anyhow", "bitflags", "itoa", "libc", "memchr", "quote", "ryu", "serde", "serde_json", "syn"];
    let mut rows: Vec<CacheRow> =
        names.into_iter().zip(1_u64..).map(|(name, place)| row(FEED, name, place * 12_345)).collect();
    rows.push(row(TWIN, "serde", 98_760));
    rows.push(CacheRow { used: None, stored: Some(days_ago(1300)), ..row(UNKNOWN, "old-tool", 1_234_567) });
    let strange = CachedFile { dir: FEED.into(), name: FileName::Foreign("..%2f..%2fevil.crate".to_owned()) };
    rows.push(CacheRow { file: strange, unpacked: None, in_lock_file: false, ..row(FEED, "a", 13) });
    rows
}

fn with_rows(wizard: Wizard) -> Wizard {
    at_cache(wizard).tell(folders()).tell(CacheEvent::Rows(rows())).done(CacheDone::Listed)
}

fn one_folder(wizard: Wizard, rows: Vec<CacheRow>) -> Wizard {
    let folders = CacheEvent::Folders(vec![folder(FEED, index("rust-crates", Vec::new()))]);
    at_cache(wizard).tell(folders).tell(CacheEvent::Rows(rows)).done(CacheDone::Listed)
}

/// As they come in: nobody has looked yet at what is unpacked.
fn uncounted() -> Vec<CacheRow> {
    rows().into_iter().map(|row| CacheRow { unpacked: None, ..row }).collect()
}

fn broken(wizard: Wizard) -> Wizard {
    let note = "what this project uses is not known: the lock file is not valid: expected `=`, line 3";
    let wizard = at_cache(wizard).tell(CacheEvent::Note(note.to_owned()));
    wizard.tell(folders()).tell(CacheEvent::Rows(rows())).done(CacheDone::Listed)
}

fn numbered(number: usize) -> Vec<CacheRow> {
    (0..number).map(|index| row(FEED, &format!("crate-{index:06}"), 27_500)).collect()
}

fn wide() -> Vec<CacheRow> {
    let name = "日本語のとても長い名前のファイル-👩\u{200d}💻.crate".to_owned();
    let strange = CachedFile { dir: FEED.into(), name: FileName::Foreign(name) };
    vec![
        row(FEED, &"c".repeat(64), 5),
        row(FEED, "short", 7),
        CacheRow { file: strange, ..row(FEED, "a", 1) },
    ]
}

fn checked(name: &str, state: FileState) -> Verdict {
    Verdict { file: file(FEED, name), bytes: 12_345, state }
}

fn comparing(wizard: Wizard) -> Wizard {
    let wizard = with_rows(wizard).press("v");
    // The job tells what it looks at first: that is known already.
    let wizard = wizard.tell(folders()).tell(CacheEvent::Rows(rows()));
    let wizard = wizard.tell(CacheEvent::ToCheck { files: 13, bytes: 2_000_000 });
    wizard.tell(CacheEvent::Checked(vec![
        checked("anyhow", FileState::Whole),
        checked("bitflags", FileState::Whole),
        checked("itoa", FileState::NotTold),
    ]))
}

fn found(wizard: Wizard) -> Wizard {
    let damaged = [("libc", Damage::Truncated), ("serde", Damage::Altered), ("syn", Damage::Empty)];
    let verdicts = damaged.map(|(name, damage)| checked(name, FileState::Damaged(damage)));
    comparing(wizard).tell(CacheEvent::Checked(verdicts.into())).done(CacheDone::Verified)
}

fn plan() -> PrunePlan {
    PrunePlan {
        targets: vec![(Target::Folder(FEED.into()), 3_456_789)],
        crates: 10,
        bytes: 3_456_789,
        warnings: vec![
            "7 crates of them in this project's lock file: Cargo will download them again".to_owned(),
        ],
        lock_files: 0,
    }
}

fn planned(wizard: Wizard) -> Wizard {
    with_rows(wizard).press("jx").done(CacheDone::PrunePlanned(plan()))
}

fn old_crates() -> PrunePlan {
    PrunePlan {
        targets: vec![(Target::Crate(UNKNOWN.into(), world::crate_id("old-tool", "1.2.3")), 6_172_835)],
        crates: 1,
        bytes: 6_172_835,
        ..PrunePlan::default()
    }
}

/// The question about a registry, turned so many answers on; what the last one but one asks for is not there.
fn narrowed(wizard: Wizard, turns: usize) -> Wizard {
    (0..turns).fold(planned(wizard), |wizard, turn| {
        let found = if turn == 3 { plan_of_unlocked() } else { PrunePlan::default() };
        wizard.press(" ").done(CacheDone::PrunePlanned(found))
    })
}

fn plan_of_unlocked() -> PrunePlan {
    let targets = ["bitflags", "memchr"]
        .map(|name| (Target::Crate(FEED.into(), world::crate_id(name, "1.2.3")), 61_725));
    PrunePlan { targets: targets.into(), crates: 2, bytes: 123_450, warnings: Vec::new(), lock_files: 3 }
}

/// Everything that a job on the cache may tell, its texts as they are made from a name.
pub(crate) fn events(text: impl Fn(&str) -> String) -> Vec<Event> {
    let dir: std::sync::Arc<str> = text("dir").into();
    let known = KnownIndex {
        registry: text("registry"),
        index: text("index"),
        named_in: text("named in"),
        era: Era::Old,
        spelling: vec![Spelling::View(text("view"))],
        feed: text("feed"),
    };
    let folder =
        |dir: std::sync::Arc<str>, owner| Folder { path: text("/path").into(), dir, owner, has_index: false };
    let foreign = CachedFile { dir: dir.clone(), name: FileName::Foreign(text("file")) };
    let damaged = CachedFile { dir: dir.clone(), ..file(FEED, "serde") };
    let of = |file: &CachedFile, state| CacheRow { file: file.clone(), state, ..row(FEED, "a", 1) };
    let unreadable = FileState::Damaged(Damage::Unreadable(text("unreadable")));
    let target = Target::Folder(dir.clone());
    let plan = PrunePlan {
        targets: vec![
            (target.clone(), 5),
            (Target::Crate(dir.clone(), world::crate_id("serde", "1.2.3")), 7),
        ],
        crates: 1,
        bytes: 12,
        warnings: vec![text("warning")],
        lock_files: 1,
    };
    let cleared = Cleared { removed: 1, bytes: 5, failed: 1, fetch_again: false };
    let verdict = |file: &CachedFile, state| Verdict { file: file.clone(), bytes: 1, state };
    let told = [
        CacheEvent::Note(text("note")),
        CacheEvent::Folders(vec![
            folder(dir.clone(), Owner::Index(Box::new(known.clone()))),
            folder(text("twin").into(), Owner::Index(Box::new(known))),
            folder(text("unknown").into(), Owner::Unknown { hint: Some(text("hint")) }),
        ]),
        CacheEvent::Rows(vec![of(&foreign, unreadable.clone()), of(&damaged, FileState::Unchecked)]),
        CacheEvent::Unpacked(vec![(damaged.clone(), 5)]),
        CacheEvent::SourcesOnly { dir: dir.clone(), crates: 1, bytes: 7 },
        CacheEvent::ToCheck { files: 2, bytes: 2 },
        CacheEvent::Checked(vec![
            verdict(&foreign, unreadable),
            verdict(&damaged, FileState::Damaged(Damage::Altered)),
        ]),
        CacheEvent::Removed(vec![Removal { target, bytes: 0, failure: Some(text("failure")) }]),
    ];
    let done = [
        CacheDone::Listed,
        CacheDone::Verified,
        CacheDone::PrunePlanned(plan),
        CacheDone::Pruned(cleared.clone()),
        CacheDone::Repaired(Cleared { fetch_again: true, ..cleared }),
    ];
    told.map(Event::InCache).into_iter().chain(done.map(Event::CacheDone)).collect()
}

fn after_pruning(wizard: Wizard, failed: usize) -> Wizard {
    let wizard = planned(wizard).press("<enter>");
    let failure = (failed > 0).then(|| "Permission denied (os error 13)".to_owned());
    let removal = Removal { target: Target::Folder(FEED.into()), bytes: 3_456_789, failure };
    let cleared = Cleared { removed: 1 - failed, bytes: 3_456_789, failed, fetch_again: false };
    wizard.tell(CacheEvent::Removed(vec![removal])).done(CacheDone::Pruned(cleared))
}

fn busy() -> Report {
    Report::new(Exit::Failed, "cache-busy", "Cargo is running, and uses the crate cache")
        .hint("wait until it has ended, then try again")
}

#[test]
fn a_registry_is_pruned_as_it_was_shown_and_only_after_a_yes() {
    let asked = with_rows(opened()).press("jx");
    let selection = Selection { registries: vec![FEED.to_owned()], ..Selection::default() };
    assert_eq!(asked.job_on_cache(), &CacheJob::PlanPrune(selection));
    let left = planned(opened()).press("<esc>");
    assert!(matches!(left.job_on_cache(), CacheJob::PlanPrune(_)), "nothing is deleted");
    let agreed = planned(opened()).press("<enter>");
    assert_eq!(agreed.job_on_cache(), &CacheJob::Prune(plan()));
    let text = after_pruning(opened(), 0).text();
    assert!(text.contains("3.5 MB freed") && !text.contains("anyhow"), "{text}");
}

#[test]
fn what_is_marked_is_pruned_and_else_the_crate_under_the_cursor() {
    let prune = |keys: &str| match with_rows(opened()).press(keys).job_on_cache() {
        CacheJob::PlanPrune(selection) => selection.marked.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(prune("j<enter>x"), [file(FEED, "anyhow")]);
    assert_eq!(prune("j<enter> jj x"), [file(FEED, "anyhow"), file(FEED, "itoa")]);
    assert_eq!(prune("j<enter> jj  x"), [file(FEED, "anyhow")], "a mark is taken back");
    let filtered = "<enter>/ser<enter>m";
    assert_eq!(
        prune(&format!("{filtered}x")),
        [file(FEED, "serde"), file(FEED, "serde_json"), file(TWIN, "serde")]
    );
    assert_eq!(prune(&format!("{filtered}mx")), [file(FEED, "serde")], "nothing is marked any more");
    let every = prune("<enter> mx");
    assert_eq!(every.len(), 12, "all crates, and nothing that is none");
}

#[test]
fn versions_and_copies_of_a_crate_are_one_row_that_opens() {
    // What takes most comes first: old-tool, and then both copies of serde.
    let by_crate = || with_rows(opened()).press("bj");
    let meant = Selection { crates: vec!["serde".to_owned()], ..Selection::default() };
    assert_eq!(by_crate().press("x").job_on_cache(), &CacheJob::PlanPrune(meant.clone()));
    assert_eq!(by_crate().press("v").job_on_cache(), &CacheJob::Verify(meant));
    let marked = |wizard: Wizard| match wizard.press("x").job_on_cache() {
        CacheJob::PlanPrune(selection) => selection.marked.clone().unwrap(),
        other => panic!("{other:?}"),
    };
    assert_eq!(marked(by_crate().press("<enter>m")), [file(FEED, "serde"), file(TWIN, "serde")]);
    assert_eq!(marked(by_crate().press("<enter>j")), [file(TWIN, "serde")]);
    let filtered = by_crate().press("/ser<enter>j<enter>");
    assert_eq!(marked(filtered), [file(FEED, "serde_json")], "the cursor has stayed on serde before");
    let back = by_crate().press("<enter><esc>b").text();
    assert!(back.contains("all registries"), "{back}");
}

#[test]
fn the_only_registry_can_be_looked_at_and_pruned_as_a_whole() {
    let only = || one_folder(opened(), vec![row(FEED, "a", 27_500)]).press("<esc>");
    assert!(only().press("d").text().contains("named in"), "{}", only().press("d").text());
    let selection = Selection { registries: vec![FEED.to_owned()], ..Selection::default() };
    assert_eq!(only().press("x").job_on_cache(), &CacheJob::PlanPrune(selection));
    let back = only().press("<enter>x");
    let CacheJob::PlanPrune(selection) = back.job_on_cache() else { panic!("no plan") };
    assert_eq!(selection.marked, Some(vec![file(FEED, "a")]));
}

#[test]
fn what_is_meant_is_narrowed_by_age_and_by_lock_files_and_never_all_of_the_cache() {
    let asked = |wizard: &Wizard| match wizard.job_on_cache() {
        CacheJob::PlanPrune(selection) => {
            let days = selection.unused_for.map(|age| age.as_secs() / 86_400);
            (selection.registries.len(), days, selection.unused_under.clone())
        }
        other => panic!("{other:?}"),
    };
    let next = |wizard: Wizard| wizard.done(CacheDone::PrunePlanned(PrunePlan::default())).press(" ");
    let project = Some("/home/ana/src/shop".into());
    let mut of_all = with_rows(opened()).press("x");
    for (days, under) in [(Some(90), None), (Some(365), None), (None, project.clone()), (Some(30), None)] {
        assert_eq!(asked(&of_all), (0, days, under));
        of_all = next(of_all);
    }
    let mut of_one = with_rows(opened()).press("jx");
    for (days, under) in
        [(None, None), (Some(30), None), (Some(90), None), (Some(365), None), (None, project)]
    {
        assert_eq!(asked(&of_one), (1, days, under));
        of_one = next(of_one);
    }
    let nothing = narrowed(opened(), 1).press("<enter>");
    assert!(matches!(nothing.job_on_cache(), CacheJob::PlanPrune(_)), "there is nothing to agree to");
    let agreed = narrowed(opened(), 4).press("<enter>");
    assert_eq!(agreed.job_on_cache(), &CacheJob::Prune(plan_of_unlocked()));
}

#[test]
fn rows_that_stream_in_move_neither_the_cursor_nor_the_marks() {
    let selected = |wizard: &Wizard| {
        let buffer = drawn(wizard, USUAL).buffer().clone();
        crate::draw::reversed(&buffer).into_iter().map(|(_, row)| row).collect::<String>()
    };
    let (first, later): (Vec<_>, Vec<_>) =
        rows().into_iter().partition(|row| ["libc", "quote", "serde"].contains(&name_of(row)));
    let wizard = at_cache(opened()).tell(folders()).tell(CacheEvent::Rows(first)).at(100);
    assert!(!wizard.text().contains("would be free"), "nobody knows yet: {}", wizard.text());
    let wizard = wizard.press("<enter> j");
    assert!(selected(&wizard).contains("quote"), "{}", selected(&wizard));
    let wizard = wizard.tell(CacheEvent::Rows(later)).at(200);
    assert!(selected(&wizard).contains("quote") && wizard.text().contains("syn "), "{}", wizard.text());
    let done = wizard.done(CacheDone::Listed);
    assert!(selected(&done).contains("quote") && done.text().contains("1 marked"), "{}", done.text());
    let CacheJob::PlanPrune(selection) = done.press("x").job_on_cache().clone() else { panic!("no plan") };
    assert_eq!(selection.marked, Some(vec![file(FEED, "libc")]));
}

fn name_of(row: &CacheRow) -> &str {
    row.file.name.id().map_or("", |id| id.name.as_str())
}

#[test]
fn damage_is_repaired_and_fetched_again_after_a_yes() {
    let asked = found(opened());
    assert!(matches!(asked.job_on_cache(), CacheJob::Verify(_)));
    let files = ["libc", "serde", "syn"].map(|name| file(FEED, name)).to_vec();
    let agreed = asked.press("<enter>");
    assert_eq!(agreed.job_on_cache(), &CacheJob::Repair(files));
    let cleared = Cleared { removed: 3, bytes: 1, failed: 0, fetch_again: true };
    let fetching = agreed.done(CacheDone::Repaired(cleared));
    assert_eq!(fetching.app.step(), Step::Restore);
    assert_eq!(
        fetching.request(),
        &Request::Restore(task::Restore { locked: true, ..task::Restore::default() })
    );
    let none_of_this_project = found(opened())
        .press("<enter>")
        .done(CacheDone::Repaired(Cleared { fetch_again: false, ..cleared_of(3) }));
    assert_eq!(none_of_this_project.app.step(), Step::Cache);
    assert!(none_of_this_project.text().contains("3 damaged crates deleted"));
}

fn cleared_of(removed: usize) -> Cleared {
    Cleared { removed, ..Cleared::default() }
}

#[test]
fn a_question_that_was_left_is_asked_again_on_a_damaged_crate() {
    let left = found(opened()).press("<esc>");
    let asked = left.press("<enter>g/libc<enter><enter>");
    assert!(asked.text().contains("Delete 3 damaged crates?"), "{}", asked.text());
}

#[test]
fn checking_is_cancelled_at_once_and_deleting_is_waited_for() {
    let verifying = comparing(opened());
    let job = verifying.job();
    assert_eq!(verifying.press("<esc>").cancelled, [job]);
    let pruning = planned(opened()).press("<enter>");
    let job = pruning.job();
    let stopping = pruning.press("<esc>");
    assert_eq!((&stopping.cancelled, stopping.app.moves()), (&vec![job], true));
    let stopped = stopping.answer(Event::Cancelled);
    assert!(stopped.text().contains("Stopped"), "{}", stopped.text());
    let leaving = planned(opened()).press("<enter>q");
    assert!(leaving.quit.is_none() && leaving.app.is_leaving(), "what deletes is not left alone");
    assert_eq!(leaving.answer(Event::Cancelled).quit, Some(Exit::Done));
}

#[test]
fn the_cursor_stays_on_its_crate() {
    let selected = |wizard: &Wizard| {
        let buffer = drawn(wizard, USUAL).buffer().clone();
        crate::draw::reversed(&buffer).into_iter().map(|(_, row)| row).collect::<String>()
    };
    let wizard = with_rows(opened()).press("j<enter>jjj");
    assert!(selected(&wizard).starts_with("libc"), "{}", selected(&wizard));
    let sorted = wizard.press("ssssssss");
    assert!(selected(&sorted).starts_with("libc"), "{}", selected(&sorted));
    let cleared = sorted.press("/c<enter><esc>");
    assert!(selected(&cleared).starts_with("libc"), "{}", selected(&cleared));
}

#[test]
fn the_tab_keeps_what_it_knows_until_something_was_fetched() {
    let listed = with_rows(opened()).press("<enter> ");
    let jobs = listed.started.len();
    let back = listed.press("<tab><s-tab>");
    assert_eq!(
        (back.app.step(), back.started.len()),
        (Step::Cache, jobs + 1),
        "Doctor has looked, nobody else"
    );
    let fetched = back.press("<s-tab><enter>");
    let fetched = fetched.ended(az_cargo_wizard::domain::progress::FetchEnd::Done, None).press("<tab>");
    assert_eq!(fetched.job_on_cache(), &CacheJob::List);
}

#[test]
fn a_path_is_copied() {
    let copied = with_rows(opened()).press("jy<enter>y").copied;
    let folder = format!("/home/ana/.cargo/registry/cache/{FEED}");
    assert_eq!(copied, [folder.clone(), format!("{folder}/anyhow-1.2.3.crate")]);
}
