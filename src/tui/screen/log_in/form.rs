//! What Cargo is to get: the sign-in itself, or a personal access token that is made in its place (azure-contract 2.6);
//! and, for a feed that was configured before, where it is kept.

use crate::domain::credential::TokenStore;
use crate::domain::new_pat::{FEWEST_DAYS, MOST_DAYS, USUAL_DAYS};
use crate::tui::keymap::Key;
use crate::tui::session::Session;
use crate::tui::widget::field::Field;
use crate::tui::widget::page::Page;

/// The questions, in the order of the form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Question {
    /// Asked only where Config was not.
    #[default]
    Store,
    /// Asked only where both answers can be kept.
    Token,
    Days,
}

#[derive(Debug)]
pub(super) struct Form {
    question: Question,
    /// What the person has chosen; until then, what fits the store.
    makes_token: Option<bool>,
    days: Field,
}

impl Default for Form {
    fn default() -> Self {
        Self { question: Question::default(), makes_token: None, days: Field::with(&USUAL_DAYS.to_string()) }
    }
}

impl Form {
    /// Begins at the first question that is asked.
    pub(super) fn begin(&mut self, of: (&Session, TokenStore)) {
        self.question = self.questions(of).first().copied().unwrap_or_default();
    }

    /// None where there is nothing to choose.
    pub(super) fn questions(&self, (session, store): (&Session, TokenStore)) -> Vec<Question> {
        if !session.may_make_token() {
            return Vec::new();
        }
        let mut asked: Vec<Question> = session.found.then_some(Question::Store).into_iter().collect();
        if is_offered((session, store)) && !is_needed(store) {
            asked.push(Question::Token);
        }
        if self.makes_token((session, store)) {
            asked.push(Question::Days);
        }
        asked
    }

    /// Whether that question has the cursor.
    pub(super) fn is_at(&self, question: Question) -> bool {
        self.question == question
    }

    pub(super) fn step(&mut self, forward: bool, of: (&Session, TokenStore)) {
        let asked = self.questions(of);
        if asked.is_empty() {
            return;
        }
        let at = asked.iter().position(|question| *question == self.question).unwrap_or(0);
        self.question = asked[(at + if forward { 1 } else { asked.len() - 1 }) % asked.len()];
    }

    /// Whether a token is to be made.
    pub(super) fn makes_token(&self, (session, store): (&Session, TokenStore)) -> bool {
        let fits = !matches!(store, TokenStore::Provider(_));
        let chosen = is_needed(store) || self.makes_token.unwrap_or(fits);
        is_offered((session, store)) && chosen
    }

    /// Takes the other answer.
    pub(super) fn turn(&mut self, of: (&Session, TokenStore)) {
        self.makes_token = Some(!self.makes_token(of));
    }

    /// How many days the token is to live; `None` where that is no answer.
    pub(super) fn days(&self) -> Option<u16> {
        let days = self.days.text().parse().ok()?;
        (FEWEST_DAYS..=MOST_DAYS).contains(&days).then_some(days)
    }

    /// Only digits: nothing else is an answer.
    pub(super) fn edit(&mut self, key: Key) {
        if !matches!(key, Key::Char(c) if !c.is_ascii_digit()) {
            self.days.key(key);
        }
    }

    pub(super) fn paste(&mut self, pasted: &str) {
        let digits: String = pasted.chars().filter(char::is_ascii_digit).collect();
        self.days.paste(&digits);
    }

    /// The rows, and what the answers mean.
    pub(super) fn draw(&self, page: &mut Page, of @ (session, store): (&Session, TokenStore)) {
        let asked = self.questions(of);
        if asked.contains(&Question::Store) {
            let stores = session.stores();
            let words: Vec<&str> = stores.iter().map(|store| store.name()).collect();
            let chosen = stores.iter().position(|other| *other == store).unwrap_or_default();
            page.options("Credential", (&words, chosen), self.question == Question::Store);
        }
        let makes_token = self.makes_token(of);
        if is_offered(of) {
            let answers = ["make a personal access token", "the sign-in itself"];
            let answers = if is_needed(store) { &answers[..1] } else { &answers[..] };
            page.options(
                "Cargo gets",
                (answers, usize::from(!makes_token)),
                self.question == Question::Token,
            );
        }
        if asked.contains(&Question::Days) {
            page.field("Days it lives", &self.days, self.question == Question::Days);
            if self.days().is_none() {
                page.bad(&format!("From {FEWEST_DAYS} to {MOST_DAYS} days, please."));
            }
        }
        explain(page, of, makes_token);
    }
}

fn explain(page: &mut Page, (session, store): (&Session, TokenStore), makes_token: bool) {
    if !session.may_make_token() {
        return;
    }
    if makes_token {
        let organization = session.target.as_ref().map(|target| target.collection.name()).unwrap_or_default();
        page.quiet(&format!(
            "It is made for {organization} alone, for reading and writing packages, and kept in place of the sign-in. \
             You see the request first."
        ));
        if is_needed(store) {
            page.quiet("Cargo's own provider renews nothing: the sign-in itself would be of no use to it.");
        }
    } else if is_offered((session, store)) && matches!(store, TokenStore::Provider(_)) {
        page.quiet("The sign-in is renewed by this tool whenever Cargo asks for it.");
    } else if session.found && !is_offered((session, store)) {
        page.quiet("To keep something that lasts: a file, with a personal access token that is made for it.");
    }
}

/// Whether a token can be made and kept there.
fn is_offered((session, store): (&Session, TokenStore)) -> bool {
    session.may_make_token() && store != TokenStore::ThisRunOnly
}

/// Whether the sign-in itself cannot be kept there at all.
fn is_needed(store: TokenStore) -> bool {
    matches!(store, TokenStore::Native(_))
}
