//! Opens a page in the person's browser, on their request alone, and only one of the allow-list (product.md,
//! 'Trust').

use std::process::{Command, Stdio};
use std::sync::Arc;

use url::Url;

use crate::auth::entra::is_known_page;
use crate::error::Report;

use super::services::Services;
use super::{Event, blocking};

/// Starts the browser and does not wait for it.
pub(super) async fn open(services: &Arc<Services>, page: String) -> Result<Event, Report> {
    let url = Url::parse(&page).ok().filter(|url| is_known_page(url, &services.entra_app.authority));
    let Some(url) = url else {
        return Ok(Event::Opened(Err("this page is not one that is opened from here".to_owned())));
    };
    let env = services.host.env.without_path_in(&services.checkout_folders());
    let home = services.host.home.clone();
    let started = blocking(move || {
        open::commands(url.as_str()).into_iter().any(|mut command| {
            // Neither a program nor a module of the checkout's.
            command.env_clear().envs(env.iter());
            if let Some(home) = &home {
                command.current_dir(home);
            }
            start(command)
        })
    });
    let by_hand = || "no browser could be started here: open the page by hand".to_owned();
    Ok(Event::Opened(if started.await? { Ok(()) } else { Err(by_hand()) }))
}

fn start(mut command: Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.spawn() {
        Ok(mut child) => {
            // Somebody must wait for it; that may be for as long as the browser runs.
            std::thread::spawn(move || child.wait());
            true
        }
        Err(_) => false,
    }
}
