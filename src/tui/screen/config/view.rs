//! How the Config step is drawn: the form, and the difference to agree to.

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::feed::ViewName;
use crate::domain::plan::{ConfigScope, Review};
use crate::domain::registry::RegistryName;
use crate::tui::layout::{below, top};
use crate::tui::screen::Look;
use crate::tui::session::Session;
use crate::tui::widget::diff_lines;
use crate::tui::widget::page::{Page, sentence};
use crate::tui::widget::reading;

use super::{Config, Question, explain};

impl Config {
    pub(super) fn form(&self, page: &mut Page, session: &Session) {
        let at = |question| self.question == question;
        page.options(
            "File",
            (&["project", "user"], usize::from(self.scope != ConfigScope::Project)),
            at(Question::File),
        );
        page.field("Registry name", &self.name, at(Question::Name));
        if let Some(error) = &self.name_error {
            page.bad(&sentence(error));
        }
        let views = self.views();
        let views: Vec<String> = views.iter().map(|view| shown_view(view.as_ref())).collect();
        let views: Vec<&str> = views.iter().map(String::as_str).collect();
        page.options("View", (&views, self.view_at()), at(Question::View));
        page.options(
            "For crates.io",
            (&["use the feed", "leave as it is"], usize::from(!self.replace)),
            at(Question::Replace),
        );
        if Question::Mirror.is_asked((self, session)) {
            self.mirror.draw(page, at(Question::Mirror));
        }
        if let Some(feed) = &session.publish {
            let name = RegistryName::suggest(&feed.name);
            page.options(
                "For publishing",
                (&[name.as_str(), "none"], usize::from(!self.publish)),
                at(Question::Publish),
            );
        }
        self.store_options(page, session);
        page.gap();
        if at(Question::Mirror) {
            self.mirror.explain(page, session);
        }
        for line in self.explain(session) {
            page.quiet(line);
        }
        if at(Question::Store) {
            explain::recommendation(page, session);
        }
        self.warn_of_store(page, session);
        if let Some(index) = self.index(session) {
            page.gap().pair("Index", index.as_str());
        }
    }

    pub(super) fn show_review(
        &self,
        frame: &mut Frame<'_>,
        area: Rect,
        (look, review, session): (&Look, &Review, &Session),
    ) {
        let mut head = Page::new(look.theme, area.width);
        if review.is_done() {
            head.title("Everything is as you want it: nothing to write");
        } else {
            head.title("This will be written when you agree");
        }
        for note in &review.notes {
            head.warning(note);
        }
        head.gap();
        let rows = head.len().min(area.height / 2);
        head.draw(frame, top(area, rows));
        let body = below(area, rows);
        let mut page = Page::new(look.theme, area.width);
        for file in &review.files {
            diff_lines::show(&mut page, (file, &session.shown(&file.path)), look.theme);
        }
        reading::draw(frame, body, (look.theme, page, &self.scroll));
    }
}

fn shown_view(view: Option<&ViewName>) -> String {
    view.map_or("none".to_owned(), |view| format!("@{view}"))
}
