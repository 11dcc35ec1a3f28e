//! Sign in to Azure: the ways there are, and the hidden field for a personal access token.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::{MANAGE_SCOPE, NEEDED_SCOPE};
use crate::domain::organization::Target;
use crate::error::Report;
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::page::{Choice, Page};
use super::super::widget::secret_field::SecretField;
use super::{Look, Panel};

/// The ways to sign in; only the first exists yet.
const WAYS: [(&str, &str); 5] = [
    ("Personal access token", "paste it here; it stays hidden"),
    ("Azure CLI session", "not yet"),
    ("Entra device code", "not yet"),
    ("Token from the environment", "not yet"),
    ("Continue without signing in", "not yet"),
];

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
    line: usize,
    field: SecretField,
}

impl SignIn {
    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        match self.state {
            State::Choosing if self.line == 0 && session.account.is_some() => {
                return vec![Act::Go(next(session))];
            }
            State::Choosing if self.line == 0 => self.state = State::Entering,
            State::Choosing => return vec![Act::Say(format!("{}: not yet", WAYS[self.line].0))],
            State::Entering | State::Failed(_) if self.field.len() > 0 => return self.ask(session),
            State::Entering | State::Failed(_) | State::Asking => {}
        }
        Vec::new()
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
        Vec::new()
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
            Action::Up => self.line = self.line.saturating_sub(1),
            Action::Down => self.line = (self.line + 1).min(WAYS.len() - 1),
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
        self.line = 0;
        self.state = State::Entering;
        self.field.paste(text);
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::SignedIn { account, credential } => {
                session.account = Some(account);
                session.credential = Some(credential);
                // What was proved was another credential.
                session.logged_in = None;
                self.state = State::Choosing;
                return vec![Act::Go(next(session))];
            }
            Event::Failed(report) => self.state = State::Failed(report),
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Asking)
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
        for (index, (label, note)) in WAYS.into_iter().enumerate() {
            let here = index == self.line;
            page.choice(&Choice {
                label,
                note,
                chosen: here,
                focused: here && choosing,
                enabled: index == 0,
            });
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
        page.draw(frame, area);
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
    if session.found { Step::LogIn } else { Step::Feed }
}
