//! How the list meets the screens that make and change feeds.

use super::*;
use crate::domain::credential::{Credential, Secret};
use crate::domain::feed::{Condition, FeedName, Upstream};
use crate::domain::organization::Target;

fn feed(name: &str, role: Role, crates_io: bool) -> Feed {
    let upstream = Upstream {
        name: "crates.io".into(),
        protocol: "Cargo".into(),
        location: "https://index.crates.io/".into(),
        enabled: true,
    };
    Feed {
        id: format!("id-{name}"),
        name: FeedName::parse(name).unwrap(),
        description: String::new(),
        project: None,
        upstreams: if crates_io { vec![upstream] } else { Vec::new() },
        upstreams_told: true,
        role: Some(role),
        condition: Condition::Sound,
    }
}

fn session() -> Session {
    let mut session = Session { target: Target::parse("contoso"), ..Session::default() };
    session.credential = Some(Credential::Pat(Secret::new("hunter2")));
    session
}

fn loaded(session: &mut Session, feeds: &[Feed]) -> FeedList {
    let mut list = FeedList::default();
    list.enter(session);
    list.event(Event::Feeds(feeds.to_vec()), session);
    list
}

fn labels(list: &FeedList) -> Vec<String> {
    list.feeds.iter().map(Feed::label).collect()
}

fn offers(list: &FeedList, session: &Session, action: Action) -> bool {
    list.offers(session).iter().any(|offer| offer.action == action)
}

#[test]
fn a_new_feed_can_be_made_from_a_list_and_from_an_empty_one() {
    for feeds in [vec![feed("a", Role::Reader, true)], Vec::new()] {
        let mut session = session();
        let mut list = loaded(&mut session, &feeds);
        assert!(offers(&list, &session, Action::New));
        assert_eq!(list.act(Action::New, &mut session), [Act::Go(Step::NewFeed)]);
        assert_eq!(session.making.known, feeds);
        assert_eq!(session.making.subject, feeds.first().cloned());
    }
}

#[test]
fn only_an_owner_is_offered_to_add_crates_io_and_only_where_it_lacks() {
    for (role, crates_io, offered) in
        [(Role::Owner, false, true), (Role::Owner, true, false), (Role::Contributor, false, false)]
    {
        let mut session = session();
        let mut list = loaded(&mut session, &[feed("a", role, crates_io)]);
        assert_eq!(offers(&list, &session, Action::Preview), offered, "{role:?} {crates_io}");
        if offered {
            assert_eq!(list.act(Action::Preview, &mut session), [Act::Go(Step::Upstream)]);
        }
    }
}

#[test]
fn a_feed_that_was_made_is_listed_and_under_the_cursor_even_where_the_service_is_slow() {
    let mut session = session();
    let others = [feed("a", Role::Reader, true), feed("z", Role::Reader, true)];
    let mut list = loaded(&mut session, &others);
    assert_eq!(list.enter(&mut session), [], "nothing has changed");
    session.making.made(session.target.clone().as_ref(), feed("new", Role::Owner, false));
    let acts = list.enter(&mut session);
    assert!(matches!(acts.as_slice(), [Act::Cancel, Act::Start(Request::Feeds { .. })]), "{acts:?}");
    list.event(Event::Feeds(others.to_vec()), &mut session);
    assert_eq!(labels(&list), ["a", "new", "z"]);
    assert_eq!(list.selected().unwrap().name.as_str(), "new");
    session.target = Target::parse("fabrikam");
    let mut other = loaded(&mut session, &others);
    assert_eq!(labels(&other).len(), 2, "it is a feed of another organization");
    session.target = Target::parse("contoso");
    other.event(Event::Feeds(vec![feed("new", Role::Owner, false)]), &mut session);
    assert_eq!(labels(&other), ["new"], "what is listed stands there once");
}

#[test]
fn a_feed_is_chosen_with_the_one_to_publish_to() {
    let mut session = session();
    let feeds = [
        feed("a", Role::Reader, true),
        feed("a-publish", Role::Contributor, false),
        feed("b", Role::Reader, true),
        feed("b-publish", Role::Reader, false),
    ];
    let mut list = loaded(&mut session, &feeds);
    assert_eq!(list.act(Action::Accept, &mut session), [Act::Go(Step::Config)]);
    assert_eq!(session.publish.as_ref().map(Feed::label).as_deref(), Some("a-publish"));
    list.act(Action::Bottom, &mut session);
    list.act(Action::Up, &mut session);
    list.act(Action::Accept, &mut session);
    assert_eq!(session.feed.as_ref().map(Feed::label).as_deref(), Some("b"));
    assert_eq!(session.publish, None, "a reader can't publish there");
    session.making.pairs.push(("id-b".into(), feed("elsewhere", Role::Owner, false)));
    list.act(Action::Accept, &mut session);
    assert_eq!(session.publish.as_ref().map(Feed::label).as_deref(), Some("elsewhere"));
}

