//! What the Sign in step looks like.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::credential::{MANAGE_SCOPE, NEEDED_SCOPE};
use crate::domain::entra::ShownCode;
use crate::domain::organization::Target;
use crate::domain::text;
use crate::domain::way::Way;
use crate::task::SigningIn;

use super::super::super::session::Session;
use super::super::super::widget::page::{Choice, Page};
use super::super::Look;
use super::{SignIn, State, has_demo_token};

impl SignIn {
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, (look, session): (&Look<'_>, &Session)) {
        let mut page = Page::new(look.theme, area.width);
        let place = place(session);
        let title = if session.listing {
            "Sign in to list your organizations".to_owned()
        } else {
            format!("Sign in to {place}")
        };
        page.title(&title).gap();
        if let Some(shown) = self.code() {
            show_code(&mut page, shown, (look, session));
            look.page(frame, area, page);
            return;
        }
        if let Some(account) = session.account.as_ref().filter(|_| !session.listing) {
            page.good(&format!("Signed in as {}", account.label())).gap();
        }
        if is_open(session) {
            page.warning("http is not encrypted: whoever is on the way can read the token.").gap();
        }
        self.show_ways(&mut page, look, session);
        match &self.state {
            State::Choosing => {}
            State::Entering => {
                page.secret("Token", &self.field).gap();
            }
            State::Asking(stage) => {
                page.busy(look.frame(), &waiting(stage.as_ref(), &place)).gap();
            }
            State::Failed(report) => {
                if self.is_typing(session) {
                    page.secret("Token", &self.field).gap();
                }
                page.report(report).gap();
            }
        }
        let is_typed = matches!(self.state, State::Choosing | State::Entering | State::Asking(_));
        if is_typed && self.way(session) == Way::Pat {
            let copies = if matches!(self.state, State::Choosing) { " (y copies it)" } else { "" };
            how_to_make_one(&mut page, session, copies);
        } else if matches!(self.state, State::Choosing) {
            how_long_it_lasts(&mut page, self.way(session));
        }
        look.page(frame, area, page);
    }

    fn show_ways(&self, page: &mut Page, look: &Look<'_>, session: &Session) {
        let choosing = matches!(self.state, State::Choosing);
        let chosen = self.way(session);
        for offered in self.ways(session) {
            let here = offered.way == chosen;
            page.choice(&Choice {
                label: offered.way.title(),
                note: &offered.note,
                chosen: here,
                focused: here && choosing,
                enabled: offered.works,
            });
        }
        if self.is_probing() {
            page.busy(look.frame(), "Asking the feed whether it answers everyone");
        }
        page.gap();
    }
}

fn place(session: &Session) -> String {
    match &session.target {
        Some(target) if !session.listing => target.collection.to_string(),
        _ => "Azure DevOps".to_owned(),
    }
}

fn waiting(stage: Option<&SigningIn>, place: &str) -> String {
    match stage {
        Some(SigningIn::FindingTenant) => format!("Asking {place} which tenant it belongs to"),
        Some(SigningIn::AskingAzureCli) => "Asking the Azure CLI for a token".to_owned(),
        Some(SigningIn::Using(variable)) => format!("Using the token in {variable}"),
        None | Some(SigningIn::Code(_) | SigningIn::Proving) => format!("Asking {place} who this is"),
    }
}

/// The code as large as a line allows, and how long it is good for.
fn show_code(page: &mut Page, shown: &ShownCode, (look, session): (&Look<'_>, &Session)) {
    page.text("Open this page in any browser, on any device, and enter the code:").gap();
    page.text(&shown.page).gap();
    let spaced: Vec<String> = shown.code.chars().map(String::from).collect();
    let large = format!("   {}   ", spaced.join(" "));
    let empty = " ".repeat(text::width(&large));
    for line in [&empty, &large, &empty] {
        page.exact(line, look.theme.selected());
    }
    page.gap();
    let left = shown.until.saturating_sub(look.now);
    page.busy(look.frame(), &format!("Waiting for you; the code is good for {}", minutes(left))).gap();
    if has_demo_token(session) {
        page.quiet(
            "This is the demo: it approves the code by itself in a moment, or when you open the page.",
        );
    } else {
        page.quiet("Enter it only where you have asked for it yourself: here.");
    }
}

/// Whole minutes and seconds, so that nothing but the seconds moves.
fn minutes(left: std::time::Duration) -> String {
    let seconds = left.as_secs();
    format!("{}:{:02} min", seconds / 60, seconds % 60)
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

fn how_long_it_lasts(page: &mut Page, way: Way) {
    match way {
        Way::AzureCli | Way::DeviceCode => {
            page.quiet("Such a token ends within the hour; a personal access token lasts longer.");
        }
        Way::Environment => {
            page.quiet("The token of a pipeline ends with its job.");
        }
        Way::Pat | Way::Without => {}
    }
}

/// Whether the token would travel in clear over a network.
fn is_open(session: &Session) -> bool {
    let is_http = |target: &Target| target.collection.base().as_str().starts_with("http://");
    !has_demo_token(session) && !session.listing && session.target.as_ref().is_some_and(is_http)
}
