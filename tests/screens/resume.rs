//! A wizard that was left half-way: what is kept of it, and how the next one goes on.

use az_cargo_wizard::domain::answers::Answers;
use az_cargo_wizard::domain::plan::ConfigScope;
use az_cargo_wizard::domain::progress::FetchEnd;
use az_cargo_wizard::domain::registry::RegistryName;
use az_cargo_wizard::domain::way::Way;
use az_cargo_wizard::error::Exit;
use az_cargo_wizard::task::check::{Checkout, Guess, HostTrust};
use az_cargo_wizard::task::{Event, JobId, Request};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Step, Theme};

use crate::states;
use crate::wizard::Wizard;
use crate::world;

states! { "resume":
    asked => |wizard| wizard.checked(left(answers()));
    organization_alone => |wizard| {
        wizard.checked(left(Answers::of(&world::target("contoso").collection.base())))
    };
    wide_names => |wizard| {
        let target = world::target("https://pkgs.dev.azure.com/contoso/注文管理システム開発部/_packaging/注文管理の依存関係/Cargo/index/");
        wizard.checked(left(Answers::of_target(&target)))
    };
    gone_on_with => |wizard| wizard.checked(left(answers())).press("<enter>");
}

const INDEX: &str = "https://pkgs.dev.azure.com/contoso/Storefront/_packaging/rust-releases/Cargo/index/";

fn answers() -> Answers {
    let answers = Answers::of_target(&world::target(INDEX)).with_way(Way::Pat);
    let mut answers = answers.with_registry(&RegistryName::parse("team").unwrap());
    (answers.user_file, answers.replace_crates_io) = (Some(true), Some(false));
    answers
}

fn left(answers: Answers) -> Checkout {
    Checkout { unfinished: Some(answers), ..world::checkout() }
}

fn wizard() -> Wizard {
    Wizard::opened(Theme::default())
}

#[test]
fn only_what_cannot_be_kept_is_asked_again() {
    let wizard = wizard().checked(left(answers()));
    assert_eq!((wizard.app.step(), wizard.left.len()), (Step::Check, 0));
    let wizard = wizard.press("<enter>");
    assert_eq!(wizard.app.step(), Step::SignIn);
    let wizard = wizard.signed_in().answer(Event::Feeds(world::feeds()));
    assert_eq!(wizard.app.step(), Step::Config);
    let wizard = wizard.press("<enter>");
    let Request::Review(plan) = wizard.request() else { panic!("no review was asked for") };
    assert_eq!((plan.registry.as_str(), plan.scope), ("team", ConfigScope::User));
    assert!(!plan.replace_crates_io && plan.index.as_str().contains("/rust-releases/"), "{plan:?}");
    assert_eq!(wizard.left.last().cloned().flatten().unwrap_or_else(answers), answers());
}

#[test]
fn starting_anew_forgets_it() {
    let wizard = wizard().checked(left(answers())).press("n");
    assert_eq!((wizard.app.step(), &wizard.left), (Step::Organization, &vec![None]));
    let again = wizard.press("<enter><esc>").press("<esc>r").checked(left(answers()));
    assert_eq!(again.app.step(), Step::Organization, "it is not asked twice");
}

