//! The Cache tab: the registries that Cargo keeps crates of, their crates, and what can be done about them.

mod groups;
mod jobs;
mod narrow;
mod pages;
mod registries;
mod rows;
mod view;

use std::collections::HashMap;
use std::time::Duration;

use ratatui::Frame;
use ratatui::layout::Rect;

use crate::domain::cache::{
    CacheEvent, CacheRow, CacheTable, CachedFile, Folder, FolderTotals, Removal, Selection,
};
use crate::domain::text;
use crate::task::{CacheJob, Event};

use super::super::keymap::{Action, Key, MOVES, Offer, offer};
use super::super::msg::Act;
use super::super::session::Session;
use super::super::widget::field::Field;
use super::super::widget::list_window::ListWindow;
use super::{Look, Panel};
use groups::Group;
use jobs::{Job, Told};
use narrow::Narrow;
use pages::Ask;
use rows::{Order, View};

#[derive(Debug, Default)]
pub(super) struct Cache {
    job: Job,
    /// It was asked to end, and has not yet.
    stopping: bool,
    listed: bool,
    told: Option<Told>,
    table: CacheTable,
    totals: Vec<FolderTotals>,
    /// What would be free if each crate were cached once.
    duplicates: u64,
    /// Deletions that were told, and are not taken out of the table yet.
    removals: Vec<Removal>,
    /// Why the first one that failed did.
    failure: Option<String>,
    /// Something has changed since the totals and the rows were put in order: that waits for the next frame.
    stale: bool,
    /// By registry, or by crate where these are there.
    registries: ListWindow,
    groups: Option<Vec<Group>>,
    /// Whether the cursor is among the crates, and not among the registries.
    inside: bool,
    view: View,
    window: ListWindow,
    selected: Option<CachedFile>,
    filter: Option<Field>,
    filtering: bool,
    /// With their bytes.
    marks: HashMap<CachedFile, u64>,
    details: bool,
    ask: Option<Ask>,
    /// Which of several crates deleting is about.
    narrow: Option<Narrow>,
}

impl Cache {
    fn look(&mut self, session: &mut Session) -> Vec<Act> {
        session.cache_changed = false;
        self.table = CacheTable::default();
        self.told = None;
        self.ask = None;
        self.listed = false;
        self.refresh();
        self.begin(Job::Listing, CacheJob::List)
    }

    /// Whether the first row stands for all registries.
    fn has_all(&self) -> bool {
        self.groups.is_none() && self.table.folders().len() > 1
    }

    /// Rows of the list of registries, or of crates by name.
    fn places(&self) -> usize {
        let of_registries = self.table.folders().len() + usize::from(self.has_all());
        self.groups.as_ref().map_or(of_registries, Vec::len)
    }

    fn group(&self) -> Option<&Group> {
        self.groups.as_ref()?.get(self.registries.selected())
    }

    /// The folder of that row; `None`: the row of all.
    fn folder_at(&self, place: usize) -> Option<(usize, &Folder)> {
        let at = place.checked_sub(usize::from(self.has_all()))?;
        Some((at, self.table.folders().get(at)?)).filter(|_| self.groups.is_none())
    }

    fn folder(&self) -> Option<(usize, &Folder)> {
        self.folder_at(self.registries.selected())
    }

    fn total_at(&self, place: usize) -> FolderTotals {
        let of_folder = self.folder_at(place).and_then(|(at, _)| self.totals.get(at).cloned());
        of_folder.unwrap_or_else(|| registries::of_all(&self.totals))
    }

    fn row(&self) -> Option<&CacheRow> {
        self.view.row(&self.table, self.window.selected()).map(|(row, _)| row)
    }

    /// The crate under the cursor, where that is among the crates.
    fn crate_here(&self) -> Option<&CacheRow> {
        self.row().filter(|row| self.inside && row.file.name.id().is_some())
    }

    /// Takes what has been told into totals and order.
    fn refresh(&mut self) {
        self.stale = false;
        if !self.removals.is_empty() {
            self.table.apply(CacheEvent::Removed(std::mem::take(&mut self.removals)));
        }
        self.totals = self.table.totals();
        self.duplicates = self.table.duplicate_bytes();
        self.registries.clamp(self.places());
        let known = self.view.known();
        let rows = self.table.rows().len();
        // While they stream in, rows are put in order each time that there are twice as many.
        if self.job != Job::Listing || rows >= 2 * known {
            if rows != known || self.job != Job::Verifying {
                self.view.take(&self.table);
            } else if self.view.order == Order::State {
                self.view.sort(&self.table);
            } else {
                return;
            }
            self.choose();
        }
    }

