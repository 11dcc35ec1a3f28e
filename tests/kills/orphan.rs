//! The wizard is killed, and its Cargo goes on: the next run says what it waits for, and touches nothing under a
//! Cargo that works.

use std::fs;
use std::path::Path;

use rustix::process::Signal;

use crate::fetching::{Stage, recovered, waits_for_orphan};
use crate::watch::{files_in, marked_cargo, send, until};

/// So often a whole fetch may be faster than the look at it.
const TRIES: usize = 20;

/// Kills the wizard in the middle of a fetch, and stops its Cargo where it is, so that it neither goes on nor ends.
fn orphan(stage: &Stage) -> u32 {
    for _ in 0..TRIES {
        stage.clear_home();
        let mut run = stage.start();
        let cargo = until("a part of the crates", || {
            let is_over = run.child.try_wait().unwrap().is_some();
            let cargo = marked_cargo(&stage.sandbox.state_dir()).filter(|_| stage.stored() > 0);
            (is_over || cargo.is_some()).then_some(cargo)
        });
        if let Some(cargo) = cargo {
            send(cargo, Signal::STOP);
            wait_stopped(cargo);
            if stage.stored() < stage.whole {
                send(run.child.id(), Signal::KILL);
                assert_eq!(run.end().0, None);
                return cargo;
            }
            send(cargo, Signal::CONT);
        }
        run.end();
    }
    panic!("every fetch was over before it could be killed");
}

/// Waits until every thread of a process that was stopped has come to rest.
fn wait_stopped(pid: u32) {
    let rests = |task: &Path| {
        let stat = fs::read_to_string(task.join("stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with(['T', 'Z', 'X']))
    };
    until("a stopped process to rest", || {
        let tasks = files_in(Path::new(&format!("/proc/{pid}/task")));
        tasks.iter().all(|(task, _)| rests(task)).then_some(())
    });
}

#[test]
fn an_orphaned_cargo_is_waited_for_and_nothing_is_deleted_under_it() {
    let stage = Stage::new();
    let cargo = orphan(&stage);
    let marks = || files_in(&stage.sandbox.state_dir().join("runs"));
    let (crates, marked) = (stage.archives(), marks());

    // One that is told to stop while it waits leaves everything to the next.
    let waiting = stage.start();
    until("the next run to wait", || waits_for_orphan(&waiting.told()).then_some(()));
    send(waiting.child.id(), Signal::INT);
    let (code, told) = waiting.end();
    assert_eq!(code, Some(130), "{told:?}");
    assert_eq!((stage.archives(), marks()), (crates.clone(), marked.clone()), "{told:?}");

    let waiting = stage.start();
    until("the next run to wait", || waits_for_orphan(&waiting.told()).then_some(()));
    assert_eq!((stage.archives(), marks()), (crates, marked), "{:?}", waiting.told());
    assert_eq!(recovered(&waiting.told()).len(), 0);
    let on = format!("process {cargo}, left by a run that was cut short");
    assert!(waiting.told().iter().any(|event| event["on"] == on.as_str()), "{:?}", waiting.told());

    send(cargo, Signal::CONT);
    let (code, told) = waiting.end();
    assert_eq!(code, Some(0), "{told:?}");
    stage.all_is_well("after an orphan");
}
