//! The network as the person has set it up for Cargo and git: what counts where no checkout is read, and before one is.

use crate::cargo::settings::{self, Settings};
use crate::cargo::{git_config, home};
use crate::error::Report;
use crate::host::Host;
use crate::net::HttpSettings;

use super::services::no_home;

/// What Cargo's home, git and the environment say of proxy, certificates and limits (product.md, 'Trust').
///
/// # Errors
/// When Cargo's home is unknown or its configuration can't be read.
pub(super) fn of_person(host: &Host) -> Result<settings::HttpSettings, Report> {
    let cargo_home = home::cargo_home(&host.env, host.home.as_deref(), &host.cwd).ok_or_else(no_home)?;
    let layers = home::config_layers(&cargo_home, &cargo_home)?;
    let git = git_config::http_proxy(&host.env, host.home.as_deref());
    Ok(Settings::read(&layers, &host.env)?.http().clone().or_else(git, &host.env))
}

/// The same for our own client. A certificate file of a variable starts where the person is.
pub(super) fn for_client(http: &settings::HttpSettings, host: &Host) -> HttpSettings {
    HttpSettings {
        proxy: http.proxy.clone(),
        plain_proxy: http.plain_proxy.clone(),
        no_proxy: http.no_proxy.clone(),
        ca_file: http.cainfo.as_ref().map(|file| host.cwd.join(file)),
        timeout: http.timeout,
        loopback_only: false,
    }
}
