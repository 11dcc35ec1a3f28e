//! Sign in to Azure: the ways there are, and the hidden field for a personal access token.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::{MANAGE_SCOPE, NEEDED_SCOPE};
use crate::domain::organization::Target;
use crate::domain::registry::IndexUrl;
use crate::error::Report;
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::page::{Choice, Page};
use super::super::widget::secret_field::SecretField;
use super::{Look, Panel};

/// A way to sign in, or not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    Pat,
    AzureCli,
    DeviceCode,
    Environment,
    Without,
}

impl Way {
    const ALL: [Self; 5] = [Self::Pat, Self::AzureCli, Self::DeviceCode, Self::Environment, Self::Without];

    fn label(self) -> &'static str {
        match self {
            Self::Pat => "Personal access token",
            Self::AzureCli => "Azure CLI session",
            Self::DeviceCode => "Entra device code",
            Self::Environment => "Token from the environment",
            Self::Without => "Continue without signing in",
        }
    }

    fn exists(self) -> bool {
        matches!(self, Self::Pat | Self::Without)
    }

    fn note(self, open: Option<bool>) -> &'static str {
        match self {
            Self::Pat => "paste it here; it stays hidden",
            Self::Without if open == Some(true) => "this feed answers everyone",
            Self::Without if open == Some(false) => "this feed asks who you are",
            Self::Without => "for public feeds",
            _ => "not yet",
        }
    }
}

#[derive(Debug, Default)]
enum State {
    #[default]
    Choosing,
    Entering,
    Asking,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct SignIn {
    state: State,
    /// The way under the cursor; `None`: the best one.
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

    /// The ways in their order: nobody has to sign in for a feed that answers everyone.
    fn ways(&self) -> [Way; 5] {
        let mut ways = Way::ALL;
        if self.open() == Some(true) {
            ways.rotate_right(1);
        }
        ways
    }

    fn way(&self) -> Way {
        self.way.unwrap_or(self.ways()[0])
    }

    fn move_to(&mut self, forward: bool) {
        let ways = self.ways();
        let at = ways.iter().position(|way| *way == self.way()).unwrap_or(0);
        let to = if forward { (at + 1).min(ways.len() - 1) } else { at.saturating_sub(1) };
        self.way = Some(ways[to]);
    }

    /// Asks the feed at hand whether it answers everyone; of an organization alone nothing can be asked.
    fn probe(&mut self, session: &Session) -> Vec<Act> {
        let index = session.index();
        if self.probed.as_ref().map(|(index, _)| index) == index.as_ref() {
            return Vec::new();
        }
        self.probed = index.clone().map(|index| (index, None));
        self.way = None;
        let (Some(target), Some(index)) = (&session.target, index) else { return Vec::new() };
        vec![Act::Start(Request::Probe { collection: target.collection.clone(), index })]
    }

    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        match self.state {
            State::Choosing => match self.way() {
                Way::Without => {
                    session.go_on_without_signing_in();
                    return vec![Act::Go(next(session))];
                }
                Way::Pat if session.account.is_some() => return vec![Act::Go(next(session))],
                Way::Pat => self.state = State::Entering,
                way => return vec![Act::Say(format!("{}: not yet", way.label()))],
            },
            State::Entering | State::Failed(_) if self.field.len() > 0 => return self.ask(session),
            State::Entering | State::Failed(_) | State::Asking => {}
        }
        Vec::new()
    }

    fn is_probing(&self) -> bool {
        matches!(self.probed, Some((_, None)))
    }

    fn ask(&mut self, session: &Session) -> Vec<Act> {
        let Some(target) = &session.target else { return vec![Act::Back] };
        self.state = State::Asking;
        vec![Act::Start(Request::SignIn { collection: target.collection.clone(), token: self.field.take() })]
    }
}

