//! A credential that ends in the middle of a fetch, with the real Cargo (cargo-contract 3.5): renewed once, or said to be
//! what nothing renews.

use az_cargo_wizard::auth::vault::Slot;
use az_cargo_wizard::demo::{Fault, Where};
use az_cargo_wizard::domain::credential::{Credential, Secret, TokenStore};
use az_cargo_wizard::domain::plan::SetupPlan;
use az_cargo_wizard::domain::progress::{FetchEnd, FetchEvent, FetchTable, RowState};
use az_cargo_wizard::domain::registry::RegistryName;
use az_cargo_wizard::error::Report;
use az_cargo_wizard::task::{Event, RenewedBy, Request, Restore, SignIn, SignInWith};

use crate::support::wizard::CRATES;
use crate::world::{REGISTRY, World};

/// After so many crates every token ends. Cargo asks for four at a time at most, so that some are stored by then.
const SOME: u32 = 12;

/// Everything that one run tells.
struct Ran {
    told: Vec<Event>,
    table: FetchTable,
    report: Option<Box<Report>>,
}

impl Ran {
    /// A run whose tokens end on the way as often as that.
    fn with_ends(world: &World, ends: usize, credential: Option<(RegistryName, Credential)>) -> Self {
        assert!(matches!(world.ask(Request::Check), Event::Checked(_)));
        (0..ends).for_each(|_| world.demo.arm(Fault::TokensEnd, Where::Blob, SOME));
        let told =
            world.ask_all(Request::Restore(Restore { locked: true, credential, ..Restore::default() }));
        let mut table = FetchTable::default();
        let mut ended = None;
        for event in told.iter().cloned() {
            match event {
                Event::Fetch { at, event } => table.apply(at, event),
                Event::FetchEnded { at, end, report } => {
                    table.finish(at, end);
                    ended = Some(report);
                }
                _ => {}
            }
        }
        Self { told, table, report: ended.unwrap() }
    }

    fn renewals(&self) -> Vec<RenewedBy> {
        let renewed = self.told.iter().filter_map(|event| match event {
            Event::Renewed { renewed, .. } => Some(renewed.by),
            _ => None,
        });
        renewed.collect()
    }

    /// Asserts that each row says what is on the disk: nothing less than all of it, in a run that is done.
    fn assert_whole(&self, world: &World) {
        assert_eq!(self.table.end, Some(FetchEnd::Done), "{:?}", self.report);
        assert_eq!(world.crates(), CRATES);
        let states: Vec<RowState> = self.table.rows().iter().map(|row| row.state).collect();
        assert_eq!(states, vec![RowState::Unpacked; CRATES]);
    }

    /// Asserts that it failed after some crates, each of which is on the disk and called so.
    fn assert_cut_short(&self, world: &World) -> &Report {
        assert!(matches!(self.table.end, Some(FetchEnd::Failed { .. })), "{:?}", self.table.end);
        let tally = self.table.tally();
        assert!((1..CRATES).contains(&tally.stored), "{tally:?}");
        assert_eq!(tally.stored, world.crates());
        assert_eq!(tally.stored + tally.failed + tally.not_reached, CRATES);
        self.report.as_ref().unwrap()
    }
}

#[test]
fn a_kept_sign_in_that_runs_out_on_the_way_is_renewed_and_the_fetch_goes_on() {
    // On a busy machine the end may come before the first crate is stored: then nothing has run out on the way.
    let run = || {
        let world = World::with_entra();
        let before = world.vault().read(&world.base(), Slot::Access).unwrap();
        let ran = Ran::with_ends(&world, 1, None);
        (!ran.renewals().is_empty()).then_some((world, before, ran))
    };
    let (world, before, ran) = (0..5).find_map(|_| run()).unwrap();
    assert_eq!(ran.renewals(), [RenewedBy::Entra]);
    ran.assert_whole(&world);
    assert_ne!(world.vault().read(&world.base(), Slot::Access).unwrap(), before, "the next one is kept");
    let times = ran.told.iter().filter_map(|event| match event {
        Event::Fetch { at, .. } | Event::Renewed { at, .. } | Event::FetchEnded { at, .. } => Some(*at),
        _ => None,
    });
    assert!(times.is_sorted(), "one clock for both runs of Cargo");
    let shown = format!("{:?}", ran.told);
    assert!(!shown.contains("eyJ"), "no token is told");
}

