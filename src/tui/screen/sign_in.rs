//! Sign in to Azure: the ways there are, the hidden field for a personal access token, and the code for a device.

mod view;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::entra::ShownCode;
use crate::domain::registry::IndexUrl;
use crate::domain::way::{Offered, Purpose, Way, best};
use crate::error::Report;
use crate::task::{self, Event, Request, SignInWith, SigningIn};

use super::super::keymap::{Action, Key, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::secret_field::SecretField;
use super::{Look, Panel};

#[derive(Debug, Default)]
enum State {
    #[default]
    Choosing,
    /// A personal access token is being typed.
    Entering,
    /// What is waited for; `None`: the organization, to say who this is.
    Asking(Option<SigningIn>),
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct SignIn {
    state: State,
    /// The way under the cursor, or tried last; `None`: the best one.
    way: Option<Way>,
    field: SecretField,
    /// The feed that was asked whether it answers everyone, and what it said.
    probed: Option<(IndexUrl, Option<bool>)>,
}

impl SignIn {
    /// Whether the feed at hand answers without a credential, once it has said so.
    fn open(&self) -> Option<bool> {
        self.probed.as_ref().and_then(|(_, open)| *open)
    }

    /// The ways in their order, each with its word: nobody has to sign in for a feed that answers everyone.
    fn ways(&self, session: &Session) -> Vec<Offered> {
        let purpose = match &session.target {
            Some(target) if !session.listing => Purpose::Organization(&target.collection),
            _ => Purpose::ListMine,
        };
        let mut ways =
            session.checkout.as_ref().map(|checkout| checkout.means.ways(purpose)).unwrap_or_default();
        if let (Some(open), Some(without)) =
            (self.open(), ways.iter_mut().find(|offered| offered.way == Way::Without))
        {
            let note = if open { "this feed answers everyone" } else { "this feed asks who you are" };
            note.clone_into(&mut without.note);
        }
        if self.open() == Some(true) {
            ways.rotate_right(1);
        }
        ways
    }

    fn way(&self, session: &Session) -> Way {
        if let Some(way) = self.way {
            return way;
        }
        if let Some(way) = self.resumed(session) {
            return way;
        }
        if self.open() == Some(true) { Way::Without } else { best(&self.ways(session)).unwrap_or(Way::Pat) }
    }

    /// The way of the wizard that this one goes on with, where it can work.
    fn resumed(&self, session: &Session) -> Option<Way> {
        let way = session.resumed().filter(|_| !session.listing)?.way()?;
        self.ways(session).iter().any(|offered| offered.way == way && offered.works).then_some(way)
    }

    /// To the next way that can work.
    fn move_to(&mut self, forward: bool, session: &Session) {
        let here = self.way(session);
        let ways: Vec<Way> = self
            .ways(session)
            .into_iter()
            .filter(|way| way.works || way.way == here)
            .map(|way| way.way)
            .collect();
        let at = ways.iter().position(|way| *way == here).unwrap_or(0);
        let to = if forward { (at + 1).min(ways.len().saturating_sub(1)) } else { at.saturating_sub(1) };
        self.way = ways.get(to).copied();
    }

    /// Asks the feed at hand whether it answers everyone; of an organization alone nothing can be asked.
    fn probe(&mut self, session: &Session) -> Vec<Act> {
        let index = session.index().filter(|_| !session.listing);
        if self.probed.as_ref().map(|(index, _)| index) == index.as_ref() {
            return Vec::new();
        }
        self.probed = index.clone().map(|index| (index, None));
        self.way = None;
        let (Some(target), Some(index)) = (&session.target, index) else { return Vec::new() };
        vec![Act::Start(Request::Probe { collection: target.collection.clone(), index })]
    }

    fn is_probing(&self) -> bool {
        matches!(self.probed, Some((_, None)))
    }

    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        match &self.state {
            State::Choosing => self.choose(session),
            State::Asking(Some(SigningIn::Code(shown))) => {
                vec![Act::Start(Request::OpenPage(shown.page.clone()))]
            }
            State::Entering | State::Failed(_) if self.is_typing(session) => {
                if self.field.len() > 0 {
                    let token = self.field.take();
                    return self.ask(SignInWith::Token(token), session);
                }
                Vec::new()
            }
            State::Failed(_) => {
                self.state = State::Choosing;
                Vec::new()
            }
            State::Entering | State::Asking(_) => Vec::new(),
        }
    }

    fn choose(&mut self, session: &mut Session) -> Vec<Act> {
        let way = self.way(session);
        let ways = self.ways(session);
        if let Some(offered) = ways.iter().find(|offered| offered.way == way && !offered.works) {
            return vec![Act::Say(format!("{}: {}", way.title(), offered.note))];
        }
        match way {
            Way::Without => {
                session.go_on_without_signing_in();
                session.left.way = Some(way);
                vec![Act::Go(next(session))]
            }
            _ if session.account.is_some() && !session.listing => vec![Act::Go(next(session))],
            _ => self.begin(way, session),
        }
    }

    /// Starts a way, or opens its field.
    fn begin(&mut self, way: Way, session: &Session) -> Vec<Act> {
        self.way = Some(way);
        match way {
            Way::AzureCli => self.ask(SignInWith::AzureCli, session),
            Way::DeviceCode => self.ask(SignInWith::DeviceCode, session),
            Way::Environment => self.ask(SignInWith::Environment, session),
            Way::Pat | Way::Without => {
                self.state = State::Entering;
                Vec::new()
            }
        }
    }

    fn ask(&mut self, with: SignInWith, session: &Session) -> Vec<Act> {
        let collection = session.target.as_ref().filter(|_| !session.listing);
        let collection = collection.map(|target| target.collection.clone());
        if collection.is_none() && !session.listing {
            return vec![Act::Back];
        }
        self.state = State::Asking(None);
        vec![Act::Start(Request::SignIn(Box::new(task::SignIn { collection, with })))]
    }

    /// Whether characters go into the field of the token.
    fn is_typing(&self, session: &Session) -> bool {
        match self.state {
            State::Entering => true,
            State::Failed(_) => self.way(session) == Way::Pat,
            State::Choosing | State::Asking(_) => false,
        }
    }

    fn code(&self) -> Option<&ShownCode> {
        match &self.state {
            State::Asking(Some(SigningIn::Code(shown))) => Some(shown),
            _ => None,
        }
    }

    fn give_up(&mut self) -> Vec<Act> {
        let typed = self.way.is_none_or(|way| way == Way::Pat);
        self.state = if typed { State::Entering } else { State::Choosing };
        // Whether the feed answers everyone is asked again when the step is shown again.
        self.probed = self.probed.take().filter(|(_, open)| open.is_some());
        vec![Act::Cancel]
    }
}

impl Panel for SignIn {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if session.target.is_none() && !session.listing {
            return vec![Act::Back];
        }
        // Another organization was chosen meanwhile: what was proved there proves nothing here.
        if session.account.is_none() && !matches!(self.state, State::Choosing) {
            self.state = State::Choosing;
        }
        let mut acts = self.probe(session);
        // Who was told the organization has signed in already; the organization has yet to say who this is.
        if let Some(credential) =
            session.held.take().filter(|_| session.account.is_none() && !session.listing)
        {
            self.way = Some(Way::DeviceCode);
            acts.extend(self.ask(SignInWith::Held(credential), session));
        }
        acts
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        let signed_in = session.account.is_some() && !session.listing;
        let mut offers = match &self.state {
            State::Choosing => vec![
                offer(Action::Accept, if signed_in { "go on" } else { "choose" }),
                offer(Action::Up, "move"),
                offer(Action::Down, "move"),
            ],
            State::Asking(_) if self.code().is_some() => {
                vec![offer(Action::Accept, "open the page"), offer(Action::Copy, "copy the code")]
            }
            _ if self.is_typing(session) && self.field.len() > 0 => vec![offer(Action::Accept, "sign in")],
            State::Failed(_) if !self.is_typing(session) => {
                vec![offer(Action::Accept, "choose again"), offer(Action::RunAgain, "try again")]
            }
            State::Entering | State::Failed(_) | State::Asking(_) => Vec::new(),
        };
        if has_demo_token(session) && !session.listing && matches!(self.state, State::Choosing) {
            offers.push(offer(Action::Copy, "copy the demo's token"));
        }
        if signed_in && matches!(self.state, State::Choosing) {
            offers.push(offer(Action::RunAgain, "sign in again"));
        }
        offers.extend([
            offer(Action::Back, "back"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match action {
            Action::Accept => return self.accept(session),
            Action::Up => self.move_to(false, session),
            Action::Down => self.move_to(true, session),
            Action::RunAgain => {
                let way = self.way(session);
                return self.begin(way, session);
            }
            Action::Copy => {
                if let Some(shown) = self.code() {
                    let said = Act::Say("the code is on the clipboard".into());
                    return vec![Act::Copy(shown.code.clone()), said];
                }
                let token = session.checkout.as_ref().and_then(|checkout| checkout.demo_token.clone());
                if let Some(token) = token {
                    return vec![Act::Copy(token), Act::Say("the demo's token is on the clipboard".into())];
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            State::Choosing => {
                session.listing = false;
                return None;
            }
            State::Asking(_) => return Some(self.give_up()),
            State::Entering | State::Failed(_) => {
                self.field = SecretField::default();
                self.state = State::Choosing;
            }
        }
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        let typed = self.way.is_none_or(|way| way == Way::Pat);
        matches!(self.state, State::Entering) || (matches!(self.state, State::Failed(_)) && typed)
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.field.key(key);
        self.state = State::Entering;
    }

    fn paste(&mut self, text: &str, session: &mut Session) {
        if matches!(self.state, State::Asking(_)) || session.listing {
            return;
        }
        self.way = Some(Way::Pat);
        self.state = State::Entering;
        self.field.paste(text);
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::SigningIn(stage) => self.state = State::Asking(Some(stage)),
            Event::SignedIn { account, credential } => {
                session.sign_in(account, credential);
                session.left.way = Some(self.way(session));
                self.state = State::Choosing;
                return vec![Act::Go(next(session))];
            }
            Event::Mine { account, credential, organizations } => {
                session.take_mine(&account, credential, organizations);
                self.state = State::Choosing;
                self.way = None;
                return vec![Act::Go(Step::Organization)];
            }
            Event::Probed { open } => {
                if let Some((_, answer)) = &mut self.probed {
                    *answer = Some(open);
                }
            }
            Event::Opened(Err(why)) => return vec![Act::Say(why)],
            Event::Failed(report) => self.state = State::Failed(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Asking(_)) || self.is_probing()
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look<'_>, session: &Session) {
        self.draw(frame, area, (look, session));
    }
}

fn has_demo_token(session: &Session) -> bool {
    session.checkout.as_ref().is_some_and(|checkout| checkout.demo_token.is_some())
}

/// A feed that the configuration names needs no choosing and no configuring.
fn next(session: &Session) -> Step {
    if session.in_force().is_some() { session.after_config() } else { Step::Feed }
}