impl Panel for SignIn {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if session.target.is_none() {
            return vec![Act::Back];
        }
        // Another organization was chosen meanwhile: what was proved there proves nothing here.
        if session.account.is_none() && !matches!(self.state, State::Choosing) {
            self.state = State::Choosing;
        }
        self.probe(session)
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        let mut offers = match self.state {
            State::Choosing => vec![
                offer(Action::Accept, if session.account.is_some() { "go on" } else { "choose" }),
                offer(Action::Up, "move"),
                offer(Action::Down, "move"),
            ],
            State::Entering | State::Failed(_) if self.field.len() > 0 => {
                vec![offer(Action::Accept, "sign in")]
            }
            State::Entering | State::Failed(_) | State::Asking => Vec::new(),
        };
        if has_demo_token(session) && matches!(self.state, State::Choosing) {
            offers.push(offer(Action::Copy, "copy the demo's token"));
        }
        if session.account.is_some() && matches!(self.state, State::Choosing) {
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
            Action::Up => self.move_to(false),
            Action::Down => self.move_to(true),
            Action::RunAgain if session.account.is_some() => self.state = State::Entering,
            Action::Copy => {
                let token = session.checkout.as_ref().and_then(|checkout| checkout.demo_token.clone());
                if let Some(token) = token {
                    return vec![Act::Copy(token), Act::Say("the demo's token is on the clipboard".into())];
                }
            }
            _ => {}
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        match self.state {
            State::Choosing => return None,
            State::Asking => {
                self.state = State::Entering;
                return Some(vec![Act::Cancel]);
            }
            State::Entering | State::Failed(_) => {
                self.field = SecretField::default();
                self.state = State::Choosing;
            }
        }
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        matches!(self.state, State::Entering | State::Failed(_))
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.field.key(key);
        self.state = State::Entering;
    }

    fn paste(&mut self, text: &str, _session: &mut Session) {
        if matches!(self.state, State::Asking) {
            return;
        }
        self.way = Some(Way::Pat);
        self.state = State::Entering;
        self.field.paste(text);
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::SignedIn { account, credential } => {
                session.sign_in(account, credential);
                self.state = State::Choosing;
                return vec![Act::Go(next(session))];
            }
            Event::Probed { open } => {
                if let Some((_, answer)) = &mut self.probed {
                    *answer = Some(open);
                }
            }
            Event::Failed(report) => self.state = State::Failed(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Asking) || self.is_probing()
    }

    fn failed(&self) -> bool {
        matches!(self.state, State::Failed(_))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        let organization =
            session.target.as_ref().map(|target| target.collection.to_string()).unwrap_or_default();
        page.title(&format!("Sign in to {organization}")).gap();
        if let Some(account) = &session.account {
            page.good(&format!("Signed in as {}", account.label())).gap();
        }
        if is_open(session) {
            page.warning("http is not encrypted: whoever is on the way can read the token.").gap();
        }
        let choosing = matches!(self.state, State::Choosing);
        for way in self.ways() {
            let here = way == self.way();
            page.choice(&Choice {
                label: way.label(),
                note: way.note(self.open()),
                chosen: here,
                focused: here && choosing,
                enabled: way.exists(),
            });
        }
        if self.is_probing() {
            page.busy(look.frame(), "Asking the feed whether it answers everyone");
        }
        page.gap();
        match &self.state {
            State::Choosing => {}
            State::Entering => {
                page.secret("Token", &self.field).gap();
            }
            State::Asking => {
                page.busy(look.frame(), &format!("Asking {organization} who this is")).gap();
            }
            State::Failed(report) => {
                page.secret("Token", &self.field).gap().report(report).gap();
            }
        }
        if !self.failed() {
            how_to_make_one(&mut page, session, if choosing { " (y copies it)" } else { "" });
        }
        look.page(frame, area, page);
    }
}

/// Where a token comes from, and what it must be allowed.
fn how_to_make_one(page: &mut Page, session: &Session, copies: &str) {
    if let Some(token) = session.checkout.as_ref().and_then(|checkout| checkout.demo_token.as_ref()) {
        page.quiet(&format!("This is the demo: paste its token{copies}:"));
        page.text(token);
        return;
    }
    page.quiet(&format!(
        "It needs the scope {NEEDED_SCOPE}, for this organization; {MANAGE_SCOPE} when a feed is to be created or \
         changed. Make one at"
    ));
    if let Some(target) = &session.target {
        page.text(&target.collection.token_page());
    }
}

/// Whether the token would travel in clear over a network.
fn is_open(session: &Session) -> bool {
    let is_http = |target: &Target| target.collection.base().as_str().starts_with("http://");
    !has_demo_token(session) && session.target.as_ref().is_some_and(is_http)
}

fn has_demo_token(session: &Session) -> bool {
    session.checkout.as_ref().is_some_and(|checkout| checkout.demo_token.is_some())
}

/// A feed that the configuration names needs no choosing and no configuring.
fn next(session: &Session) -> Step {
    if session.found { session.after_config() } else { Step::Feed }
}
