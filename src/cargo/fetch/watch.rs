//! The eyes of a run: one thread that reads the lock file, looks at the expected files five times a second,
//! and cleans up (cargo-contract 11 and 12). It looks only at files that are still missing.

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
    Seen(FetchEvent),
    Recovered(Recovery),
}

/// One file on its way.
#[derive(Debug)]
struct Coming {
    file: Expected,
    /// Its size at the last look.
    size: Option<u64>,
    stored: bool,
}

/// Works until the orders end.
pub(super) fn watch(mut planner: Planner, orders: &Receiver<Order>, mut tell: impl FnMut(Report)) {
    let mut coming: Vec<Coming> = Vec::new();
    let mut held = false;
    loop {
        match next(orders, !held && !coming.is_empty()) {
            Ok(Order::Plan) => {
                let mut addition = planner.read();
                coming.extend(addition.expected.drain(..).map(Coming::new));
                tell(Report::Plan(addition));
            }
            Ok(Order::Hold) => held = true,
            Ok(Order::Recover { since }) => {
                tell(Report::Recovered(planner.recover(since)));
            }
            Err(RecvTimeoutError::Timeout) => look(&mut coming, false, &mut tell),
            Err(RecvTimeoutError::Disconnected) => return look(&mut coming, true, &mut tell),
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

fn look(coming: &mut Vec<Coming>, is_last: bool, tell: &mut impl FnMut(Report)) {
    coming.retain_mut(|one| one.look(is_last, tell));
}

impl Coming {
    fn new(file: Expected) -> Self {
        Self { file, size: None, stored: false }
    }

    /// Whether there is still something to wait for.
    fn look(&mut self, is_last: bool, tell: &mut impl FnMut(Report)) -> bool {
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
            tell(Report::Seen(FetchEvent::Stored { id: self.file.id.clone(), bytes }));
        }
        if marked {
            tell(Report::Seen(FetchEvent::Unpacked(self.file.id.clone())));
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
        coming: Vec<Coming>,
        told: Vec<FetchEvent>,
    }

    impl Scene {
        fn new(marked_before: bool) -> Self {
            let dir = tempfile::tempdir().unwrap();
            let (archive, mark) = (dir.path().join("x.crate"), dir.path().join("ok"));
            let id = CrateId::parse("x", "1.0.0").unwrap();
            let coming = vec![Coming::new(Expected { id, archive, mark, marked_before })];
            Self { dir, coming, told: Vec::new() }
        }

        fn write(&self, name: &str, text: &str) {
            fs::write(self.dir.path().join(name), text).unwrap();
        }

        /// What one look tells.
        fn look(&mut self, is_last: bool) -> Vec<FetchEvent> {
            let told = &mut self.told;
            look(&mut self.coming, is_last, &mut |report| {
                if let Report::Seen(event) = report {
                    told.push(event);
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
        assert!(scene.coming.is_empty());
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
}
