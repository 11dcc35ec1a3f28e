//! Check: what was found, or the one question about a checkout that would run something.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::answers::Answers;
use crate::domain::finding::{Finding, FindingState, Hazard};
use crate::domain::text::count;
use crate::error::{Exit, Report};
use crate::task::check::{Checkout, HostTrust};
use crate::task::{Event, Request};

use super::super::keymap::{Action, Offer, offer};
use super::super::msg::Act;
use super::super::session::{Opening, Session, Step};
use super::super::theme::Theme;
use super::super::widget::page::{Choice, Page};
use super::super::widget::scroll::Scroll;
use super::{Look, Panel};

#[derive(Debug, Default)]
enum State {
    #[default]
    Looking,
    /// What the checkout would do, and whether the trusting answer is under the cursor.
    Asking {
        hazards: Vec<Hazard>,
        trusting: bool,
        scroll: Scroll,
    },
    /// Whether to go on with what was left half-way.
    Resuming(Box<Answers>),
    /// Whether the wizard can go on is in the answers.
    Looked,
    Failed(Box<Report>),
}

#[derive(Debug, Default)]
pub(super) struct Check {
    state: State,
    /// The code to leave with, where the wizard can't go on.
    exit: Option<Exit>,
}

impl Check {
    /// Whether it waits for the answer of the person.
    pub(super) fn asks_for_trust(&self) -> bool {
        matches!(self.state, State::Asking { .. })
    }

    fn look(&mut self, request: Request) -> Vec<Act> {
        *self = Self::default();
        vec![Act::Start(request)]
    }

    /// The step to begin at: the first whose answer nothing gives (product.md, 'Who uses it, and how').
    fn route(checkout: &Checkout, session: &mut Session) -> Step {
        let known = checkout.in_force.as_ref().filter(|in_force| in_force.host == HostTrust::Known);
        // Without a feed in force the organization at hand stays.
        let way_back = checkout.way_back.as_ref().filter(|_| session.target.is_none());
        // An organization that the person has named since is not exchanged behind their back.
        let named = session.target.is_some() && !session.found;
        if let Some(target) = known.map(|in_force| &in_force.target).or(way_back).filter(|_| !named) {
            session.find_target(target.clone());
        }
        if matches!(session.opening, Opening::Fetch { .. }) && checkout.workspace.is_some() {
            return Step::Restore;
        }
        match known.filter(|_| session.found) {
            Some(in_force) => {
                session.go_on_as(in_force);
                if in_force.is_ready() { Step::Feeds } else { Step::SignIn }
            }
            None if session.found && checkout.way_back.is_some() => Step::Feeds,
            None => Step::Organization,
        }
    }
}

impl Panel for Check {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        if session.checkout.is_some() { Vec::new() } else { self.look(Request::Check) }
    }

    fn offers(&self, session: &Session) -> Vec<Offer> {
        match &self.state {
            State::Looking => vec![offer(Action::Quit, "leave")],
            State::Asking { .. } => vec![
                offer(Action::Accept, "answer"),
                offer(Action::Up, "choose"),
                offer(Action::Down, "choose"),
                offer(Action::PageDown, "read on"),
                offer(Action::PageUp, "read back"),
                offer(Action::Quit, "leave"),
            ],
            State::Resuming(_) => vec![
                offer(Action::Accept, "go on at Sign in"),
                offer(Action::New, "start anew"),
                offer(Action::Help, "help"),
                offer(Action::Quit, "leave"),
            ],
            State::Looked if session.checkout.as_ref().is_some_and(Checkout::passed) => vec![
                offer(Action::Accept, "go on"),
                offer(Action::RunAgain, "check again"),
                offer(Action::Quit, "leave"),
            ],
            State::Looked | State::Failed(_) => {
                vec![offer(Action::RunAgain, "check again"), offer(Action::Quit, "leave")]
            }
        }
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match (action, &mut self.state) {
            (Action::Up | Action::Down, State::Asking { trusting, .. }) => {
                *trusting = action == Action::Down;
                Vec::new()
            }
            (Action::PageUp | Action::PageDown, State::Asking { scroll, .. }) => {
                scroll.act(action);
                Vec::new()
            }
            (Action::Accept, State::Asking { trusting: true, .. }) => self.look(Request::TrustAndCheck),
            (Action::Accept, State::Asking { trusting: false, .. }) => vec![Act::Quit],
            (Action::Accept, State::Looked) => match session.checkout.clone() {
                Some(checkout) if checkout.passed() => vec![Act::Go(Self::route(&checkout, session))],
                _ => Vec::new(),
            },
            (Action::Accept, State::Resuming(answers)) => {
                let step = session.resume((**answers).clone());
                self.state = State::Looked;
                vec![Act::Go(step)]
            }
            (Action::New, State::Resuming(_)) => {
                session.start_anew();
                self.state = State::Looked;
                vec![Act::Go(Step::Organization)]
            }
            (Action::RunAgain, _) => self.look(Request::Check),
            _ => Vec::new(),
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::NeedsTrust(hazards) => {
                self.state = State::Asking { hazards, trusting: false, scroll: Scroll::default() };
            }
            Event::Failed(report) => {
                self.exit = Some(report.exit);
                session.dashboard.is_checked = true;
                if let Some(checkout) = &mut session.checkout {
                    checkout.failure = Some((*report).clone());
                }
                self.state = State::Failed(report);
            }
            Event::Checked(checkout) => {
                self.state = State::Looked;
                session.dashboard.is_checked = true;
                self.exit = checkout.failure.as_ref().map(|report| report.exit);
                let passed = checkout.passed();
                let step = if passed { Some(Self::route(&checkout, session)) } else { None };
                session.checkout = Some(*checkout);
                if let Some(answers) = session.resumable().filter(|_| step == Some(Step::Organization)) {
                    self.state = State::Resuming(Box::new(answers));
                    return Vec::new();
                }
                return step.map(Act::Go).into_iter().collect();
            }
            _ => {}
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        matches!(self.state, State::Looking)
    }

    fn failed(&self) -> bool {
        self.exit.is_some()
    }

    fn exit(&self) -> Option<Exit> {
        self.exit
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        let mut page = Page::new(look.theme, area.width);
        match &self.state {
            State::Looking => {
                page.title("az-cargo-wizard").gap();
                page.busy(look.frame(), "Looking at Cargo and the project");
            }
            State::Asking { hazards, trusting, scroll } => {
                return question(frame, area, (look.theme, hazards, *trusting, scroll));
            }
            State::Resuming(answers) => unfinished(&mut page, answers),
            State::Looked => {
                page.title("Check").gap();
                for finding in session.checkout.iter().flat_map(|checkout| &checkout.findings) {
                    show(&mut page, finding);
                }
                let failure = session.checkout.iter().filter_map(|checkout| checkout.failure.as_ref());
                for line in failure.flat_map(|report| &report.causes).flat_map(|words| words.lines()) {
                    page.quiet(&format!("    {line}"));
                }
            }
            State::Failed(report) => {
                page.title("Check").gap().report(report);
            }
        }
        look.page(frame, area, page);
    }
}