#[test]
fn every_step_that_is_confirmed_is_kept_and_nothing_secret() {
    let last = |wizard: &Wizard| wizard.left.last().cloned().flatten().unwrap();
    let wizard = wizard().at_sign_in();
    assert_eq!(last(&wizard).target().unwrap().collection.name(), "contoso");
    let wizard = wizard.signed_in();
    assert_eq!((last(&wizard).way(), last(&wizard).target().unwrap().feed), (Some(Way::Pat), None));
    let wizard = wizard.answer(Event::Feeds(world::feeds())).press("<enter>");
    assert_eq!(last(&wizard).target().unwrap().feed.unwrap().to_string(), "rust-crates");
    let wizard = wizard.press("<tab>-x<enter>");
    assert_eq!(last(&wizard).registry().unwrap().as_str(), "rust-crates-x");
    assert_eq!((last(&wizard).user_file, last(&wizard).replace_crates_io), (Some(false), Some(true)));
    let wizard = wizard.reviewed_by(world::review).agree().answer(world::applied());
    let wizard = wizard.press("<enter>").answer(world::logged_in());
    assert!(wizard.left.iter().all(Option::is_some));
    let kept = serde_json::to_string(&wizard.left).unwrap();
    assert!(!kept.contains(world::TOKEN), "{kept}");
    let wizard = wizard.fetching(world::fetch()).ended(FetchEnd::Done, None).press("<enter>");
    assert_eq!((wizard.app.step(), wizard.left.last()), (Step::Done, Some(&None)));
    let kept = wizard.left.len();
    assert_eq!(wizard.press("<esc>").left.len(), kept, "it is done");
}

#[test]
fn a_feed_that_is_gone_traps_nobody() {
    let feeds = || world::feeds().into_iter().filter(|feed| feed.name.as_str() != "rust-releases").collect();
    let wizard = wizard().checked(left(answers())).press("<enter>").signed_in().answer(Event::Feeds(feeds()));
    assert_eq!(wizard.app.step(), Step::Feed);
    let wizard = wizard.press("<enter><enter>");
    let Request::Review(plan) = wizard.request() else { panic!("no review was asked for") };
    assert_eq!(plan.registry.as_str(), "rust-crates", "those answers were for another feed");
}

#[test]
fn what_the_configuration_says_goes_before_what_was_left() {
    let cloned = Checkout { unfinished: Some(answers()), ..world::cloned() };
    assert_eq!(wizard().checked(cloned).app.step(), Step::SignIn);
    let set_up = wizard().checked(Checkout { unfinished: Some(answers()), ..world::set_up() });
    assert_eq!((set_up.app.step(), set_up.left), (Step::Feeds, vec![None]));
}

#[test]
fn it_is_offered_only_where_it_may_be_gone_on_with() {
    let named =
        Guess { target: world::target("fabrikam"), source: "--org".to_owned(), host: HostTrust::Known };
    let open = Answers::of(&world::target("http://ado.example/tfs/DefaultCollection").collection.base());
    let garbage: Answers = serde_json::from_str(r#"{"organization":"https://evil\u001b/?"}"#).unwrap();
    let demo = Checkout { demo_origin: Some("http://127.0.0.1:1234".to_owned()), ..left(answers()) };
    for checkout in [Checkout { guesses: vec![named], ..left(answers()) }, left(open), left(garbage), demo] {
        assert_eq!(wizard().checked(checkout).app.step(), Step::Organization);
    }
}

/// The answers that are being kept at that moment are waited for, but not twice.
#[test]
fn leaving_waits_until_the_answers_are_kept() {
    let ends: [fn(JobId) -> Msg; 3] = [
        |id| Msg::Job(id, Event::UnfinishedKept),
        |id| Msg::Job(id, Event::Failed(Box::new(world::no_network()))),
        |_| Msg::Key(Key::Ctrl('c')),
    ];
    for end in ends {
        let (mut app, effects) = App::new(Theme::default(), Opening::Wizard);
        let [Effect::Start(check, Request::Check)] = effects[..] else { panic!("{effects:?}") };
        app.update(Msg::Job(check, Event::Checked(Box::new(world::checkout()))));
        let effects = app.update(Msg::Key(Key::Enter));
        let keeps = effects.iter().find_map(|effect| match effect {
            Effect::Start(id, Request::LeaveUnfinished(_)) => Some(*id),
            _ => None,
        });
        assert!(!app.update(Msg::Key(Key::Ctrl('c'))).contains(&Effect::Quit(Exit::Interrupted)));
        assert!(app.update(end(keeps.unwrap())).contains(&Effect::Quit(Exit::Interrupted)));
    }
}
