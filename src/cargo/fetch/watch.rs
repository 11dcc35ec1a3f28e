//! The eyes of a run: one thread that reads the lock file, looks at the expected files five times a second,
//! and cleans up (cargo-contract 11 and 12). It looks only at files that are still missing, and lists a folder in
//! place of asking for each of many.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, SystemTime};

use super::plan::{Addition, Expected, Planner, file_size};
use crate::cargo::recover::Recovery;
use crate::domain::progress::FetchEvent;

const PERIOD: Duration = Duration::from_millis(200);

/// What the watcher is asked for. Its last look comes when the orders end.
#[derive(Debug)]
pub(super) enum Order {
    /// Read the lock file, and answer what is new.
    Plan,
    /// Look no more until the last look: a kill may leave what isn't a crate.
    Hold,
    /// Find what Cargo left damaged, remove it, and answer.
    Recover { since: SystemTime },
}

/// What the watcher says.
#[derive(Debug)]
pub(super) enum Report {
    Plan(Addition),
    Seen(Vec<FetchEvent>),
    Recovered(Recovery),
}

/// How many names of a listing cost as much as a question for one file.
const NAMES_A_QUESTION: usize = 8;

/// The files that are to come into one folder of the cache.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    coming: Vec<Coming>,
    /// Files in it at the last listing.
    crowd: usize,
}

/// One file on its way.
#[derive(Debug)]
struct Coming {
    file: Expected,
    /// The name of its archive: finding it in the path for every look takes longer than the look.
    name: OsString,
    /// Its size at the last look.
    size: Option<u64>,
    stored: bool,
}

/// Works until the orders end.
pub(super) fn watch(mut planner: Planner, orders: &Receiver<Order>, mut tell: impl FnMut(Report)) {
    let mut folders: Vec<Folder> = Vec::new();
    let mut held = false;
    loop {
        let looking = !held && folders.iter().any(|folder| !folder.coming.is_empty());
        match next(orders, looking) {
            Ok(Order::Plan) => {
                let mut addition = planner.read();
                expect(&mut folders, addition.expected.drain(..));
                tell(Report::Plan(addition));
            }
            Ok(Order::Hold) => held = true,
            Ok(Order::Recover { since }) => {
                tell(Report::Recovered(planner.recover(since)));
            }
            Err(RecvTimeoutError::Timeout) => look(&mut folders, false, &mut tell),
            Err(RecvTimeoutError::Disconnected) => return look(&mut folders, true, &mut tell),
        }
    }
}

fn next(orders: &Receiver<Order>, looking: bool) -> Result<Order, RecvTimeoutError> {
    if looking {
        orders.recv_timeout(PERIOD)
    } else {
        orders.recv().map_err(|_| RecvTimeoutError::Disconnected)
    }
}

/// Adds files that are to come, each to its folder.
fn expect(folders: &mut Vec<Folder>, files: impl Iterator<Item = Expected>) {
    let mut places: HashMap<PathBuf, usize> =
        folders.iter().enumerate().map(|(place, folder)| (folder.path.clone(), place)).collect();
    for file in files {
        let path = file.archive.parent().unwrap_or(Path::new("")).to_owned();
        let place = *places.entry(path).or_insert_with_key(|path| {
            folders.push(Folder { path: path.clone(), coming: Vec::new(), crowd: 0 });
            folders.len() - 1
        });
        let name = file.archive.file_name().unwrap_or_default().to_owned();
        folders[place].coming.push(Coming { file, name, size: None, stored: false });
    }
}

fn look(folders: &mut [Folder], is_last: bool, tell: &mut impl FnMut(Report)) {
    let mut seen = Vec::new();
    for folder in folders {
        folder.look(is_last, &mut seen);
    }
    if !seen.is_empty() {
        tell(Report::Seen(seen));
    }
}

impl Folder {
    fn look(&mut self, is_last: bool, seen: &mut Vec<FetchEvent>) {
        // The last look leaves nothing to a listing that may be older than a file.
        let names = if is_last { None } else { self.names() };
        let is_there = |one: &Coming| names.as_ref().is_none_or(|names| names.contains(&one.name));
        self.coming.retain_mut(|one| !(one.stored || is_there(one)) || one.look(is_last, seen));
    }

    /// The names of the files in it; `None` where asking for those that are missing costs less.
    fn names(&mut self) -> Option<HashSet<OsString>> {
        let missing = self.coming.iter().filter(|one| !one.stored).count();
        if missing == 0 || missing * NAMES_A_QUESTION < self.crowd {
            return None;
        }
        let names = match fs::read_dir(&self.path) {
            Ok(entries) => entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<HashSet<_>>>(),
            // Cargo has not made it yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(HashSet::new()),
            Err(error) => Err(error),
        };
        let names = names.ok()?;
        self.crowd = names.len();
        Some(names)
    }
}