    /// Shows what the registry and the filter leave; the cursor stays on its crate.
    fn choose(&mut self) {
        let folder = self.folder().and_then(|(at, _)| u32::try_from(at).ok());
        self.view.choose(&self.table, folder, self.filter.as_ref().map_or("", Field::text));
        if self.groups.is_some() {
            let groups = groups::of(self.view.rows(&self.table));
            let before = self.group().map(|group| group.name.clone());
            let place = groups.iter().position(|group| Some(&group.name) == before.as_ref());
            self.groups = Some(groups);
            match place {
                Some(place) => self.registries.follow(place),
                None => self.registries.clamp(self.places()),
            }
        }
        self.choose_group();
    }

    /// Shows the crates of the group under the cursor; the cursor among them stays on its crate.
    fn choose_group(&mut self) {
        if self.groups.is_some() {
            let name = self.group().map(|group| group.name.clone());
            self.view.choose_name(&self.table, name.as_ref());
        }
        let selected = self.selected.as_ref();
        let place = selected.and_then(|file| self.view.position(&self.table, |row| row.file == *file));
        match place {
            Some(place) => self.window.follow(place),
            // Nobody has chosen a row yet.
            None if self.selected.is_none() => self.window.select(0),
            None => self.window.clamp(self.view.len()),
        }
    }

    fn sort(&mut self) -> Vec<Act> {
        self.view.order = self.view.order.next(self.folder().is_none());
        self.view.sort(&self.table);
        self.choose();
        vec![Act::Say(format!("sorted by {}", self.view.order.label()))]
    }

    fn step(&mut self, action: Action) {
        if self.inside {
            if self.window.act(action, self.view.len()) {
                self.selected = self.row().map(|row| row.file.clone());
            }
        } else if self.registries.act(action, self.places()) {
            self.selected = None;
            if self.groups.is_some() { self.choose_group() } else { self.choose() }
        }
    }

    /// By crate, or by registry again.
    fn regroup(&mut self) {
        self.groups = if self.groups.is_some() { None } else { Some(Vec::new()) };
        self.registries = ListWindow::default();
        (self.inside, self.selected) = (false, None);
        self.choose();
    }

    fn mark(&mut self) {
        let Some((file, bytes)) = self.crate_here().map(|row| (row.file.clone(), row.bytes)) else { return };
        if self.marks.remove(&file).is_none() {
            self.marks.insert(file, bytes);
        }
    }

    /// Marks every crate that is shown; where all of them are, none.
    fn mark_all(&mut self) {
        let crates = || self.view.rows(&self.table).filter(|row| row.file.name.id().is_some());
        let are_marked = crates().all(|row| self.marks.contains_key(&row.file));
        let shown: Vec<(CachedFile, u64)> = crates().map(|row| (row.file.clone(), row.bytes)).collect();
        if are_marked {
            for (file, _) in &shown {
                self.marks.remove(file);
            }
        } else {
            self.marks.extend(shown);
        }
    }

    /// What is meant: what is marked, else the registry under the cursor.
    fn meant(&self) -> Selection {
        if !self.marks.is_empty() {
            let mut marked: Vec<CachedFile> = self.marks.keys().cloned().collect();
            marked.sort_unstable();
            return Selection { marked: Some(marked), ..Selection::default() };
        }
        if let Some(group) = self.group() {
            return Selection { crates: vec![group.name.to_string()], ..Selection::default() };
        }
        let registries = self.folder().map(|(_, folder)| folder.dir.to_string());
        Selection { registries: registries.into_iter().collect(), ..Selection::default() }
    }

    /// The one crate that `x` is about, where nothing is marked.
    fn one_to_prune(&self) -> Option<Selection> {
        let row = self.crate_here().filter(|_| self.marks.is_empty())?;
        Some(Selection { marked: Some(vec![row.file.clone()]), ..Selection::default() })
    }

    /// Whether it is said what `x` is about.
    fn can_prune(&self) -> bool {
        self.one_to_prune().is_some() || !self.marks.is_empty() || (!self.inside && self.places() > 0)
    }

