//! Which application asks Entra for tokens, where, and for which tenant: what flags say, else what the environment says,
//! else what is usual (azure-contract 2.3). A checkout has no say in it.

use crate::domain::entra::{Authority, EntraApp, Tenant, is_guid};
use crate::error::{Exit, Report};
use crate::host::Env;

use super::services::DemoPlace;

/// What the flags name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EntraFlags {
    pub tenant: Option<String>,
    pub client_id: Option<String>,
    pub authority: Option<String>,
}

/// # Errors
/// When one of them is not understood.
pub(super) fn of(flags: &EntraFlags, env: &Env, demo: Option<&DemoPlace>) -> Result<EntraApp, Report> {
    if let Some(demo) = demo {
        // Nothing of the person's reaches the demo, which is its own Entra.
        let authority = Authority::on_loopback(&demo.origin).unwrap_or_default();
        return Ok(EntraApp { authority, ..EntraApp::default() });
    }
    let named = |flag: &Option<String>, variable: &str| {
        let text = flag.clone().or_else(|| env.text(variable).map(str::to_owned));
        text.map(|text| text.trim().to_owned())
    };
    let mut app = EntraApp::default();
    if let Some(text) = named(&flags.tenant, "AZ_CARGO_WIZARD_TENANT") {
        let hint =
            "give its id, such as 72f988bf-86f1-41af-91ab-2d7cd011db47, or a domain, such as contoso.com";
        app.tenant = Some(Tenant::parse(&text).ok_or_else(|| wrong("tenant", "no Entra tenant", hint))?);
    }
    if let Some(text) = named(&flags.client_id, "AZ_CARGO_WIZARD_CLIENT_ID") {
        let hint = "give the application (client) id of its registration";
        app.client_id = Some(text)
            .filter(|text| is_guid(text))
            .ok_or_else(|| wrong("client-id", "no application", hint))?;
    }
    if let Some(text) = named(&flags.authority, "AZ_CARGO_WIZARD_AUTHORITY") {
        let hint = "give an https address without a path, such as https://login.microsoftonline.us";
        app.authority = Authority::parse(&text).ok_or_else(|| wrong("authority", "no authority", hint))?;
    }
    Ok(app)
}

fn wrong(flag: &str, what: &str, hint: &str) -> Report {
    let variable = flag.to_uppercase().replace('-', "_");
    let headline = format!("`--{flag}` or `AZ_CARGO_WIZARD_{variable}` names {what}");
    Report::new(Exit::Usage, "usage", headline).hint(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";

    fn flags(tenant: &str, client_id: &str, authority: &str) -> EntraFlags {
        let given = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        EntraFlags { tenant: given(tenant), client_id: given(client_id), authority: given(authority) }
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_both_over_what_is_usual() {
        let env = Env::from_iter([
            ("AZ_CARGO_WIZARD_TENANT", "fabrikam.com"),
            ("AZ_CARGO_WIZARD_AUTHORITY", "https://login.microsoftonline.us/"),
        ]);
        let app = of(&flags("contoso.com", "", ""), &env, None).unwrap();
        assert_eq!(app.tenant.unwrap().as_str(), "contoso.com");
        assert_eq!(app.authority.as_str(), "https://login.microsoftonline.us");
        assert_eq!(app.client_id, EntraApp::default().client_id);
        assert_eq!(of(&flags("", ID, ""), &Env::default(), None).unwrap().client_id, ID);
        assert_eq!(of(&EntraFlags::default(), &Env::default(), None).unwrap(), EntraApp::default());
    }

    #[test]
    fn what_is_none_is_said_by_its_names() {
        for (flags, name) in [
            (flags("../x", "", ""), "`--tenant` or `AZ_CARGO_WIZARD_TENANT`"),
            (flags("", "x", ""), "`--client-id` or `AZ_CARGO_WIZARD_CLIENT_ID`"),
            (flags("", "", "http://login.example"), "`--authority` or `AZ_CARGO_WIZARD_AUTHORITY`"),
            (flags("", "", "https://a:b@login.example"), "--authority"),
        ] {
            let report = of(&flags, &Env::default(), None).unwrap_err();
            assert_eq!(report.exit, Exit::Usage);
            assert!(report.headline.contains(name), "{report}");
            assert!(!report.to_string().contains("a:b"));
        }
    }

    #[test]
    fn the_demo_is_its_own_entra_whatever_is_set() {
        let demo = DemoPlace {
            origin: "http://127.0.0.1:9".into(),
            token: String::new(),
            project_dir: "/".into(),
            cargo_home: "/".into(),
            state_dir: "/".into(),
        };
        let app =
            of(&flags("contoso.com", ID, "https://login.example"), &Env::default(), Some(&demo)).unwrap();
        assert_eq!((app.authority.as_str(), app.tenant), ("http://127.0.0.1:9", None));
    }
}
