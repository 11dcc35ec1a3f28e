//! How the Cache tab is drawn.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;

use crate::domain::text;

use super::super::super::layout::{below, top};
use super::super::super::session::Session;
use super::super::super::widget::page::{Page, sentence};
use super::super::super::widget::table::{Column, Table};
use super::super::Look;
use super::jobs::{Job, Told};
use super::rows::{self, Shown};
use super::{Cache, groups, pages, registries};

/// From this height on registries and crates stand one above the other.
const WITH_BOTH: u16 = 9;

impl Cache {
    pub(super) fn draw(&self, frame: &mut Frame<'_>, area: Rect, (look, session): (&Look, &Session)) {
        if !self.filtering && (self.ask.is_some() || self.details) {
            let mut page = Page::new(look.theme, area.width);
            self.instead(&mut page, (look, session));
            return look.page(frame, area, page);
        }
        let mut head = Page::new(look.theme, area.width);
        self.head(&mut head, look);
        if self.table.folders().is_empty() {
            return look.page(frame, area, head);
        }
        let rows = head.len().min(area.height.saturating_sub(3).max(1));
        head.draw(frame, top(area, rows));
        let rest = below(area, rows);
        if rest.height < WITH_BOTH {
            if self.inside || self.filtering {
                self.crates(frame, rest, look);
            } else {
                self.folders(frame, rest, look);
            }
            return;
        }
        let rest = below(rest, 1);
        let most = (rest.height / 3).max(3);
        let list = u16::try_from(self.places()).unwrap_or(u16::MAX).saturating_add(1).min(most);
        self.folders(frame, top(rest, list), look);
        let mut about = Page::new(look.theme, area.width);
        let folder = self.folder().map(|(_, folder)| folder);
        let total = self.total_at(self.registries.selected());
        let words = match folder {
            Some(folder) => registries::about(folder, &total, (&self.table, look.theme, session)),
            None if self.groups.is_some() => {
                let names = text::count(self.places(), "crate", "crates");
                format!("{names} by name, with all versions and copies; what takes most first")
            }
            None if !self.listed => "What is there more than once is counted at the end".to_owned(),
            None => format!("{} would be free if each crate were cached once", text::size(self.duplicates)),
        };
        about.exact(&words, look.theme.quiet());
        about.draw(frame, top(below(rest, list), 1));
        self.crates(frame, below(rest, list + 2), look);
    }

    /// What stands in place of the tables.
    fn instead(&self, page: &mut Page, (look, session): (&Look, &Session)) {
        let with = ((&self.table, self.listed), session, look.time);
        match (&self.ask, self.row().filter(|_| self.inside), self.folder()) {
            (Some(ask), ..) => ask.show(page, (&self.table, session), self.narrow.as_ref()),
            (None, Some(row), _) => pages::of_row(page, row, with),
            (None, None, Some((_, folder))) => {
                let total = self.total_at(self.registries.selected());
                pages::of_folder(page, (folder, &total), with);
            }
            (None, None, None) => {}
        }
    }

