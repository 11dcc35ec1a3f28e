//! Organization: accept what the checkout names, or type one.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::organization::{OrgName, Target};
use crate::task::check::{Guess, HostTrust};
use crate::task::{Event, Request};

use super::super::keymap::{Action, Key, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Session, Step};
use super::super::widget::field::Field;
use super::super::widget::page::{Choice, Page};
use super::{Look, Panel};

#[derive(Debug, Default)]
pub(super) struct Organization {
    /// Known guesses, best first.
    known: Vec<Guess>,
    /// Hosts that nobody has vouched for: shown only.
    unknown: Vec<Guess>,
    /// Which line is under the cursor; behind the last guess stand the field and the way to a list.
    line: usize,
    field: Field,
    error: Option<&'static str>,
    /// A server without encryption, which the next Enter agrees to.
    open: Option<Target>,
    /// What the check found, and the person was told, when the screen was last shown.
    guesses: Vec<Guess>,
}

/// What names an organization that the person was told.
const MINE: &str = "your account";

const NOT_UNDERSTOOD: &str = "That is neither an organization's name nor an address of Azure DevOps. Examples: contoso, \
     https://dev.azure.com/contoso, https://ado.example/DefaultCollection";

impl Organization {
    fn at_field(&self) -> bool {
        self.line == self.known.len()
    }

    /// Behind the field.
    fn at_list(&self) -> bool {
        self.line > self.known.len()
    }

    fn list_mine(session: &mut Session) -> Vec<Act> {
        session.listing = true;
        vec![Act::Go(Step::SignIn)]
    }

    /// What is known, best first: what names itself here, then what the person was told.
    fn guesses(session: &Session) -> Vec<Guess> {
        let mut guesses =
            session.checkout.as_ref().map(|checkout| checkout.guesses.clone()).unwrap_or_default();
        for target in &session.mine {
            let same = |guess: &Guess| guess.target.collection.base() == target.collection.base();
            if !guesses.iter().any(same) {
                let (target, source) = (target.clone(), MINE.to_owned());
                guesses.push(Guess { target, source, host: HostTrust::Known });
            }
        }
        guesses
    }

    /// What the field names. In the demo a bare name is one of its own organizations.
    fn typed(&self, session: &Session) -> Option<Target> {
        let text = self.field.text().trim();
        let demo = session.checkout.as_ref().and_then(|checkout| checkout.demo_origin.as_ref());
        match (demo, OrgName::parse(text)) {
            (Some(origin), Some(name)) => Target::parse(&format!("{origin}/{name}")),
            _ => Target::parse(text),
        }
    }

    fn accept(&mut self, session: &mut Session) -> Vec<Act> {
        if self.at_list() {
            return Self::list_mine(session);
        }
        let guess = self.known.get(self.line);
        let is_named = guess.is_none_or(Guess::is_named);
        let Some(target) = guess.map(|guess| guess.target.clone()).or_else(|| self.typed(session)) else {
            self.error = Some(NOT_UNDERSTOOD);
            return Vec::new();
        };
        let is_typed = self.at_field();
        if is_typed && is_open(&target, session) && self.open.as_ref() != Some(&target) {
            self.open = Some(target);
            return Vec::new();
        }
        let agreed = self.open.take().map(|target| Request::AgreeToHttp(target.collection.base()));
        if session.mine.iter().all(|mine| mine.collection.base() != target.collection.base()) {
            session.held = None;
        }
        if is_named {
            session.name_target(target);
        } else {
            session.choose_target(target);
        }
        agreed.map(Act::Start).into_iter().chain([Act::Go(Step::SignIn)]).collect()
    }
}

/// Whether a credential would travel in clear over a network: everywhere but in the demo.
fn is_open(target: &Target, session: &Session) -> bool {
    let is_demo = session.checkout.as_ref().is_some_and(|checkout| checkout.demo_origin.is_some());
    !is_demo && target.collection.base().as_str().starts_with("http://")
}

impl Panel for Organization {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        session.listing = false;
        let guesses = Self::guesses(session);
        if guesses != self.guesses {
            let at_field = self.at_field() && !self.field.text().is_empty();
            self.guesses.clone_from(&guesses);
            (self.known, self.unknown) =
                guesses.into_iter().partition(|guess| guess.host == HostTrust::Known);
            let told = self.known.iter().position(|guess| guess.source == MINE);
            self.line = if at_field { self.known.len() } else { told.unwrap_or(0) };
        }
        Vec::new()
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let verb = if self.open.is_some() { "use it without encryption" } else { "accept" };
        let mut offers = vec![offer(Action::Accept, verb)];
        offers.extend([offer(Action::Up, "choose"), offer(Action::Down, "choose")]);
        offers.extend([
            offer(Action::Back, "back"),
            offer(Action::Help, "help"),
            offer(Action::Quit, "leave"),
        ]);
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        self.error = None;
        if action != Action::Accept {
            self.open = None;
        }
        match action {
            Action::Up => self.line = self.line.saturating_sub(1),
            Action::Down => self.line = (self.line + 1).min(self.known.len() + 1),
            Action::Accept => return self.accept(session),
            _ => {}
        }
        Vec::new()
    }

    fn in_field(&self) -> bool {
        self.at_field()
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        self.field.key(key);
        self.error = None;
        self.open = None;
    }

    fn paste(&mut self, text: &str, _session: &mut Session) {
        self.line = self.known.len();
        self.field.paste(text);
        self.error = None;
        self.open = None;
    }

    fn event(&mut self, _event: Event, _session: &mut Session) -> Vec<Act> {
        Vec::new()
    }

    fn moves(&self) -> bool {
        false
    }

    fn failed(&self) -> bool {
        self.error.is_some()
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        page.title("Which organization holds the feed?").gap();
        match &session.mine_of {
            Some(who) if session.mine.is_empty() => {
                page.warning(&format!("{who} has no organization in this tenant; type its name.")).gap();
            }
            Some(who) => {
                page.good(&format!("Signed in as {who}")).gap();
            }
            None => {}
        }
        for (index, guess) in self.known.iter().enumerate() {
            let here = index == self.line;
            page.choice(&Choice {
                label: &label(&guess.target),
                note: &format!("from {}", guess.source),
                chosen: here,
                focused: here,
                enabled: true,
            });
        }
        if !self.known.is_empty() {
            let here = self.at_field();
            page.choice(&Choice {
                label: "another one",
                note: "",
                chosen: here,
                focused: here,
                enabled: true,
            });
        }
        page.field("  Organization", &self.field, self.at_field());
        let here = self.at_list();
        page.choice(&Choice {
            label: "list mine after sign-in",
            note: "with the Azure CLI or a code; a personal access token is not told",
            chosen: here,
            focused: here,
            enabled: true,
        });
        if let Some(error) = self.error {
            page.gap().bad(error);
        }
        if let Some(target) = &self.open {
            let host = target.collection.base();
            page.gap().warning(&format!(
                "http://{} is not encrypted: whoever is on the way can read your token. Use https if the server has it; \
                 Enter again goes on without.",
                host.authority()
            ));
        }
        page.gap().quiet(
            "A name, a web address, a feed's index URL, or the address of a collection on an Azure DevOps Server.",
        );
        for guess in &self.unknown {
            page.gap().warning(&format!(
                "unknown host {} (from {}): not asked anything; type the address if you trust it",
                guess.target.collection.base().authority(),
                guess.source
            ));
        }
        look.page(frame, area, page);
    }
}

fn label(target: &Target) -> String {
    match &target.project {
        Some(project) => format!("{} (project {project})", target.collection),
        None => target.collection.to_string(),
    }
}
