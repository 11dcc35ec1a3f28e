//! Adding crates.io to a feed that lacks it: the request, with the whole list that it replaces, and a yes. No
//! step of the rail: it is opened from the list of feeds, with `p`, which previews a change everywhere, and
//! leads back there.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::feed::Feed;
use crate::domain::new_feed::RequestPreview;
use crate::error::Report;
use crate::task::create_feed::{Change, UpstreamOf};
use crate::task::{Event, Request};

use super::super::keymap::{Action, Offer, SCROLLS, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::page::Page;
use super::super::widget::request;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};

#[derive(Debug, Default)]
enum State {
    #[default]
    Planning,
    Planned(RequestPreview),
    Sending,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct Upstream {
    state: State,
    scroll: Scroll,
}

impl Upstream {
    fn plan(&mut self, session: &Session) -> Vec<Act> {
        *self = Self::default();
        match of_session(session) {
            Some(of) => vec![Act::Cancel, Act::Start(Request::PlanUpstream(Box::new(of)))],
            None => vec![Act::Back],
        }
    }

    fn send(&mut self, session: &Session) -> Vec<Act> {
        let State::Planned(request) = &self.state else { return Vec::new() };
        let Some(of) = of_session(session) else { return vec![Act::Back] };
        let change = Change::AddUpstream(of, request.clone());
        self.state = State::Sending;
        vec![Act::Start(Request::Change(Box::new(change)))]
    }
}

fn of_session(session: &Session) -> Option<UpstreamOf> {
    Some(UpstreamOf {
        collection: session.target.as_ref()?.collection.clone(),
        credential: session.credential.clone()?,
        feed: session.making.subject.clone()?,
    })
}

impl Panel for Upstream {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        self.plan(session)
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let mut offers = match &self.state {
            State::Planned(_) => {
                vec![offer(Action::Accept, if self.scroll.below() > 0 { "read on" } else { "send" })]
            }
            State::Failed(_) => vec![offer(Action::RunAgain, "look again")],
            State::Planning | State::Sending => Vec::new(),
        };
        offers.extend([
            offer(Action::Back, "back"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        if matches!(self.state, State::Planned(_)) && self.scroll.has_more() {
            offers.extend(SCROLLS);
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match (action, &self.state) {
            // Nothing is agreed to that was not seen.
            (Action::Accept, State::Planned(_)) if self.scroll.below() > 0 => {
                self.scroll.act(Action::PageDown);
            }
            (Action::Accept, State::Planned(_)) => return self.send(session),
            (Action::RunAgain, State::Failed(_)) => return self.plan(session),
            (action, State::Planned(_)) => self.scroll.act(action),
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            State::Sending => {
                Some(vec![Act::Say("the request is on its way: it can't be taken back".to_owned())])
            }
            State::Planning | State::Planned(_) | State::Failed(_) => None,
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Previewed(mut requests) => {
                if let Some(request) = requests.pop() {
                    self.state = State::Planned(request);
                }
            }
            Event::UpstreamAdded(feed) => {
                let label = feed.label();
                session.making.widened(&feed);
                return vec![Act::Go(Step::Feed), Act::Say(format!("crates.io was added to {label}"))];
            }
            Event::Failed(report) => self.state = State::Failed(report),
            Event::Cancelled => return vec![Act::Back],
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Planning | State::Sending)
    }

    fn must_end(&self) -> bool {
        matches!(self.state, State::Sending)
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        if let State::Planned(shown) = &self.state {
            request::draw(frame, area, (look.theme, std::slice::from_ref(shown), &self.scroll));
            return;
        }
        let mut page = Page::new(look.theme, area.width);
        let label = session.making.subject.as_ref().map(Feed::label).unwrap_or_default();
        page.title(&format!("Add crates.io to {label}")).gap();
        match &self.state {
            State::Planning => {
                page.busy(look.frame(), "Asking for the upstream sources that it has");
            }
            State::Sending => {
                page.busy(look.frame(), "Adding crates.io");
            }
            State::Failed(report) => {
                page.report(report);
            }
            State::Planned(_) => {}
        }
        look.page(frame, area, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::credential::{Credential, Secret};
    use crate::domain::feed::{Condition, FeedName, Role};
    use crate::domain::organization::Target;
    use crate::error::Exit;

    fn feed() -> Feed {
        Feed {
            id: "f-1".into(),
            name: FeedName::parse("rust").unwrap(),
            description: String::new(),
            project: None,
            upstreams: Vec::new(),
            upstreams_told: true,
            role: Some(Role::Owner),
            condition: Condition::Sound,
        }
    }

    fn session() -> Session {
        let mut session = Session { target: Target::parse("contoso"), ..Session::default() };
        session.credential = Some(Credential::Pat(Secret::new("hunter2")));
        session.making.subject = Some(feed());
        session
    }

    fn preview() -> RequestPreview {
        RequestPreview { method: "PATCH", url: "https://x".into(), body: "{}".into() }
    }

    #[test]
    fn nothing_is_sent_before_it_was_shown_and_agreed_to() {
        let mut session = session();
        let mut screen = Upstream::default();
        let acts = screen.enter(&mut session);
        assert!(matches!(acts.as_slice(), [Act::Cancel, Act::Start(Request::PlanUpstream(_))]), "{acts:?}");
        assert_eq!(screen.act(Action::Accept, &mut session), []);
        screen.event(Event::Previewed(vec![preview()]), &mut session);
        assert!(!screen.must_end());
        let acts = screen.act(Action::Accept, &mut session);
        let [Act::Start(Request::Change(change))] = acts.as_slice() else { panic!("{acts:?}") };
        assert!(
            matches!(&**change, Change::AddUpstream(of, shown) if of.feed == feed() && *shown == preview())
        );
        assert!(screen.must_end());
        assert!(matches!(screen.close(&mut session).as_deref(), Some([Act::Say(_)])));
        let acts = screen.event(Event::UpstreamAdded(Box::new(feed())), &mut session);
        assert!(matches!(acts.as_slice(), [Act::Go(Step::Feed), Act::Say(_)]), "{acts:?}");
        assert!(session.making.stale && session.making.select.as_deref() == Some("f-1"));
    }

    #[test]
    fn a_failure_can_be_looked_at_again_and_left() {
        let mut session = session();
        let mut screen = Upstream::default();
        screen.enter(&mut session);
        let report = Report::new(Exit::NotAllowed, "role-too-low", "no");
        screen.event(Event::Failed(Box::new(report)), &mut session);
        assert!(screen.failed());
        assert_eq!(screen.close(&mut session), None);
        let acts = screen.act(Action::RunAgain, &mut session);
        assert!(matches!(acts.as_slice(), [Act::Cancel, Act::Start(_)]));
    }
}