impl Coming {
    /// Whether there is still something to wait for.
    fn look(&mut self, is_last: bool, seen: &mut Vec<FetchEvent>) -> bool {
        // Asked for first: the size of a file that was whole before is that of the whole file.
        let marked = self.file.mark.is_file();
        if !self.stored {
            let Some(bytes) = file_size(&self.file.archive) else { return true };
            // A file can be short for some milliseconds: it is whole when it is being unpacked, when it
            // no longer grows, or when nobody writes any more.
            let is_whole = is_last || self.size == Some(bytes) || (marked && !self.file.marked_before);
            self.size = Some(bytes);
            if !is_whole {
                return true;
            }
            self.stored = true;
            seen.push(FetchEvent::Stored { id: self.file.id.clone(), bytes });
        }
        if marked {
            seen.push(FetchEvent::Unpacked(self.file.id.clone()));
        }
        !marked
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::domain::package::CrateId;

    struct Scene {
        dir: tempfile::TempDir,
        folders: Vec<Folder>,
        told: Vec<FetchEvent>,
    }

    impl Scene {
        fn new(marked_before: bool) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let (archive, mark) = (dir.path().join("x.crate"), dir.path().join("ok"));
            let id = CrateId::parse("x", "1.0.0").unwrap();
            let mut folders = Vec::new();
            expect(&mut folders, std::iter::once(Expected { id, archive, mark, marked_before }));
            Self { dir, folders, told: Vec::new() }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.dir.path().join(name), text).unwrap();
        }

        /// What one look tells.
        fn look(&mut self, is_last: bool) -> Vec<FetchEvent> {
            let told = &mut self.told;
            look(&mut self.folders, is_last, &mut |report| {
                if let Report::Seen(events) = report {
                    told.extend(events);
                }
            });
            std::mem::take(told)
        }
    }

    fn stored(bytes: u64) -> FetchEvent {
        FetchEvent::Stored { id: CrateId::parse("x", "1.0.0").unwrap(), bytes }
    }

    fn unpacked() -> FetchEvent {
        FetchEvent::Unpacked(CrateId::parse("x", "1.0.0").unwrap())
    }

    #[test]
    fn a_file_that_still_grows_is_not_stored() {
        let mut scene = Scene::new(false);
        assert_eq!(scene.look(false), []);
        scene.write("x.crate", "");
        assert_eq!(scene.look(false), []);
        scene.write("x.crate", "123");
        assert_eq!(scene.look(false), []);
        scene.write("x.crate", "12345");
        assert_eq!(scene.look(false), []);
        assert_eq!(scene.look(false), [stored(5)]);
        assert_eq!(scene.look(false), []);
        scene.write("ok", "");
        assert_eq!(scene.look(false), [unpacked()]);
        assert!(scene.folders[0].coming.is_empty());
    }

    #[test]
    fn an_unpacked_crate_is_whole_at_once() {
        let mut scene = Scene::new(false);
        scene.write("x.crate", "12345");
        scene.write("ok", "");
        assert_eq!(scene.look(false), [stored(5), unpacked()]);
    }

    #[test]
    fn an_old_mark_proves_nothing_about_a_new_file() {
        let mut scene = Scene::new(true);
        scene.write("ok", "");
        scene.write("x.crate", "1");
        assert_eq!(scene.look(false), []);
        assert_eq!(scene.look(false), [stored(1), unpacked()]);
    }

    #[test]
    fn the_last_look_takes_what_is_there() {
        let mut scene = Scene::new(false);
        scene.write("x.crate", "12");
        assert_eq!(scene.look(true), [stored(2)]);
    }

    /// A crate of the watched folder, and whether its file is there.
    fn among(scene: &Scene, name: &str, is_there: bool) -> Expected {
        let (archive, mark) = (scene.dir.path().join(name), scene.dir.path().join(format!("{name}.ok")));
        if is_there {
            fs::write(&archive, "1234").unwrap();
        }
        let id = CrateId::parse(name, "1.0.0").unwrap();
        Expected { id, archive, mark, marked_before: false }
    }

    #[test]
    fn each_of_many_is_seen_whether_the_folder_is_listed_or_not() {
        let mut scene = Scene::new(false);
        let files: Vec<Expected> =
            (0..40).map(|index| among(&scene, &format!("c{index}"), index % 2 == 0)).collect();
        expect(&mut scene.folders, files.into_iter());
        assert_eq!(scene.folders.len(), 1, "all are of one folder");
        scene.look(false);
        assert_eq!(scene.folders[0].crowd, 20);
        assert_eq!(scene.look(false).len(), 20);
        (1..40).step_by(2).for_each(|index| drop(among(&scene, &format!("c{index}"), index != 39)));
        scene.look(false);
        assert_eq!(scene.look(false).len(), 19);
        assert!(scene.folders[0].names().is_none(), "two are asked for among so many");
        drop(among(&scene, "c39", true));
        assert_eq!(scene.look(true).len(), 1);
    }

    #[test]
    fn a_folder_that_is_not_there_yet_is_no_trouble() {
        let dir = tempfile::tempdir().unwrap();
        let (archive, mark) = (dir.path().join("later/x.crate"), dir.path().join("ok"));
        let id = CrateId::parse("x", "1.0.0").unwrap();
        let mut folders = Vec::new();
        expect(
            &mut folders,
            std::iter::once(Expected { id, archive: archive.clone(), mark, marked_before: false }),
        );
        let mut scene = Scene { dir, folders, told: Vec::new() };
        assert_eq!(scene.look(false), []);
        fs::create_dir(archive.parent().unwrap()).unwrap();
        fs::write(&archive, "123").unwrap();
        assert_eq!(scene.look(false), []);
        assert_eq!(scene.look(false), [stored(3)]);
    }
}
