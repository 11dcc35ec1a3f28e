//! Keys and events in, acts out; no terminal.

use super::*;
use crate::domain::credential::{Credential, Secret};
use crate::domain::feed::{Condition, FeedName, FeedProject, Role};
use crate::domain::new_feed::{FeedScope, Sources, Visibility};
use crate::domain::organization::{ProjectName, Target};
use crate::error::Exit;

fn session() -> Session {
    let target = Target::parse("https://dev.azure.com/contoso/Storefront").unwrap();
    let mut session = Session { target: Some(target), ..Session::default() };
    session.credential = Some(Credential::Pat(Secret::new("hunter2")));
    session.making.known = vec![feed("taken")];
    session
}

fn feed(name: &str) -> Feed {
    let project =
        Some(FeedProject { id: "p".into(), name: ProjectName::parse("Storefront").unwrap(), public: false });
    Feed {
        id: format!("id-{name}"),
        name: FeedName::parse(name).unwrap(),
        description: String::new(),
        project,
        upstreams: Vec::new(),
        upstreams_told: true,
        role: Some(Role::Owner),
        condition: Condition::Sound,
    }
}

/// The screen, opened.
fn opened(session: &mut Session) -> Create {
    let mut screen = Create::default();
    assert_eq!(screen.enter(session), []);
    screen
}

fn type_name(screen: &mut Create, session: &mut Session, name: &str) {
    screen.edit(Key::Ctrl('u'), session);
    for c in name.chars() {
        screen.edit(Key::Char(c), session);
    }
}

/// The feeds of the request that was started.
fn planned(acts: &[Act]) -> Vec<NewFeed> {
    match acts {
        [Act::Start(Request::PlanFeeds(new))] => new.feeds.clone(),
        other => panic!("{other:?}"),
    }
}

fn sent(acts: &[Act]) -> Vec<NewFeed> {
    let [Act::Start(Request::Change(change))] = acts else { panic!("{acts:?}") };
    let Change::Create(new) = &**change else { panic!("{change:?}") };
    new.feeds.clone()
}

fn preview() -> Event {
    let body = "{}".to_owned();
    Event::Previewed(vec![RequestPreview { method: "POST", url: "https://x".into(), body }])
}

fn made(name: &str) -> Event {
    Event::FeedMade(Box::new(MadeFeed { feed: feed(name), shortfalls: Vec::new() }))
}

fn failure(code: &'static str) -> Event {
    Event::Failed(Box::new(Report::new(Exit::Failed, code, "it failed")))
}

/// From the form to the request that is sent.
fn send(screen: &mut Create, session: &mut Session) -> Vec<NewFeed> {
    let planned = planned(&screen.act(Action::Accept, session));
    screen.event(preview(), session);
    let feeds = sent(&screen.act(Action::Accept, session));
    assert_eq!(feeds, planned, "what is sent is what was shown");
    feeds
}

#[test]
fn the_recommended_answers_are_there_at_once() {
    let mut session = session();
    let mut screen = opened(&mut session);
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    let [consume, publish] = feeds.as_slice() else { panic!("{feeds:?}") };
    assert_eq!(
        (consume.name.as_str(), publish.name.as_str()),
        ("storefront-crates", "storefront-crates-publish")
    );
    assert_eq!((consume.sources, publish.sources), (Sources::CratesIo, Sources::None));
    assert_eq!(consume.visibility, Visibility::Organization);
    assert_eq!(consume.scope, FeedScope::Project(ProjectName::parse("Storefront").unwrap()));
}

#[test]
fn every_answer_can_be_another_one() {
    let mut session = session();
    let mut screen = opened(&mut session);
    type_name(&mut screen, &mut session, "mine");
    screen.act(Action::NextField, &mut session);
    screen.paste("All of it\n", &mut session);
    for _ in 0..3 {
        screen.act(Action::NextField, &mut session);
        screen.act(Action::Toggle, &mut session);
    }
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    let [feed, publish] = feeds.as_slice() else { panic!("{feeds:?}") };
    assert_eq!((feed.name.as_str(), feed.description.as_str()), ("mine", "All of it"));
    assert_eq!((feed.visibility, feed.sources), (Visibility::Specific, Sources::Common));
    assert_eq!((&feed.scope, publish.name.as_str()), (&FeedScope::Organization, "mine-publish"));

    // Without upstream sources it is a feed to publish to, and no second one is asked about.
    screen.close(&mut session);
    screen.act(Action::PreviousField, &mut session);
    screen.act(Action::Toggle, &mut session);
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    assert_eq!((feeds.len(), feeds[0].sources), (1, Sources::None));
}

#[test]
fn the_second_feed_can_be_left_out_or_named_otherwise() {
    let mut session = session();
    let mut screen = opened(&mut session);
    screen.act(Action::PreviousField, &mut session);
    assert!(screen.in_field(), "its name is the last question");
    type_name(&mut screen, &mut session, "ours");
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    assert_eq!(feeds[1].name.as_str(), "ours");
    screen.close(&mut session);
    type_name(&mut screen, &mut session, "Storefront-Crates");
    assert_eq!(screen.act(Action::Accept, &mut session), [], "two feeds need two names");
    screen.act(Action::Up, &mut session);
    screen.act(Action::Toggle, &mut session);
    assert_eq!(planned(&screen.act(Action::Accept, &mut session)).len(), 1);
}