    fn head(&self, page: &mut Page, look: &Look) {
        let separator = look.theme.separator();
        let all = registries::of_all(&self.totals);
        let files = text::count(self.table.rows().len(), "file", "files");
        match self.job {
            _ if self.stopping => page.busy(look.frame(), "Stopping"),
            Job::Listing => page.busy(look.frame(), &format!("Looking at the crate cache: {files} so far")),
            Job::Verifying => page.busy(look.frame(), &self.progress(separator)),
            Job::Repairing => page.busy(look.frame(), "Deleting what is damaged, under Cargo's locks"),
            Job::Planning => page.busy(look.frame(), "Finding out what that would free"),
            Job::Pruning => page.busy(look.frame(), "Deleting, under Cargo's locks"),
            Job::Nothing => self.show_told(page),
        };
        for note in self.table.notes() {
            page.warning(&sentence(note));
        }
        if self.table.folders().is_empty() {
            if self.job == Job::Nothing && self.listed {
                page.text("The crate cache is empty: Restore fills it.");
            }
            return;
        }
        if self.job != Job::Listing {
            let crates = text::count(all.crates, "crate", "crates");
            let folders = text::count(self.table.folders().len(), "registry", "registries");
            let mut facts = vec![format!("{crates}, {} in {folders}", text::size(all.bytes))];
            if all.unpacked > 0 {
                facts.push(format!("unpacked {}", text::size(all.unpacked)));
            }
            if !self.marks.is_empty() {
                let bytes = text::size(self.marks.values().sum());
                facts.push(format!("{} marked, {bytes}", text::grouped(self.marks.len())));
            }
            page.exact(&facts.join(separator), Style::new());
        }
        if let Some(field) = &self.filter {
            let of_registry = text::grouped(self.view.before_filter());
            page.field(
                &format!("{} of {of_registry}", text::grouped(self.view.len())),
                field,
                self.filtering,
            );
        }
    }

    fn progress(&self, separator: &str) -> String {
        let ((files, bytes), (all, all_bytes)) = self.table.progress();
        if all == 0 || files > all {
            return "Comparing with the checksums".to_owned();
        }
        let (files, all) = (text::grouped(files), text::count(all, "file", "files"));
        let (bytes, all_bytes) = (text::size(bytes), text::size(all_bytes));
        format!("Comparing: {files} of {all}{separator}{bytes} of {all_bytes}")
    }

    fn show_told<'a>(&self, page: &'a mut Page) -> &'a mut Page {
        match &self.told {
            None => page,
            Some(Told::Good(words)) => page.good(words),
            Some(Told::Warning(words)) => page.warning(words),
            Some(Told::Failed(report)) => page.report(report),
        }
    }

    fn folders(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        let columns: &[Column] = if self.groups.is_some() { &groups::COLUMNS } else { &registries::COLUMNS };
        let table = Table {
            theme: look.theme,
            columns,
            sorted: None,
            window: &self.registries,
            length: self.places(),
            focused: !self.inside && !self.filtering,
        };
        table.draw(frame, area, |place| {
            if let Some(groups) = &self.groups {
                let cells = |group| groups::cells(group, look.theme, look.time);
                return groups.get(place).map(cells).unwrap_or_default();
            }
            let folder = self.folder_at(place).map(|(_, folder)| folder);
            registries::cells(folder, &self.total_at(place), (&self.table, look.theme, look.time))
        });
    }

    fn crates(&self, frame: &mut Frame<'_>, area: Rect, look: &Look) {
        if self.view.len() == 0 {
            let mut page = Page::new(look.theme, area.width);
            page.quiet(match (&self.filter, self.job) {
                (Some(_), _) => "No crate matches. Esc clears the filter.",
                (None, Job::Listing) => "The crates come in as they are found.",
                (None, _) => "No crates here.",
            });
            return page.draw(frame, area);
        }
        let of_all = self.folder().is_none();
        let (columns, sorted) = rows::columns(self.view.order, (of_all, !self.marks.is_empty()));
        let labels: Vec<String> = if of_all {
            self.table.folders().iter().map(crate::domain::cache::Folder::label).collect()
        } else {
            Vec::new()
        };
        let table = Table {
            theme: look.theme,
            columns: &columns,
            sorted: Some(sorted),
            window: &self.window,
            length: self.view.len(),
            focused: self.inside && !self.filtering,
        };
        table.draw(frame, area, |place| {
            let Some((row, facts)) = self.view.row(&self.table, place) else { return Vec::new() };
            let label = labels.get(facts.folder as usize).map_or("", String::as_str);
            let shown = Shown {
                row,
                copies: facts.copies,
                registry: of_all.then_some(label),
                marked: (!self.marks.is_empty()).then(|| self.marks.contains_key(&row.file)),
            };
            rows::cells(shown, look.theme, look.time)
        });
    }
}
