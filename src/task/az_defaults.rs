//! What the Azure CLI was told to take for granted: `az devops configure --defaults`. Read as a file; the CLI is not
//! run.

use std::path::{Path, PathBuf};

use crate::domain::organization::{ProjectName, Target};
use crate::files;
use crate::host::Env;

/// Organization and project of `[defaults]`; `None` where there is no usable organization.
pub(super) fn az_defaults(env: &Env, home: Option<&Path>) -> Option<Target> {
    let folder = env.os("AZURE_CONFIG_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let folder = folder.or_else(|| Some(home?.join(".azure")))?;
    let text = files::read(&folder.join("azuredevops/config")).ok().flatten()?;
    let target = Target::parse(&value(&text, "organization")?)?;
    let project = value(&text, "project").and_then(|project| ProjectName::parse(&project));
    Some(Target {
        project: project.or(target.project),
        feed: None,
        view: None,
        collection: target.collection,
    })
}

/// The value of a key below `[defaults]`.
fn value(text: &str, key: &str) -> Option<String> {
    let mut is_here = false;
    let mut found = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            is_here = line.eq_ignore_ascii_case("[defaults]");
        } else if let (true, Some((name, value))) = (is_here, line.split_once(['=', ':']))
            && name.trim().eq_ignore_ascii_case(key)
        {
            found = Some(value.trim().to_owned()).filter(|value| !value.is_empty());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn defaults(text: &str) -> Option<(String, Option<String>)> {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("azuredevops")).unwrap();
        std::fs::write(dir.path().join("azuredevops/config"), text).unwrap();
        let target = az_defaults(&Env::from_iter([("AZURE_CONFIG_DIR", dir.path())]), None)?;
        Some((target.collection.web().to_string(), target.project.map(|project| project.to_string())))
    }

    #[test]
    fn organization_and_project_are_read() {
        let web = "https://dev.azure.com/contoso".to_owned();
        let text = "[defaults]\norganization = https://dev.azure.com/contoso/\nproject = Fabrikam Fiber\n\n[git]\nproject = x\n";
        assert_eq!(defaults(text), Some((web.clone(), Some("Fabrikam Fiber".into()))));
        assert_eq!(
            defaults("[defaults]\norganization=https://dev.azure.com/contoso\nproject=\n"),
            Some((web, None))
        );
        let server = "[defaults]\norganization = https://ado.example/tfs/Coll\n";
        assert_eq!(defaults(server), Some(("https://ado.example/tfs/Coll".into(), None)));
    }

    #[test]
    fn what_is_no_default_says_nothing() {
        for text in [
            "",
            "organization = https://dev.azure.com/x\n",
            "[defaults]\norganization = \n",
            "[defaults]\nproject = x\n",
        ] {
            assert_eq!(defaults(text), None, "{text}");
        }
        assert_eq!(az_defaults(&Env::default(), None), None);
    }

    #[test]
    fn without_the_variable_they_are_in_the_home() {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".azure/azuredevops")).unwrap();
        let text = "[defaults]\norganization = https://fabrikam.visualstudio.com\n";
        std::fs::write(home.path().join(".azure/azuredevops/config"), text).unwrap();
        assert!(az_defaults(&Env::default(), Some(home.path())).is_some());
    }
}
