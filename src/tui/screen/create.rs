//! New feed: name, visibility, upstream sources, scope, and the second feed for publishing; then the requests
//! to agree to. No step of the rail: it is opened from the list of feeds and leads back there.

mod form;
#[cfg(test)]
mod tests;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::feed::Feed;
use crate::domain::new_feed::{NewFeed, RequestPreview};
use crate::error::Report;
use crate::task::create_feed::{Change, MadeFeed, NewFeeds};
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, Offer, SCROLLS, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::page::Page;
use super::super::widget::request;
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};
use form::{Complaint, Form};

#[derive(Debug, Default)]
enum State {
    #[default]
    Asking,
    Planning(Vec<NewFeed>),
    /// The requests, waiting for a yes.
    Planned(Vec<NewFeed>, Vec<RequestPreview>),
    /// Looking whether the names are free; nothing has been sent.
    Checking,
    /// A request that makes a feed is on its way.
    Sending,
    Failed(Box<Report>),
    /// All feeds are there, but not all of the plan came true.
    Short,
}

#[derive(Debug, Default)]
pub(super) struct Create {
    state: State,
    form: Form,
    /// The organization that the form is for.
    of: Option<String>,
    /// After Enter every complaint is shown, also of what was not begun.
    complaint: Option<Complaint>,
    /// The feeds of this plan that exist, the one to consume from first: they are never made again.
    made: Vec<Feed>,
    shortfalls: Vec<Report>,
    scroll: Scroll,
}

impl Create {
    fn plan(&mut self, session: &Session) -> Vec<Act> {
        match self.form.feeds(session) {
            Ok(feeds) => match of_session(session, feeds.clone()) {
                Some(new) => {
                    self.state = State::Planning(feeds);
                    self.scroll = Scroll::default();
                    vec![Act::Start(Request::PlanFeeds(Box::new(new)))]
                }
                None => vec![Act::Back],
            },
            Err(complaint) => {
                self.form.question = complaint.question;
                self.complaint = Some(complaint);
                self.state = State::Asking;
                Vec::new()
            }
        }
    }

    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        match &self.state {
            State::Asking | State::Failed(_) => self.plan(session),
            // Nothing is agreed to that was not seen.
            State::Planned(..) if self.scroll.below() > 0 => {
                self.scroll.act(Action::PageDown);
                Vec::new()
            }
            State::Planned(feeds, _) => {
                let Some(new) = of_session(session, feeds.clone()) else { return vec![Act::Back] };
                self.state = State::Checking;
                vec![Act::Start(Request::Change(Box::new(Change::Create(new))))]
            }
            State::Short => self.finish(session),
            State::Planning(_) | State::Checking | State::Sending => Vec::new(),
        }
    }

    fn take_made(&mut self, made: MadeFeed, session: &mut Session) {
        session.making.sending = None;
        session.making.made(session.target.as_ref(), made.feed.clone());
        self.shortfalls.extend(made.shortfalls);
        self.made.push(made.feed);
        self.form.first_is_made();
        if let [consume, publish] = self.made.as_slice() {
            session.making.pairs.push((consume.id.clone(), publish.clone()));
        }
    }

    /// Back to the list; the next new feed begins with an empty form.
    fn finish(&mut self, session: &mut Session) -> Vec<Act> {
        let labels: Vec<String> = self.made.iter().map(Feed::label).collect();
        *self = Self::default();
        self.of = None;
        session.making.sending = None;
        vec![Act::Go(Step::Feed), Act::Say(format!("created {}", labels.join(" and ")))]
    }
}

/// What the job needs of the session; `None` where nobody is signed in.
fn of_session(session: &Session, feeds: Vec<NewFeed>) -> Option<NewFeeds> {
    let collection = session.target.as_ref()?.collection.clone();
    Some(NewFeeds { collection, credential: session.credential.clone()?, feeds })
}

