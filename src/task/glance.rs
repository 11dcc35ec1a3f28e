//! What the files of this machine tell at once: for the first frame of whoever has set everything up. Starts nothing,
//! asks nobody, and believes a checkout no more than the check does.

use crate::cargo::settings::{Replacement, Settings};

use super::check::{self, Checkout, InForce};
use super::services::Services;

/// The checkout as far as files tell of it, where a feed is in force and nothing is left to set up, or was before
/// somebody switched to crates.io; `None` where the wizard begins with the check, which also says why (product.md, 'Who uses it, and how').
#[must_use]
pub fn glance(services: &Services) -> Option<Checkout> {
    let read = check::read_now(services).ok()?;
    if check::question(services, &read).is_some() {
        return None;
    }
    let settings = Settings::read(&read.layers, &services.host.env).ok()?;
    if matches!(settings.replacement(), Replacement::Cycle { .. }) {
        return None;
    }
    let in_force = check::in_force(services, &settings).ok()?;
    let way_back = check::way_back(services, &settings).ok()?;
    let is_ready = |in_force: &InForce| {
        let base = in_force.target.collection.base();
        let is_another = services.named.as_ref().is_some_and(|named| named.collection.base() != base);
        in_force.is_ready() && !is_another
    };
    if !in_force.as_ref().map_or(way_back.is_some(), is_ready) {
        return None;
    }
    Some(Checkout {
        // The root of the workspace is for Cargo to say; until then what the manifests say will do.
        workspace: services.workspace_or_near(),
        home: services.host.home.clone(),
        registries: check::registries(&settings),
        in_force,
        stand_in: check::stand_in(&settings),
        way_back,
        ..Checkout::default()
    })
}
