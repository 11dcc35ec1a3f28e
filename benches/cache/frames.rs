//! What a key and its frame cost on the Cache tab with very many rows: the tab on a terminal in memory, told by hand.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use az_cargo_wizard::domain::cache::{
    CacheEvent, CacheRow, CachedFile, Era, FileName, FileState, Folder, KnownIndex, Owner,
};
use az_cargo_wizard::domain::package::CrateId;
use az_cargo_wizard::host::Clock;
use az_cargo_wizard::task::check::Checkout;
use az_cargo_wizard::task::{CacheDone, CacheJob, Event, JobId, Request};
use az_cargo_wizard::tui::{App, Effect, Key, Msg, Opening, Theme};
use ratatui::Terminal;
use ratatui::backend::TestBackend;

const SIZE: (u16, u16) = (120, 36);
const FOLDERS: usize = 4;
/// Rows that come with one event, as a look at the disk tells them.
const CHUNK: usize = 1_000;
const FRAMES: usize = 300;

/// Median and longest, in milliseconds, of a key or what is told, and the frame after it.
#[derive(Debug)]
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) median: f64,
    pub(crate) longest: f64,
}

/// All figures with so many crates in four registries; scrolling is the first.
pub(crate) fn measure(crates: usize, clock: &Clock) -> Vec<Figure> {
    let mut tab = Tab::opened(clock);
    let streamed = tab.fill(crates);
    let last = tab.screen();
    assert!(last.contains(&grouped(crates)), "the tab shows all of them:\n{last}");
    tab.keys("\n");
    let scroll = tab.each("scrolling, a key and its frame", &[Key::Char('j'), Key::PageDown, Key::Char('k')]);
    let ends = tab.each("to the other end and back", &[Key::Char('G'), Key::Char('g')]);
    let sort = tab.each("another order", &[Key::Char('s')]);
    tab.keys("/");
    let typed = ["made", "\u{8}\u{8}\u{8}\u{8}", "-00", "\u{8}\u{8}\u{8}"].concat();
    let typed: Vec<Key> = typed.chars().map(key_of).collect();
    let filter = tab.each("a key in the filter", &typed);
    vec![scroll, ends, sort, filter, streamed]
}

fn key_of(letter: char) -> Key {
    match letter {
        '\u{8}' => Key::Backspace,
        '\n' => Key::Enter,
        '\t' => Key::Tab,
        letter => Key::Char(letter),
    }
}

fn grouped(number: usize) -> String {
    format!("{},{:03}", number / 1_000, number % 1_000)
}

struct Tab<'a> {
    clock: &'a Clock,
    app: App,
    terminal: Terminal<TestBackend>,
    job: JobId,
    turn: u32,
}

impl<'a> Tab<'a> {
    /// The dashboard on its Cache tab, which has asked for the list.
    fn opened(clock: &'a Clock) -> Self {
        let checkout = Checkout { workspace: Some("/home/ana/shop".into()), ..Checkout::default() };
        let (app, effects) = App::new(Theme::default(), Opening::Dashboard(Box::new(checkout)));
        let terminal = Terminal::new(TestBackend::new(SIZE.0, SIZE.1)).expect("memory is a terminal");
        let mut tab = Self { clock, app, terminal, job: JobId(0), turn: 0 };
        tab.carry_out(effects);
        tab.keys("\t\t");
        tab
    }

    /// Rows stream in, with a frame after each thousand.
    fn fill(&mut self, crates: usize) -> Figure {
        let dirs: Vec<Arc<str>> = (0..FOLDERS).map(|at| format!("registry-{at:016x}").into()).collect();
        self.tell(Event::InCache(CacheEvent::Folders(dirs.iter().map(folder).collect())));
        let rows: Vec<CacheRow> = (0..crates).map(|at| row(&dirs[at % FOLDERS], at)).collect();
        let mut times = Vec::new();
        for chunk in rows.chunks(CHUNK) {
            let chunk = chunk.to_vec();
            times.push(self.time(|tab| tab.tell(Event::InCache(CacheEvent::Rows(chunk)))));
        }
        times.push(self.time(|tab| tab.tell(Event::CacheDone(CacheDone::Listed))));
        figure("a thousand rows more, and the end of the list", times)
    }

    fn each(&mut self, name: &'static str, keys: &[Key]) -> Figure {
        let keys = keys.iter().copied().cycle().take(FRAMES);
        let times = keys.map(|key| self.time(|tab| tab.key(key))).collect();
        figure(name, times)
    }

    /// In milliseconds, the frame included.
    fn time(&mut self, act: impl FnOnce(&mut Self)) -> f64 {
        let start = self.clock.since_start();
        act(self);
        self.turn += 1;
        self.app.update(Msg::Tick(Duration::from_millis(100) * self.turn));
        self.terminal.draw(|frame| self.app.view(frame)).expect("memory is a terminal");
        self.clock.since_start().saturating_sub(start).as_secs_f64() * 1e3
    }

    fn keys(&mut self, keys: &str) {
        keys.chars().map(key_of).for_each(|key| self.key(key));
    }

    fn key(&mut self, key: Key) {
        let effects = self.app.update(Msg::Key(key));
        self.carry_out(effects);
    }

    fn tell(&mut self, event: Event) {
        let effects = self.app.update(Msg::Job(self.job, event));
        self.carry_out(effects);
    }

    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            if let Effect::Start(id, Request::Cache(CacheJob::List)) = effect {
                self.job = id;
            }
        }
    }

    fn screen(&self) -> String {
        self.terminal.backend().to_string()
    }
}

fn figure(name: &'static str, mut times: Vec<f64>) -> Figure {
    times.sort_unstable_by(f64::total_cmp);
    Figure { name, median: times[times.len() / 2], longest: times[times.len() - 1] }
}

fn folder(dir: &Arc<str>) -> Folder {
    let path = PathBuf::from("/home/ana/.cargo/registry/cache").join(&**dir);
    let owner = Owner::Index(Box::new(KnownIndex {
        registry: dir.to_string(),
        index: format!("sparse+https://pkgs.dev.azure.com/contoso/_packaging/{dir}/Cargo/index/"),
        named_in: ".cargo/config.toml".to_owned(),
        era: Era::Current,
        spelling: Vec::new(),
        feed: format!("contoso/{dir}"),
    }));
    Folder { dir: dir.clone(), path, owner, has_index: true }
}

fn row(dir: &Arc<str>, at: usize) -> CacheRow {
    let id = CrateId::parse(&format!("made-{:06}", at / 2), "1.0.0").expect("a name and a version");
    let bytes = 1_000 + u64::try_from(at).unwrap_or_default() * 7_919 % 50_000;
    CacheRow {
        file: CachedFile { dir: dir.clone(), name: FileName::Crate(id) },
        bytes,
        unpacked: Some(bytes * 4),
        stored: Some(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000 + bytes)),
        used: None,
        in_lock_file: at.is_multiple_of(3),
        state: FileState::Unchecked,
    }
}