impl Panel for Create {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        let of = session.target.as_ref().map(|target| target.collection.base().to_string());
        if of != self.of {
            *self = Self { of, form: Form::new(session), ..Self::default() };
        }
        Vec::new()
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let mut offers = match &self.state {
            State::Asking | State::Failed(_) => {
                let mut offers = Vec::new();
                // What was complained of must be changed first.
                offers.extend(self.complaint.is_none().then(|| offer(Action::Accept, "show the request")));
                if self.form.asks_several() {
                    offers.extend([offer(Action::NextField, "next"), offer(Action::Toggle, "change")]);
                }
                offers
            }
            State::Planned(..) => {
                vec![offer(Action::Accept, if self.scroll.below() > 0 { "read on" } else { "send" })]
            }
            State::Short => vec![offer(Action::Accept, "to the feeds")],
            State::Planning(_) | State::Checking | State::Sending => Vec::new(),
        };
        offers.extend([
            offer(Action::Back, "back"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        // What everybody needs comes first on the key bar.
        match &self.state {
            State::Asking | State::Failed(_) if self.form.asks_several() => {
                offers.extend([
                    offer(Action::PreviousField, "previous"),
                    offer(Action::Up, "previous"),
                    offer(Action::Down, "next"),
                ]);
                offers.extend(self.complaint.is_none().then(|| offer(Action::Preview, "show the request")));
            }
            State::Planned(..) if self.scroll.has_more() => offers.extend(SCROLLS),
            _ => {}
        }
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        if action == Action::Accept {
            return self.accept(session);
        }
        match (&self.state, action) {
            (State::Planned(..), action) => self.scroll.act(action),
            (State::Asking | State::Failed(_), Action::Preview) => return self.plan(session),
            (State::Asking | State::Failed(_), action) => {
                match action {
                    Action::NextField | Action::Down => self.form.step(true),
                    Action::PreviousField | Action::Up => self.form.step(false),
                    Action::Toggle => self.form.toggle(),
                    _ => {}
                }
                self.complaint = None;
            }
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            State::Asking => None,
            State::Planning(_) => {
                self.state = State::Asking;
                Some(vec![Act::Cancel])
            }
            State::Planned(..) | State::Failed(_) => {
                self.state = State::Asking;
                Some(Vec::new())
            }
            // It may be sent at this very moment: the job says what has come of it.
            State::Checking => Some(vec![Act::Stop]),
            State::Sending => {
                Some(vec![Act::Say("the request is on its way: it can't be taken back".to_owned())])
            }
            State::Short => Some(self.finish(session)),
        }
    }

    fn in_field(&self) -> bool {
        self.form.in_field() && matches!(self.state, State::Asking | State::Failed(_))
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.form.edit(key);
        self.complaint = None;
        self.state = State::Asking;
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if self.in_field() {
            self.form.paste(pasted);
            self.complaint = None;
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::Previewed(requests) => {
                if let State::Planning(feeds) = &mut self.state {
                    self.state = State::Planned(std::mem::take(feeds), requests);
                }
            }
            Event::Sending(label) => {
                session.making.sending = Some(label);
                self.state = State::Sending;
            }
            Event::FeedMade(made) => self.take_made(*made, session),
            Event::FeedsMade if self.shortfalls.is_empty() => return self.finish(session),
            Event::FeedsMade => self.state = State::Short,
            Event::Failed(report) => {
                // A request whose fate is open may have made it all the same.
                session.making.stale |= session.making.sending.take().is_some();
                self.state = State::Failed(report);
            }
            Event::Cancelled => self.state = State::Asking,
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Planning(_) | State::Checking | State::Sending)
    }

    fn must_end(&self) -> bool {
        matches!(self.state, State::Checking | State::Sending)
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        if let State::Planned(_, requests) = &self.state {
            request::draw(frame, area, (look.theme, requests, &self.scroll));
            return;
        }
        let mut page = Page::new(look.theme, area.width);
        let organization = session.target.as_ref().map(|target| target.collection.name()).unwrap_or_default();
        page.title(&format!("A new feed in {organization}")).gap();
        for feed in &self.made {
            page.good(&format!("{} is created", feed.label()));
        }
        for report in &self.shortfalls {
            page.report(report).gap();
        }
        match &self.state {
            State::Planning(_) => {
                page.busy(look.frame(), "Writing the request").gap();
            }
            State::Checking => {
                page.busy(look.frame(), "Looking whether the name is free").gap();
            }
            State::Sending => {
                if let Some(label) = &session.making.sending {
                    page.busy(look.frame(), &format!("Creating {label}")).gap();
                }
            }
            State::Failed(report) => {
                page.report(report).gap();
            }
            State::Asking | State::Planned(..) | State::Short => {}
        }
        if matches!(self.state, State::Asking | State::Failed(_)) {
            let complaint = self.complaint.clone().or_else(|| self.form.complaint(session));
            self.form.draw(&mut page, complaint.as_ref());
        }
        look.page(frame, area, page);
    }
}