#[test]
fn it_is_renewed_once_and_no_more() {
    let world = World::with_entra();
    let ran = Ran::with_ends(&world, 2, None);
    assert_eq!(ran.renewals(), [RenewedBy::Entra]);
    let report = ran.assert_cut_short(&world);
    assert_eq!(report.exit.code(), 3, "{report}");
}

#[test]
fn a_sign_in_that_cannot_be_renewed_ends_the_fetch_with_what_mends_it() {
    let world = World::with_entra();
    world.vault().write(&world.base(), Slot::Refresh, &Secret::new("0.AXspent")).unwrap();
    let ran = Ran::with_ends(&world, 1, None);
    assert_eq!(ran.renewals(), []);
    let text = ran.assert_cut_short(&world).to_string();
    assert!(text.contains("does not go on by itself") && text.contains("az-cargo-wizard login"), "{text}");
    assert!(!text.contains("0.AXspent"), "{text}");
}

#[test]
fn a_personal_access_token_is_said_to_be_what_nothing_renews() {
    let world = World::with_token();
    let ran = Ran::with_ends(&world, 1, None);
    assert_eq!(ran.renewals(), []);
    let report = ran.assert_cut_short(&world);
    let text = report.to_string();
    assert!(text.contains("nothing renews a personal access token"), "{text}");
    assert!(text.contains("crates that arrived are kept"), "{text}");
    assert_eq!(report.exit.code(), 3);
}

/// Signed in with a device code, set up to keep it nowhere.
fn for_this_run(world: &World) -> Credential {
    let with = SignInWith::DeviceCode;
    let request = SignIn { collection: Some(world.collection()), with };
    let Event::SignedIn { credential, .. } = world.ask(Request::SignIn(Box::new(request))) else {
        panic!("the demo signs everybody in")
    };
    let plan = SetupPlan { store: TokenStore::ThisRunOnly, ..world.plan() };
    let Event::Reviewed(review) = world.ask(Request::Review(plan)) else { panic!("no review") };
    assert!(matches!(world.ask(Request::Apply(review)), Event::Applied(_)));
    credential
}

#[test]
fn a_credential_of_this_run_is_renewed_by_the_run_itself() {
    let world = World::new();
    let held = for_this_run(&world);
    let registry = RegistryName::parse(REGISTRY).unwrap();
    let ran = Ran::with_ends(&world, 1, Some((registry, held.clone())));
    assert_eq!(ran.renewals(), [RenewedBy::Entra]);
    ran.assert_whole(&world);
    let next = ran.told.iter().find_map(|event| match event {
        Event::Renewed { renewed, .. } => renewed.credential.clone(),
        _ => None,
    });
    assert!(next.is_some_and(|next| next != held), "whoever holds it gets the next one");
}

#[test]
fn a_personal_access_token_of_this_run_is_not_renewed_either() {
    let world = World::new();
    for_this_run(&world);
    let registry = RegistryName::parse(REGISTRY).unwrap();
    let token = Credential::Pat(world.demo.token().clone());
    let ran = Ran::with_ends(&world, 1, Some((registry, token)));
    assert_eq!(ran.renewals(), []);
    let text = ran.assert_cut_short(&world).to_string();
    assert!(text.contains("nothing renews a personal access token"), "{text}");
}

/// What is refused at the first contact is no credential that has run out.
#[test]
fn without_progress_nothing_is_tried_again() {
    let world = World::with_entra();
    world.demo.end_entra_tokens();
    let before = world.demo.requests().len();
    assert!(matches!(world.ask(Request::Check), Event::Checked(_)));
    let told = world.ask_all(Request::Restore(Restore { locked: true, ..Restore::default() }));
    assert!(!told.iter().any(|event| matches!(event, Event::Renewed { .. })), "{told:?}");
    let starts = told.iter().filter(|event| {
        let planned = |event: &FetchEvent| matches!(event, FetchEvent::Planned(_));
        matches!(event, Event::Fetch { event, .. } if planned(event))
    });
    assert_eq!(starts.count(), 1, "one run of Cargo");
    assert!(world.requests_since(before).iter().any(|request| request.status == 401));
}