#[test]
fn a_name_is_checked_as_it_is_typed() {
    let mut session = session();
    let mut screen = opened(&mut session);
    for (name, words) in [
        ("my feed", "white space"),
        ("_x", "starts with neither"),
        ("a@b", "no `@`"),
        ("Taken", "the name is taken by Storefront/taken"),
    ] {
        type_name(&mut screen, &mut session, name);
        let complaint = screen.form.complaint(&session).unwrap();
        assert!(complaint.words.contains(words), "{name}: {complaint:?}");
        assert_eq!(screen.act(Action::Accept, &mut session), [], "{name}");
    }
    type_name(&mut screen, &mut session, "");
    assert_eq!(screen.form.complaint(&session), None, "nothing is said of what was not begun");
    assert_eq!(screen.act(Action::Accept, &mut session), []);
    assert!(screen.complaint.is_some(), "but Enter says it");
}

#[test]
fn the_suggested_name_is_never_one_that_is_taken() {
    let mut session = session();
    session.making.known = vec![feed("Storefront-Crates")];
    let mut screen = opened(&mut session);
    assert_eq!(screen.act(Action::Accept, &mut session), []);
}

#[test]
fn without_a_project_the_one_of_the_feed_under_the_cursor_is_proposed() {
    let mut session = session();
    session.target = Target::parse("contoso");
    session.making.subject = Some(feed("x"));
    let mut screen = opened(&mut session);
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    assert_eq!(feeds[0].label(), "Storefront/storefront-crates");
    session.making.subject = None;
    session.target = Target::parse("fabrikam");
    screen.enter(&mut session);
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    assert_eq!(feeds[0].label(), "rust-crates", "another organization, another form");
}

#[test]
fn esc_keeps_what_was_typed() {
    let mut session = session();
    let mut screen = opened(&mut session);
    type_name(&mut screen, &mut session, "mine");
    screen.act(Action::Accept, &mut session);
    assert_eq!(screen.close(&mut session), Some(vec![Act::Cancel]));
    assert_eq!(screen.close(&mut session), None, "then back to the list");
    screen.enter(&mut session);
    let feeds = planned(&screen.act(Action::Accept, &mut session));
    assert_eq!(feeds[0].name.as_str(), "mine");
    screen.event(preview(), &mut session);
    assert_eq!(screen.close(&mut session), Some(Vec::new()), "the request was not agreed to");
}

#[test]
fn a_pair_leads_to_the_list_with_the_feed_to_consume_under_the_cursor() {
    let mut session = session();
    let mut screen = opened(&mut session);
    assert_eq!(send(&mut screen, &mut session).len(), 2);
    for name in ["storefront-crates", "storefront-crates-publish"] {
        screen.event(Event::Sending(format!("Storefront/{name}")), &mut session);
        assert!(session.making.sending.is_some());
        screen.event(made(name), &mut session);
    }
    let acts = screen.event(Event::FeedsMade, &mut session);
    assert!(matches!(acts.as_slice(), [Act::Go(Step::Feed), Act::Say(words)] if words.contains(" and ")));
    assert_eq!(session.making.select.as_deref(), Some("id-storefront-crates"));
    assert_eq!(session.making.sending, None);
    let partner = session.making.partner(&feed("storefront-crates")).unwrap();
    assert_eq!(partner.name.as_str(), "storefront-crates-publish");
    assert_eq!(session.making.summary().len(), 2);
    assert_eq!(screen.enter(&mut session), []);
    assert!(screen.made.is_empty(), "the next one begins anew");
}

#[test]
fn what_was_made_is_never_made_again() {
    let mut session = session();
    let mut screen = opened(&mut session);
    send(&mut screen, &mut session);
    screen.event(Event::Sending("x".into()), &mut session);
    screen.event(made("storefront-crates"), &mut session);
    screen.event(failure("feed-name-taken"), &mut session);
    assert!(screen.failed());
    session.making.known.push(feed("storefront-crates"));
    let feeds = send(&mut screen, &mut session);
    assert_eq!(feeds.len(), 1);
    assert_eq!(feeds[0].name.as_str(), "storefront-crates-publish");
    screen.act(Action::NextField, &mut session);
    assert_eq!(screen.form.question, form::Question::SecondName, "nothing else is asked any more");
}

#[test]
fn what_did_not_come_true_is_shown_before_going_on() {
    let mut session = session();
    let mut screen = opened(&mut session);
    send(&mut screen, &mut session);
    let report = Report::new(Exit::NotAllowed, "visibility-not-set", "feed created; visibility not set");
    let made = MadeFeed { feed: feed("storefront-crates"), shortfalls: vec![report] };
    screen.event(Event::FeedMade(Box::new(made)), &mut session);
    assert_eq!(screen.event(Event::FeedsMade, &mut session), []);
    let acts = screen.act(Action::Accept, &mut session);
    assert!(matches!(acts.as_slice(), [Act::Go(Step::Feed), Act::Say(_)]), "{acts:?}");
}

#[test]
fn what_is_on_its_way_is_not_cancelled_and_leaving_waits_for_it() {
    let mut session = session();
    let mut screen = opened(&mut session);
    send(&mut screen, &mut session);
    assert!(screen.must_end());
    assert_eq!(screen.close(&mut session), Some(vec![Act::Stop]), "it may be in time");
    screen.event(Event::Cancelled, &mut session);
    assert!(!screen.must_end());
    send(&mut screen, &mut session);
    screen.event(Event::Sending("Storefront/x".into()), &mut session);
    let acts = screen.close(&mut session).unwrap();
    assert!(matches!(acts.as_slice(), [Act::Say(words)] if words.contains("can't be taken back")));
    assert!(screen.must_end());
    assert!(session.making.summary()[0].contains("was being created"));
    screen.event(failure("feed-creation-unknown"), &mut session);
    assert!(!screen.must_end() && session.making.summary().is_empty());
}