    /// Finds out what deleting what is meant would free, which is asked about then.
    fn plan_prune(&mut self, session: &Session) -> Vec<Act> {
        let one = self.one_to_prune();
        self.narrow = if one.is_some() { None } else { Some(Narrow::new(self.meant())) };
        match one {
            Some(one) => self.begin(Job::Planning, CacheJob::PlanPrune(one)),
            None => self.plan_narrowed(session),
        }
    }

    fn plan_narrowed(&mut self, session: &Session) -> Vec<Act> {
        let Some(narrow) = &self.narrow else { return Vec::new() };
        let selection = narrow.selection(session);
        self.ask = None;
        self.begin(Job::Planning, CacheJob::PlanPrune(selection))
    }

    fn path(&self) -> Option<String> {
        let row = self.row().filter(|_| self.inside);
        let folder = match row {
            Some(row) => self.table.folders().iter().find(|folder| folder.dir == row.file.dir)?,
            None => self.folder()?.1,
        };
        let id = row.and_then(|row| row.file.name.id());
        let path = id.map_or_else(|| folder.path.clone(), |id| folder.path.join(id.file_name()));
        Some(path.to_string_lossy().into_owned())
    }

    /// Whether the crate under the cursor is one that Cargo can get again.
    fn can_repair(&self) -> bool {
        self.job == Job::Nothing && self.crate_here().is_some_and(|row| row.state.is_repairable())
    }

    /// What `Esc` does now.
    fn closes(&self) -> Option<&'static str> {
        match self {
            Self { filtering: true, .. } => Some("clear"),
            Self { ask: Some(_), .. } => Some("leave it"),
            Self { details: true, .. } => Some("close"),
            Self { stopping: true, .. } => None,
            Self { filter: Some(_), .. } => Some("clear the filter"),
            Self { job: Job::Listing | Job::Verifying | Job::Planning, .. } => Some("cancel"),
            Self { job: Job::Repairing | Job::Pruning, .. } => Some("stop"),
            Self { told: Some(Told::Failed(_)), listed: true, .. } => Some("close"),
            Self { inside: true, groups: Some(_), .. } => Some("all names"),
            Self { inside: true, .. } if self.has_all() => Some("registries"),
            Self { inside: true, .. } if self.places() > 0 => Some("registry"),
            _ => None,
        }
    }

    fn own_offers(&self) -> Vec<Offer> {
        let is_free = self.job == Job::Nothing;
        let has_rows = self.view.known() > 0;
        let mut offers = Vec::new();
        if !self.inside && self.view.len() > 0 {
            offers.push(offer(Action::Accept, "its crates"));
        } else if self.can_repair() {
            offers.push(offer(Action::Accept, "repair"));
        }
        if is_free && has_rows {
            offers.push(offer(Action::Verify, "verify"));
        }
        if is_free && self.can_prune() {
            offers.push(offer(Action::Remove, "delete"));
        }
        offers.extend(self.crate_here().map(|_| offer(Action::Toggle, "mark")));
        offers.extend((self.view.len() > 0).then_some(offer(Action::MarkAll, "mark all")));
        offers.extend(self.closes().map(|verb| offer(Action::Back, verb)));
        if has_rows {
            offers.extend([offer(Action::Sort, "sort"), offer(Action::Filter, "filter")]);
            let by = if self.groups.is_some() { "by registry" } else { "by crate" };
            offers.push(offer(Action::Group, by));
        }
        if self.path().is_some() {
            offers.extend([offer(Action::Details, "details"), offer(Action::Copy, "copy the path")]);
        }
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        if is_free {
            offers.push(offer(Action::RunAgain, "look again"));
        }
        let length = if self.inside { self.view.len() } else { self.places() };
        if length > 1 {
            offers.extend(MOVES);
        }
        offers
    }
}

impl Panel for Cache {
    fn enter(&mut self, session: &mut Session) -> Vec<Act> {
        let is_known = self.listed && !session.cache_changed;
        if self.job != Job::Nothing || is_known {
            return Vec::new();
        }
        self.look(session)
    }

