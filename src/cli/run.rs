//! A command to a request, its events to lines, its end to an exit code.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::domain::finding::Hazard;
use crate::domain::progress::{FetchEnd, FetchTable};
use crate::error::{Exit, Report};
use crate::task::{self, Event, Events, JobId, Request, Restore, Services};

use super::output::Printer;

/// Events that may wait before the job has to.
const WAITING: usize = 256;

/// Runs `cargo fetch` and prints what happens.
pub async fn fetch(services: Arc<Services>, printer: Printer, restore: Restore) -> Exit {
    match check(&services, printer).await {
        Ok(()) => fetch_checked(services, printer, restore).await,
        Err(exit) => exit,
    }
}

/// The same, where the checkout has been looked at already.
pub(super) async fn fetch_checked(services: Arc<Services>, printer: Printer, restore: Restore) -> Exit {
    let mut table = FetchTable::default();
    follow(services, Request::Restore(restore), |event| match event {
        Event::Fetch { at, event } => {
            let printed = printer.fetch(at, &event);
            table.apply(at, event);
            printed.map(|()| None)
        }
        Event::Forced(forced) => printer.forced(&forced).map(|()| None),
        Event::Renewed { at, renewed } => printer.renewed(at, &renewed).map(|()| None),
        Event::FetchEnded { at, end, report } => {
            let exit = match (&end, &report) {
                (FetchEnd::Done, _) => Exit::Done,
                (FetchEnd::Cancelled { .. }, _) => Exit::Interrupted,
                (FetchEnd::Failed { .. }, report) => {
                    report.as_ref().map_or(Exit::Cargo, |report| report.exit)
                }
            };
            table.finish(at, end);
            if let Some(report) = &report {
                printer.say(&report.to_string());
            }
            printer.fetch_ended(&table, report.as_deref()).map(|()| Some(exit))
        }
        event => Ok(other(printer, event)),
    })
    .await
}

/// Looks at the checkout first: without a terminal nobody can be asked whether it is trusted.
pub(super) async fn check(services: &Arc<Services>, printer: Printer) -> Result<(), Exit> {
    let mut outcome = Ok(());
    let request = Request::Check;
    let exit = follow(services.clone(), request, |event| {
        Ok(Some(match event {
            Event::Checked(checkout) => match &checkout.failure {
                Some(report) => {
                    printer.report(report);
                    report.exit
                }
                None if checkout.workspace.is_none() => {
                    printer.report(&no_project());
                    Exit::NotFound
                }
                None => Exit::Done,
            },
            Event::NeedsTrust(hazards) => {
                refuse(printer, &hazards);
                Exit::Usage
            }
            event => return Ok(other(printer, event)),
        }))
    })
    .await;
    if exit != Exit::Done {
        outcome = Err(exit);
    }
    outcome
}

fn no_project() -> Report {
    Report::new(Exit::NotFound, "no-manifest", "there is no `Cargo.toml` here or above")
        .hint("go to a Cargo project, or name one with `--dir DIR`")
}

pub(super) fn refuse(printer: Printer, hazards: &[Hazard]) {
    let report = Report::new(
        Exit::Usage,
        "project-not-trusted",
        "this project's own settings would run programs or redirect traffic",
    )
    .hint("if you trust the project, say so with `--trust-project`");
    let report = hazards.iter().fold(report, |report, hazard| {
        report.detail(format!("{} in {}: would {}", hazard.setting, hazard.file, hazard.effect))
    });
    printer.report(&report);
}

/// What ends every job alike.
pub(super) fn other(printer: Printer, event: Event) -> Option<Exit> {
    match event {
        Event::Failed(report) => {
            printer.report(&report);
            Some(report.exit)
        }
        Event::Cancelled => Some(Exit::Interrupted),
        _ => None,
    }
}

/// The one answer of a request that has one. Writing is not cancelled: what it answers after Ctrl-C is told, and
/// nothing may follow it.
pub(super) async fn answer(services: Arc<Services>, request: Request) -> Answer {
    let mut event = Event::Cancelled;
    let (_, interrupted) = follow_to_end(services, request, |answer| {
        event = answer;
        Ok(None)
    })
    .await;
    Answer { event, interrupted }
}

/// What a request has come to.
pub(super) struct Answer {
    pub(super) event: Event,
    /// Whether the person has asked to stop meanwhile.
    pub(super) interrupted: bool,
}

/// The answer of a sign-in, with what it waits for said on the way.
pub(super) async fn sign_in(services: Arc<Services>, printer: Printer, sign_in: task::SignIn) -> Event {
    let mut answer = Event::Cancelled;
    let start = services.host.clock;
    follow(services, Request::SignIn(Box::new(sign_in)), |event| match event {
        Event::SigningIn(stage) => printer.signing_in(&stage, start.since_start()).map(|()| None),
        event => {
            answer = event;
            Ok(None)
        }
    })
    .await;
    answer
}

/// Runs a request, hands over its events, and cancels it on Ctrl-C or when nobody reads any more.
pub(super) async fn follow(
    services: Arc<Services>,
    request: Request,
    take: impl FnMut(Event) -> io::Result<Option<Exit>>,
) -> Exit {
    follow_to_end(services, request, take).await.0
}

/// The same; also whether it was cancelled.
async fn follow_to_end(
    services: Arc<Services>,
    request: Request,
    mut take: impl FnMut(Event) -> io::Result<Option<Exit>>,
) -> (Exit, bool) {
    let (sender, mut receiver) = mpsc::channel(WAITING);
    let (cancel, cancelled) = oneshot::channel();
    let mut cancel = Some(cancel);
    let job = tokio::spawn(async move {
        let events = Events::new(JobId(0), sender);
        task::run(services, request, (&events, cancelled)).await;
    });
    let mut exit = Exit::Failed;
    let mut interrupted = std::pin::pin!(task::interrupted());
    loop {
        tokio::select! {
            biased;
            () = &mut interrupted, if cancel.is_some() => stop(&mut cancel),
            next = receiver.recv() => {
                let Some((_, event)) = next else { break };
                if let Event::Waiting(waiting) = event {
                    // Words go to standard error, whatever is printed as data.
                    waiting.line(Duration::ZERO).iter().for_each(|line| Printer::Lines.say(line));
                    continue;
                }
                match take(event) {
                    Ok(Some(end)) => exit = end,
                    Ok(None) => {}
                    // The reader of standard output is gone.
                    Err(_) => stop(&mut cancel),
                }
            }
        }
    }
    // A panic of the job has been reported by the panic hook.
    let _ = job.await;
    (exit, cancel.is_none())
}

fn stop(cancel: &mut Option<oneshot::Sender<()>>) {
    if let Some(cancel) = cancel.take() {
        let _ = cancel.send(());
    }
}