/// What the files say, and below it, always in sight, the answers: a long list must not push any of it away unseen.
fn question(
    frame: &mut Frame<'_>,
    area: Rect,
    (theme, hazards, trusting, scroll): (Theme, &[Hazard], bool, &Scroll),
) {
    let mut page = Page::new(theme, area.width);
    page.title("This project would do more than build").gap();
    let settings = count(hazards.len(), "setting", "settings");
    page.text(&format!("Nothing has been run yet. Its files say ({settings}):")).gap();
    for hazard in hazards {
        page.warning(&hazard.setting);
        page.quiet(&format!("    in {}: would {}", hazard.file, hazard.effect));
    }
    let mut answers = Page::new(theme, area.width);
    answers.gap();
    let choice = |label, note, chosen: bool| Choice { label, note, chosen, focused: chosen, enabled: true };
    answers.choice(&choice("Leave, and run nothing", "", !trusting));
    answers.choice(&choice(
        "I trust this project: go on",
        "asked again only when these files change",
        trusting,
    ));

    let (length, below) = (usize::from(page.len()), answers.len().saturating_add(1).min(area.height));
    let above = Rect { height: (area.height - below).min(page.len()), ..area };
    let visible = scroll.visible(length, above.height.into());
    page.draw_from(frame, above, visible.start);
    let rest = Rect { y: above.bottom(), height: area.height - above.height, ..area };
    if visible.len() < length {
        let mut place = Page::new(theme, area.width);
        place.quiet(&format!("    lines {} to {} of {length}", visible.start + 1, visible.end));
        place.draw(frame, Rect { height: rest.height.min(1), ..rest });
        answers.draw(frame, Rect { y: rest.y + 1, height: rest.height.saturating_sub(1), ..rest });
    } else {
        answers.draw(frame, rest);
    }
}

/// What was left half-way, and what becomes of it.
fn unfinished(page: &mut Page, answers: &Answers) {
    page.title("Go on where you left off?").gap();
    let Some(target) = answers.target() else { return };
    page.text("You were setting up a feed here, and it isn't done yet:").gap();
    page.pair("Organization", &target.collection.to_string());
    if let Some(feed) = &target.feed {
        let project = target.project.as_ref().map_or(String::new(), |project| format!("{project}/"));
        let view = target.view.as_ref().map_or(String::new(), |view| format!("@{view}"));
        page.pair("Feed", &format!("{project}{feed}{view}"));
    }
    if let Some(name) = answers.registry() {
        page.pair("Registry", name.as_str());
    }
    if let Some(way) = answers.way() {
        page.pair("Signed in by", way.title());
    }
    page.gap().text("Enter goes on at Sign in with these answers; n forgets them and starts anew.");
    page.quiet("A token is never kept, so that you are asked for it again.");
}

fn show(page: &mut Page, finding: &Finding) {
    let line = format!("{}: {}", finding.subject, finding.text);
    match finding.state {
        FindingState::Good => page.good(&line),
        FindingState::Note => page.quiet(&format!("  {line}")),
        FindingState::Warning | FindingState::Unknown => page.warning(&line),
        FindingState::Failed => page.bad(&line),
    };
    if let Some(remedy) = &finding.remedy {
        page.quiet(&format!("    {remedy}"));
    }
}
