//! How the whole wizard is drawn: header, rail, the screen, the keys that work, and what stands above them.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;

use super::{App, Modal};
use crate::tui::dashboard::facts;
use crate::tui::header::Header;
use crate::tui::keymap::{Action, Hint, Offer, SCROLLS, hints, offer};
use crate::tui::layout::{Areas, SMALLEST, below, too_small, top};
use crate::tui::msg::Question;
use crate::tui::screen::Look;
use crate::tui::session::{Step, StepState};
use crate::tui::widget::key_bar::key_bar;
use crate::tui::widget::modal::{columns, modal};
use crate::tui::widget::page::Page;
use crate::tui::widget::step_rail::StepRail;
use crate::tui::widget::tab_bar::tab_bar;

impl App {
    fn hints(&self, offers: &[Offer]) -> Vec<Hint> {
        hints(offers, self.screens.of(self.here).in_field())
    }

    /// Draws everything. Changes nothing but the memory of lists of what they showed.
    pub fn view(&self, frame: &mut Frame<'_>) {
        let area = frame.area();
        if area.width < SMALLEST.0 || area.height < SMALLEST.1 {
            too_small(frame);
            return;
        }
        let areas = if self.session.dashboard.is_shown { Areas::of_tabs(area) } else { Areas::of(area) };
        self.overflow.clear();
        let look = Look { theme: self.theme, now: self.now, time: self.time, overflow: &self.overflow };
        self.header(frame, areas.header);
        self.places(frame, &areas);
        self.screens.of(self.here).view(frame, areas.panel, &look, &self.session);
        if let Some(notice) = self.notice.clone().or_else(|| self.waiting()) {
            let notice = self.theme.line(&notice, areas.notice.width.saturating_sub(1).into());
            let line = Span::styled(format!(" {notice}"), self.theme.warning());
            frame.render_widget(Paragraph::new(Line::from(line)), areas.notice);
        }
        let keys = match self.modal {
            Some(shown) => self.show_modal(frame, top(area, area.height - 1), shown),
            None => self.hints(&self.offers()),
        };
        frame.render_widget(Paragraph::new(key_bar(self.theme, &keys, areas.keys.width)), areas.keys);
    }

    /// Draws what stands above the screen, and says which keys it takes.
    fn show_modal(&self, frame: &mut Frame<'_>, area: Rect, shown: Modal) -> Vec<Hint> {
        let (title, page) = self.modal_page(shown, Page::new(self.theme, columns(area)));
        modal(frame, area, (self.theme, &self.help_scroll), (title, page));
        let mut offers = modal_offers(shown);
        if self.help_scroll.has_more() {
            offers.extend(SCROLLS);
        }
        hints(&offers, false)
    }

    /// Why this screen still waits, in one line.
    fn waiting(&self) -> Option<String> {
        let mut here = self.jobs_of(self.here).filter_map(|id| self.waits.get(&id));
        here.find_map(|(waiting, since)| waiting.line(self.now.saturating_sub(*since)))
    }

    /// The steps with their states, or the tabs with what they are about.
    fn places(&self, frame: &mut Frame<'_>, areas: &Areas) {
        if self.session.dashboard.is_shown {
            let failed = |tab| self.screens.of(tab).failed();
            let tabs = tab_bar(self.theme, self.here, &failed);
            frame.render_widget(Paragraph::new(tabs), top(areas.rail, 1));
            let facts = facts(&self.session, self.theme, (areas.header.width, self.time));
            let facts = Line::styled(format!(" {facts}"), self.theme.quiet());
            frame.render_widget(Paragraph::new(facts), below(areas.rail, 1));
            return;
        }
        let state = |step| self.state_of(step);
        let rail = StepRail { theme: self.theme, here: self.here.on_rail(), state: &state };
        if areas.rail_is_tall {
            rail.tall(frame, areas.rail);
        } else {
            rail.flat(frame, areas.rail);
        }
    }

    fn state_of(&self, step: Step) -> StepState {
        let state = self.session.state_of(step);
        // What has come right in another way is not marked for what failed first.
        let is_over = state == StepState::Done && step != self.here.on_rail();
        if self.screens.of(step).failed() && !is_over { StepState::Failed } else { state }
    }

    fn header(&self, frame: &mut Frame<'_>, area: Rect) {
        let header = Header::of(&self.session);
        frame.render_widget(Paragraph::new(header.line(self.theme, (area.width, self.time))), area);
    }

    fn modal_page(&self, shown: Modal, mut page: Page) -> (&'static str, Page) {
        match shown {
            Modal::Help => {
                page.text(self.here.purpose()).gap();
                let mut offers = self.offers();
                for offer in EVERYWHERE {
                    let nowhere_to_go = offer.action == Action::Back && self.step_before().is_none();
                    if !nowhere_to_go && offers.iter().all(|other| other.action != offer.action) {
                        offers.push(offer);
                    }
                }
                // Nine lines that say the same would fill a small screen.
                let is_digit = |offer: &Offer| matches!(offer.action, Action::Nth(_));
                let digits = offers.iter().filter(|offer| is_digit(offer)).count();
                offers.retain(|offer| !is_digit(offer) || offer.action == Action::Nth(1));
                for hint in self.hints(&offers) {
                    let keys = hint.keys.join(" ");
                    let keys = if keys == "1" { format!("1 to {digits}") } else { keys };
                    page.pair(&keys, hint.verb);
                }
                (self.here.title(), page)
            }
            Modal::Ask(Question::CancelFetch) => {
                page.text("The crates that have arrived stay in the cache; the next run goes on from there.");
                ("Cancel the fetch?", page)
            }
            Modal::Ask(Question::LeaveWhileFetching) => {
                page.text("The fetch is cancelled first. The crates that have arrived stay in the cache.");
                ("Cancel the fetch and leave?", page)
            }
        }
    }
}

/// Keys that work on every screen.
const EVERYWHERE: [Offer; 4] = [
    offer(Action::Back, "close, or one step back"),
    offer(Action::Help, "this help"),
    offer(Action::Quit, "leave"),
    offer(Action::Interrupt, "cancel what runs and leave; twice: at once"),
];

fn modal_offers(modal: Modal) -> Vec<Offer> {
    match modal {
        Modal::Help => vec![offer(Action::Back, "close")],
        Modal::Ask(Question::CancelFetch) => {
            vec![offer(Action::Accept, "cancel it"), offer(Action::Back, "go on")]
        }
        Modal::Ask(Question::LeaveWhileFetching) => {
            vec![offer(Action::Accept, "leave"), offer(Action::Back, "stay")]
        }
    }
}