#[test]
fn a_feed_whose_upstreams_the_list_leaves_out_is_asked_before_it_is_chosen() {
    let untold = Feed { upstreams_told: false, ..feed("a", Role::Owner, false) };
    let told = FeedDetails {
        feed_id: untold.id.clone(),
        upstreams: Some(feed("a", Role::Owner, true).upstreams),
        ..FeedDetails::default()
    };
    let mut session = session();
    let mut list = loaded(&mut session, std::slice::from_ref(&untold));
    assert!(!offers(&list, &session, Action::Preview), "it may have crates.io already");
    let acts = list.act(Action::Accept, &mut session);
    assert!(matches!(acts.as_slice(), [Act::Cancel, Act::Start(Request::FeedDetails(_))]), "{acts:?}");
    assert_eq!(list.act(Action::Accept, &mut session), [], "it is asked for once");
    assert!(list.moves());
    let acts = list.event(Event::FeedDetails(told), &mut session);
    assert_eq!(acts, [Act::Go(Step::Config)]);
    assert!(session.feed.is_some_and(|feed| feed.has_crates_io()));

    let mut session = self::session();
    let mut list = loaded(&mut session, &[untold]);
    list.act(Action::Accept, &mut session);
    assert_eq!(list.event(refusal(crate::error::Exit::Network), &mut session), []);
    assert_eq!(list.act(Action::Accept, &mut session), [Act::Go(Step::Config)], "it is not held up for ever");
}

fn refusal(exit: crate::error::Exit) -> Event {
    Event::Failed(Box::new(Report::new(exit, "not-allowed", "you may not list the feeds")))
}

#[test]
fn where_nothing_may_be_listed_a_feed_is_typed_and_asked_for_alone() {
    use crate::error::Exit;
    let mut session = session();
    let mut list = FeedList::default();
    list.enter(&mut session);
    list.event(refusal(Exit::NotAllowed), &mut session);
    assert!(list.in_field() && !list.failed());
    list.paste("Web Shop/rust@Local", &mut session);
    let acts = list.act(Action::Accept, &mut session);
    let [Act::Start(Request::FindFeed { address, credential, .. })] = acts.as_slice() else {
        panic!("{acts:?}")
    };
    assert_eq!((address.name.as_str(), credential.is_some()), ("rust", true));
    assert_eq!(address.project.as_ref().map(ToString::to_string).as_deref(), Some("Web Shop"));
    assert_eq!(list.act(Action::Accept, &mut session), [], "it is asked for once");
    list.event(refusal(Exit::NotFound), &mut session);
    assert!(list.in_field(), "another name may be typed");
    assert!(matches!(list.act(Action::Accept, &mut session).as_slice(), [Act::Start(_)]));
    let found = list.event(Event::FeedFound(Box::new(feed("rust", Role::Reader, true))), &mut session);
    assert_eq!(found, [Act::Go(Step::Config)]);
    assert_eq!(session.feed.as_ref().map(Feed::label).as_deref(), Some("rust"));
    let target = session.target.unwrap();
    assert_eq!(target.view.as_ref().map(ToString::to_string).as_deref(), Some("Local"));
}

#[test]
fn a_name_that_is_none_is_not_asked_for() {
    use crate::error::Exit;
    let mut session = session();
    let mut list = FeedList::default();
    list.enter(&mut session);
    list.event(refusal(Exit::NotAllowed), &mut session);
    for text in ["a b", "x/y/z", ""] {
        list.edit(Key::Ctrl('u'), &mut session);
        list.paste(text, &mut session);
        assert_eq!(list.act(Action::Accept, &mut session), [], "{text}");
    }
    list.close(&mut session);
    assert_eq!(list.close(&mut session), None, "Esc goes back");
}

#[test]
fn only_a_refusal_is_answered_by_a_name() {
    use crate::error::Exit;
    for (exit, anonymous, typed) in [
        (Exit::NotAllowed, false, true),
        (Exit::SignIn, false, false),
        (Exit::SignIn, true, true),
        (Exit::Network, false, false),
    ] {
        let mut session = session();
        if anonymous {
            session.go_on_without_signing_in();
        }
        let mut list = FeedList::default();
        list.enter(&mut session);
        list.event(refusal(exit), &mut session);
        assert_eq!((list.in_field(), list.failed()), (typed, !typed), "{exit:?} {anonymous}");
    }
}