    fn offers(&self, _session: &Session) -> Vec<Offer> {
        let back = self.closes().map(|verb| offer(Action::Back, verb));
        let mut offers = match (&self.ask, self.filtering, self.details) {
            (_, true, _) => {
                return [offer(Action::Accept, "keep the filter")].into_iter().chain(back).collect();
            }
            (Some(ask), ..) => {
                let agree = ask.verb().map(|verb| offer(Action::Accept, verb));
                let turn = self.narrow.as_ref().map(|_| offer(Action::Toggle, "which of them"));
                agree.into_iter().chain(turn).collect()
            }
            (None, _, true) => vec![offer(Action::Copy, "copy the path")],
            (None, ..) => return self.own_offers(),
        };
        offers.extend(back);
        offers.extend([offer(Action::Help, "help"), offer(Action::Quit, "leave")]);
        offers
    }

    fn act(&mut self, action: Action, session: &mut Session) -> Vec<Act> {
        match action {
            Action::Accept if self.filtering => self.filtering = false,
            Action::Accept if self.ask.is_some() => return self.agree(),
            Action::Accept if !self.inside => self.inside = true,
            Action::Accept => self.ask_to_repair(),
            Action::Toggle if self.ask.is_some() => {
                self.narrow.iter_mut().for_each(|narrow| narrow.turn(session));
                return self.plan_narrowed(session);
            }
            Action::Toggle => self.mark(),
            Action::MarkAll => self.mark_all(),
            Action::Group => self.regroup(),
            Action::Sort => return self.sort(),
            Action::Filter => {
                self.filter.get_or_insert_with(Field::default);
                self.filtering = true;
            }
            Action::Details => self.details = true,
            Action::Copy => {
                let path = self.path().unwrap_or_default();
                let said = text::clean(&path);
                return vec![Act::Say(format!("on the clipboard: {said}")), Act::Copy(path)];
            }
            Action::RunAgain => return self.look(session),
            Action::Verify => {
                let meant = self.meant();
                return self.begin(Job::Verifying, CacheJob::Verify(meant));
            }
            Action::Remove => return self.plan_prune(session),
            action => self.step(action),
        }
        Vec::new()
    }

    fn close(&mut self, _session: &mut Session) -> Option<Vec<Act>> {
        self.closes()?;
        if self.filtering || (self.filter.is_some() && self.ask.is_none() && !self.details) {
            (self.filter, self.filtering) = (None, false);
            self.choose();
        } else if self.ask.is_some() {
            self.ask = None;
        } else if self.details {
            self.details = false;
        } else if self.job != Job::Nothing {
            return Some(self.cancel());
        } else if matches!(self.told, Some(Told::Failed(_))) {
            self.told = None;
        } else {
            self.inside = false;
        }
        Some(Vec::new())
    }

    fn in_field(&self) -> bool {
        self.filtering
    }

    fn edit(&mut self, key: Key, _session: &mut Session) {
        if self.filter.as_mut().is_some_and(|field| field.key(key)) {
            self.choose();
        }
    }

    fn paste(&mut self, pasted: &str, _session: &mut Session) {
        if let Some(field) = self.filter.as_mut().filter(|_| self.filtering) {
            field.paste(pasted);
            self.choose();
        }
    }

    fn event(&mut self, event: Event, session: &mut Session) -> Vec<Act> {
        match event {
            Event::InCache(event) => self.in_cache(event),
            Event::CacheDone(done) => return self.done(done, session),
            Event::Failed(report) => self.ended(Told::Failed(report)),
            Event::Cancelled => {
                self.ended(Told::Warning("Stopped: what was deleted by then is gone".to_owned()));
            }
            _ => {}
        }
        Vec::new()
    }

    fn tick(&mut self, _now: Duration, _session: &Session) -> Vec<Act> {
        if self.stale {
            self.refresh();
        }
        Vec::new()
    }

    fn moves(&self) -> bool {
        self.job != Job::Nothing
    }

    fn must_end(&self) -> bool {
        self.job.deletes()
    }

    fn must_be_read(&self) -> bool {
        self.ask.as_ref().is_some_and(|ask| ask.verb().is_some()) && !self.filtering
    }

    fn failed(&self) -> bool {
        matches!(self.told, Some(Told::Failed(_)))
    }

    fn view(&self, frame: &mut Frame<'_>, area: Rect, look: &Look, session: &Session) {
        self.draw(frame, area, (look, session));
    }
}
