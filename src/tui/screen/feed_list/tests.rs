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
    assert_eq!(list.labels, ["a", "new", "z"]);
    assert_eq!(list.selected().unwrap().name.as_str(), "new");
    session.target = Target::parse("fabrikam");
    let mut other = loaded(&mut session, &others);
    assert_eq!(other.labels.len(), 2, "it is a feed of another organization");
    session.target = Target::parse("contoso");
    other.event(Event::Feeds(vec![feed("new", Role::Owner, false)]), &mut session);
    assert_eq!(other.labels, ["new"], "what is listed stands there once");
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
