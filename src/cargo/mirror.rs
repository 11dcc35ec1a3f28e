//! What stands in for crates.io now and is no feed, such as a mirror or a folder of vendored crates, in words for
//! the person who is to decide about it (azure-contract 7.7). Reads files, writes none.

use std::path::{Path, PathBuf};

use super::config_file::Places;
use super::error::ConfigError;
use super::home;
use super::situation::{Situation, shown};
use crate::domain::plan::{OtherReplacement, SetupPlan};
use crate::domain::text::clean;

/// Describes what [`ConfigError::OtherReplacement`] has found.
///
/// # Errors
/// When the files can't be read any more.
pub fn describe(
    (file, line, name): (PathBuf, Option<usize>, String),
    plan: &SetupPlan,
    places: &Places<'_>,
) -> Result<OtherReplacement, ConfigError> {
    let situation = Situation::read(plan, places)?;
    Ok(OtherReplacement {
        what: situation.settings.what_is(&name),
        effect: effect(&situation, &file),
        name: clean(&name),
        file,
        line,
    })
}

fn effect(situation: &Situation<'_>, file: &Path) -> String {
    let registry = &situation.plan.registry;
    let same = |other: &Path| home::physical(other) == home::physical(file);
    if same(&situation.target) {
        return format!("That line will say `{registry}`; what it named before stays in the file, unused.");
    }
    let target = shown(&situation.target);
    if situation.nearer_layers().iter().any(|layer| same(&layer.path)) {
        return format!(
            "That file stays as it is. It is nearer than {target} and wins here: in this project the feed will \
             not stand in for crates.io."
        );
    }
    format!(
        "That file stays as it is. {target} is nearer and will say `{registry}`, which wins in this project."
    )
}
