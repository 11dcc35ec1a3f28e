//! The Config step.

use az_cargo_wizard::domain::credential::{Kept, TokenStore};
use az_cargo_wizard::domain::machine::Machine;
use az_cargo_wizard::domain::plan::OtherReplacement;
use az_cargo_wizard::domain::store::NativeProvider;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::connect::Agreed;
use az_cargo_wizard::task::{Event, Request};
use az_cargo_wizard::tui::Theme;

use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "config":
    file_asked => |wizard| wizard.at_config();
    users_file => |wizard| wizard.at_config().press(" ");
    name_asked => |wizard| wizard.at_config().press("<tab>");
    name_error => |wizard| wizard.at_config().press("<tab>!");
    name_missing => |wizard| wizard.at_config().press("<tab><c-u><enter>");
    view_asked => |wizard| wizard.at_config().press("<tab><tab>");
    local_view => |wizard| wizard.at_config().press("<tab><tab> ");
    named_view => |wizard| {
        let address = "https://dev.azure.com/contoso/Storefront/_artifacts/feed/rust-crates@Release";
        let wizard = wizard.checked(world::bare_checkout()).paste(address).press("<enter>").signed_in();
        wizard.answer(az_cargo_wizard::task::Event::Feeds(world::feeds())).press("<tab><tab>")
    };
    replacement_asked => |wizard| wizard.at_config().press("<tab><tab><tab>");
    store_asked => |wizard| wizard.at_config().press("<s-tab>");
    store_on_a_desktop => |wizard| with_keyring(wizard, Machine::Desktop).press("<s-tab>");
    store_of_cargo_itself => |wizard| with_keyring(wizard, Machine::Desktop).press("<s-tab> ");
    store_over_ssh => |wizard| without_keyring(wizard, Machine::Ssh).press("<s-tab>");
    store_in_wsl => |wizard| without_keyring(wizard, Machine::Wsl).press("<s-tab>");
    store_in_a_container => |wizard| without_keyring(wizard, Machine::Container).press("<s-tab>");
    store_in_a_pipeline => |wizard| without_keyring(wizard, Machine::Pipeline("Azure Pipelines")).press("<s-tab>");
    store_of_this_tool => |wizard| without_keyring(wizard, Machine::Ssh).press("<s-tab>   ");
    store_for_a_sign_in_over_ssh => |wizard| {
        let wizard = wizard.checked(Checkout { machine: Machine::Ssh, ..world::checkout() }).press("<enter>");
        let wizard = wizard.signed_in_with_entra().answer(Event::Feeds(world::feeds())).press("<enter>");
        wizard.answer(Event::Keyring(Err(Box::new(world::no_keyring())))).press("<s-tab>")
    };
    store_agreed_to_before => |wizard| {
        at_config_on(wizard, Machine::Wsl).answer(Event::Keyring(Ok(Kept::File))).press("<s-tab>")
    };
    store_without_libsecret => |wizard| {
        let wizard = at_config_on(wizard, Machine::Desktop).answer(Event::Keyring(Ok(Kept::Keyring)));
        wizard.answer(Event::Native(Err(Box::new(world::no_libsecret())))).press("<s-tab>")
    };
    this_run_only => |wizard| wizard.at_config().press("<s-tab> ");
    cannot_replace_crates_io => |wizard| wizard.with_feeds(world::feeds()).press("jj<enter><tab><tab><tab> ");
    without_a_project => |wizard| {
        let wizard = wizard.checked(world::no_project()).press("contoso<enter>").signed_in();
        wizard.answer(az_cargo_wizard::task::Event::Feeds(world::feeds())).press("<enter> ")
    };
    reviewing => |wizard| wizard.at_config().press("<enter>").at(600);
    reviewed => |wizard| wizard.at_config().reviewed(world::review);
    reviewed_long_lines => |wizard| wizard.at_config().reviewed(world::long_review).press("jjj");
    reviewed_to_its_end => |wizard| wizard.at_config().reviewed(world::long_review).press("<end>");
    wide_names => |wizard| wizard.with_feeds(world::wide_feeds()).press("<enter>");
    nothing_to_write => |wizard| wizard.at_config().reviewed(world::nothing_to_write);
    writing => |wizard| wizard.at_config().reviewed(world::review).agree().at(700);
    mirror_asked => |wizard| wizard.at_config().press("<enter>").answer(world::replaced());
    mirror_given_up => |wizard| wizard.at_config().press("<enter>").answer(world::replaced()).press(" ");
    mirror_kept => |wizard| {
        wizard.at_config().press("<enter>").answer(world::replaced()).press("<enter>").answer(world::replaced())
    };
    failed => |wizard| {
        wizard.at_config().reviewed(world::review).agree().fail(world::file_is_locked())
    };
}

/// At the form, on such a machine.
fn at_config_on(wizard: Wizard, machine: Machine) -> Wizard {
    let checkout = Checkout { machine, ..world::checkout() };
    wizard
        .checked(checkout)
        .press("<enter>")
        .signed_in()
        .answer(Event::Feeds(world::feeds()))
        .press("<enter>")
}

fn with_keyring(wizard: Wizard, machine: Machine) -> Wizard {
    let wizard = at_config_on(wizard, machine).answer(Event::Keyring(Ok(Kept::Keyring)));
    wizard.answer(Event::Native(Ok(NativeProvider::Libsecret)))
}

fn without_keyring(wizard: Wizard, machine: Machine) -> Wizard {
    at_config_on(wizard, machine).answer(Event::Keyring(Err(Box::new(world::no_keyring()))))
}

#[test]
fn cargos_own_provider_is_tried_only_where_a_keyring_answers_and_offered_only_where_it_works() {
    let wizard = at_config_on(Wizard::opened(Theme::default()), Machine::Desktop);
    let tried = wizard.answer(Event::Keyring(Ok(Kept::Keyring)));
    assert_eq!(*tried.request(), Request::TryNative);
    let works = tried.answer(Event::Native(Ok(NativeProvider::Libsecret))).press("<s-tab> <enter>");
    let Request::Review(plan) = works.request() else { panic!("{:?}", works.request()) };
    assert_eq!(plan.store, TokenStore::Native(NativeProvider::Libsecret));
    let without = without_keyring(Wizard::opened(Theme::default()), Machine::Desktop);
    assert!(!without.started.iter().any(|(_, request)| *request == Request::TryNative));
    // Behind the plain file, which is preselected then, comes the run alone.
    let Request::Review(plan) = without.press("<s-tab> <enter>").request().clone() else { panic!() };
    assert_eq!(plan.store, TokenStore::ThisRunOnly);
}

/// The trial is for the organization at hand: a yes to the file for one is none for another.
#[cfg(not(windows))]
#[test]
fn without_a_keyring_a_file_of_this_tool_can_be_chosen_and_is_taken_where_it_was_agreed_to() {
    let store = |wizard: &Wizard| {
        let Request::Review(plan) = wizard.request() else { panic!("{:?}", wizard.request()) };
        plan.store
    };
    let without = || without_keyring(Wizard::opened(Theme::default()), Machine::Ssh);
    let chosen = without().press("<s-tab>  <enter>");
    assert_eq!(store(&chosen), TokenStore::Provider(Kept::File));
    assert_eq!(store(&without().press("<enter>")), TokenStore::PlainFile);
    let before = at_config_on(Wizard::opened(Theme::default()), Machine::Ssh);
    let Request::TryKeyring(Some(base)) = before.request() else { panic!("{:?}", before.request()) };
    assert_eq!(base.as_str(), "https://dev.azure.com/contoso");
    let agreed = before.answer(Event::Keyring(Ok(Kept::File))).press("<enter>");
    assert_eq!(store(&agreed), TokenStore::Provider(Kept::File));
}

fn asked() -> Wizard {
    Wizard::opened(Theme::default()).at_config().press("<enter>").answer(world::replaced())
}

#[test]
fn a_mirror_stays_until_the_person_gives_it_up() {
    let wizard = asked().press("<enter>");
    assert!(matches!(wizard.request(), Request::Review(_)), "{:?}", wizard.request());
    let wizard = asked().press("<space><enter>");
    let Request::ReviewOver(plan, Agreed::To(agreed)) = wizard.request() else {
        panic!("{:?}", wizard.request())
    };
    assert!(plan.replace_crates_io);
    let Event::Replaced(shown) = world::replaced() else { unreachable!("a replacement") };
    assert_eq!(*agreed, shown);
}

#[test]
fn a_yes_to_one_mirror_is_none_to_another_and_none_is_needed_where_crates_io_stays() {
    let Event::Replaced(shown) = world::replaced() else { unreachable!("a replacement") };
    let other = Event::Replaced(Box::new(OtherReplacement { name: "other".into(), ..*shown }));
    let wizard = asked().press("<space><enter>").answer(other).press("<enter>");
    assert!(matches!(wizard.request(), Request::Review(_)), "{:?}", wizard.request());
    // The question before: leave crates.io as it is.
    let wizard = asked().press("<space><s-tab><space><enter>");
    assert!(matches!(wizard.request(), Request::Review(plan) if !plan.replace_crates_io));
}
