//! Tokens that the environment holds: which variable, for which organization, and as what it is sent (azure-contract
//! 2.8). One goes only to an organization that a flag or `SYSTEM_COLLECTIONURI` names (product.md, 'Trust').

use serde::Deserialize;
use url::Url;

use super::error::EnvironmentError;
use super::jwt;
use crate::domain::credential::{AccessToken, Credential, Secret, TokenOrigin};
use crate::domain::organization::{Base, Collection, Target};
use crate::domain::way::EnvironmentToken;
use crate::host::Env;

/// The token of a pipeline's job, only where its YAML maps it.
const JOB_TOKEN: &str = "SYSTEM_ACCESSTOKEN";

/// The collection that a pipeline runs in.
const JOB_COLLECTION: &str = "SYSTEM_COLLECTIONURI";

/// Variables with a personal access token.
const PATS: [&str; 2] = ["AZURE_DEVOPS_EXT_PAT", "AZUREAUTH_ADO_PAT"];

/// Endpoints, each with its own password; the newer name wins.
const ENDPOINTS: [&str; 2] =
    ["ARTIFACTS_CREDENTIALPROVIDER_EXTERNAL_FEED_ENDPOINTS", "VSS_NUGET_EXTERNAL_FEED_ENDPOINTS"];

/// Prefixes of addresses, and the variable with their one token.
const PREFIXES: [(&str, &str); 2] = [
    ("ARTIFACTS_CREDENTIALPROVIDER_URI_PREFIXES", "ARTIFACTS_CREDENTIALPROVIDER_ACCESSTOKEN"),
    ("VSS_NUGET_URI_PREFIXES", "VSS_NUGET_ACCESSTOKEN"),
];

/// A variable's token before it is known to be one.
struct Candidate {
    variable: &'static str,
    token: Secret,
    /// The only addresses that it is for; `None`: it doesn't say.
    only_for: Option<Vec<Url>>,
}

/// What is there, without the values: each with the organizations that it may go to.
#[must_use]
pub fn tokens(env: &Env, named: Option<&Collection>) -> Vec<EnvironmentToken> {
    let bases = bases(env, named);
    let tokens = candidates(env).into_iter().map(|candidate| EnvironmentToken {
        variable: candidate.variable.to_owned(),
        bases: bases.iter().filter(|(_, c)| candidate.is_for(c)).map(|(base, _)| base.clone()).collect(),
    });
    tokens.collect()
}

/// The credential of the first token that may go to the organization, and the variable it comes from.
///
/// # Errors
/// When there is none, it may not go there, or it can't be a token.
pub fn credential(
    env: &Env,
    named: Option<&Collection>,
    collection: &Collection,
) -> Result<(Credential, &'static str), EnvironmentError> {
    let organization = || collection.to_string();
    let allowed = bases(env, named).iter().any(|(base, _)| *base == collection.base());
    let candidates = candidates(env);
    let Some(first) = candidates.first().map(|candidate| candidate.variable) else {
        return Err(EnvironmentError::None { organization: organization() });
    };
    let fitting = candidates.into_iter().find(|candidate| allowed && candidate.is_for(collection));
    let Some(Candidate { variable, token, .. }) = fitting else {
        return Err(EnvironmentError::Elsewhere { variable: first.to_owned(), organization: organization() });
    };
    Ok((usable(variable, token)?, variable))
}

/// The credential that this variable holds now for an organization whose sign-in a person has kept as that variable's;
/// `None` where it is not set. A job's token goes to no other organization than the job's.
///
/// # Errors
/// When it may not go there, or can't be a token.
pub fn credential_of(
    env: &Env,
    variable: &str,
    collection: &Collection,
) -> Result<Option<Credential>, EnvironmentError> {
    if env.text(variable).is_none() {
        return Ok(None);
    }
    let job = env.text(JOB_COLLECTION).map(Target::parse);
    let is_jobs =
        job.is_none_or(|job| job.is_some_and(|target| target.collection.base() == collection.base()));
    let fitting = held(env, variable).into_iter().find(|candidate| is_jobs && candidate.is_for(collection));
    let Some(Candidate { variable, token, .. }) = fitting else {
        return Err(EnvironmentError::Elsewhere {
            variable: variable.to_owned(),
            organization: collection.to_string(),
        });
    };
    usable(variable, token).map(Some)
}

/// The organizations that a token of the environment may go to.
fn bases(env: &Env, named: Option<&Collection>) -> Vec<(Base, Collection)> {
    let job = env.text(JOB_COLLECTION).and_then(Target::parse).map(|target| target.collection);
    named.cloned().into_iter().chain(job).map(|collection| (collection.base(), collection)).collect()
}

fn candidates(env: &Env) -> Vec<Candidate> {
    let endpoints = ENDPOINTS.into_iter().find(|name| env.text(name).is_some());
    let prefixes = PREFIXES.into_iter().map(|(_, name)| name).find(|name| !held(env, name).is_empty());
    let plain = PATS.into_iter().chain([JOB_TOKEN]);
    endpoints.into_iter().chain(prefixes).chain(plain).flat_map(|variable| held(env, variable)).collect()
}

/// What one variable holds; nothing where it is none of these, or says not where its token may go.
fn held(env: &Env, variable: &str) -> Vec<Candidate> {
    let Some(text) = env.text(variable) else { return Vec::new() };
    if let Some(variable) = ENDPOINTS.into_iter().find(|name| *name == variable) {
        return endpoints(variable, text);
    }
    if let Some((prefixes, variable)) = PREFIXES.into_iter().find(|(_, name)| *name == variable) {
        let Some(prefixes) = env.text(prefixes) else { return Vec::new() };
        let only_for = prefixes.split(';').filter_map(|prefix| Url::parse(prefix.trim()).ok()).collect();
        return vec![Candidate { variable, token: Secret::new(text), only_for: Some(only_for) }];
    }
    let plain = PATS.into_iter().chain([JOB_TOKEN]).find(|name| *name == variable);
    let plain = plain.map(|variable| Candidate { variable, token: Secret::new(text), only_for: None });
    plain.into_iter().collect()
}

#[derive(Deserialize)]
struct Endpoints {
    #[serde(rename = "endpointCredentials", default)]
    credentials: Vec<Endpoint>,
}

#[derive(Deserialize)]
struct Endpoint {
    endpoint: String,
    #[serde(default)]
    password: String,
}

fn endpoints(variable: &'static str, json: &str) -> Vec<Candidate> {
    let read: Option<Endpoints> = serde_json::from_str(json).ok();
    let credentials = read.map(|read| read.credentials).unwrap_or_default();
    let candidates =
        credentials.into_iter().filter(|each| !each.password.trim().is_empty()).map(|each| Candidate {
            variable,
            token: Secret::new(each.password),
            only_for: Some(Url::parse(&each.endpoint).ok().into_iter().collect()),
        });
    candidates.collect()
}

impl Candidate {
    /// Whether one of its addresses lies in the organization; one that names a whole host is for none in particular.
    fn is_for(&self, collection: &Collection) -> bool {
        let names = |url: &Url| {
            Target::from_url(url).is_some_and(|target| target.collection.base() == collection.base())
        };
        self.only_for.as_ref().is_none_or(|urls| urls.iter().any(names))
    }
}

fn usable(variable: &'static str, token: Secret) -> Result<Credential, EnvironmentError> {
    let unusable = |why| Err(EnvironmentError::NoToken { variable: variable.to_owned(), why });
    if is_macro(&token) {
        return unusable("the pipeline has not filled it in");
    }
    if !token.is_printable() {
        return unusable("it has characters that cannot be sent");
    }
    if variable != JOB_TOKEN && !jwt::looks_like_one(&token) {
        return Ok(Credential::Pat(token));
    }
    let expires = jwt::claims(&token).expires;
    let origin = TokenOrigin::Environment(variable.to_owned());
    Ok(Credential::Bearer(Box::new(AccessToken { token, expires, origin })))
}

/// `$(System.AccessToken)`, as it stays where a pipeline has no such variable (azure-contract 8.1).
fn is_macro(token: &Secret) -> bool {
    let text = token.expose();
    (text.starts_with("$(") && text.ends_with(')')) || text == "undefined" || text == "null"
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAT: &str = "abcdefghijklmnopqrstuvwxyz234567abcdefghijklmnopqrst";

    fn collection(text: &str) -> Collection {
        Target::parse(text).unwrap().collection
    }

    fn env(pairs: &[(&str, &str)]) -> Env {
        pairs.iter().copied().collect()
    }

    fn got(
        pairs: &[(&str, &str)],
        named: Option<&str>,
        org: &str,
    ) -> Result<(Credential, &'static str), String> {
        let named = named.map(collection);
        credential(&env(pairs), named.as_ref(), &collection(org)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_pat_goes_only_where_a_flag_or_the_pipeline_says() {
        let pat = [("AZURE_DEVOPS_EXT_PAT", PAT)];
        let (credential, variable) = got(&pat, Some("contoso"), "contoso").unwrap();
        assert_eq!((credential, variable), (Credential::Pat(Secret::new(PAT)), "AZURE_DEVOPS_EXT_PAT"));
        assert!(got(&pat, Some("fabrikam"), "contoso").unwrap_err().contains("may not go"));
        assert!(got(&pat, None, "contoso").unwrap_err().contains("AZURE_DEVOPS_EXT_PAT"));
        let in_pipeline = [pat[0], ("SYSTEM_COLLECTIONURI", "https://dev.azure.com/Contoso/")];
        assert!(got(&in_pipeline, None, "contoso").is_ok());
        assert!(got(&in_pipeline, None, "fabrikam").is_err());
        assert!(got(&[], Some("contoso"), "contoso").unwrap_err().contains("no variable"));
    }

    #[test]
    fn a_job_token_is_a_bearer_and_a_macro_is_none() {
        let uri = ("SYSTEM_COLLECTIONURI", "https://contoso.visualstudio.com/");
        let (job, variable) = got(&[("SYSTEM_ACCESSTOKEN", "job-token"), uri], None, "contoso").unwrap();
        assert_eq!(variable, "SYSTEM_ACCESSTOKEN");
        assert_eq!(job.header().expose(), "Bearer job-token");
        for bad in ["$(System.AccessToken)", "undefined", "two words", "\u{fc}"] {
            let error = got(&[("SYSTEM_ACCESSTOKEN", bad), uri], None, "contoso").unwrap_err();
            assert!(error.contains("`SYSTEM_ACCESSTOKEN` holds no token"), "{error}");
        }
        assert!(
            got(&[("SYSTEM_ACCESSTOKEN", ""), uri], None, "contoso").unwrap_err().contains("no variable")
        );
    }

    #[test]
    fn the_families_of_microsofts_tools_say_for_themselves_where_they_go() {
        let endpoints = format!(
            r#"{{"endpointCredentials":[
                {{"endpoint":"https://pkgs.dev.azure.com/fabrikam/_packaging/x/nuget/v3/index.json","password":"other"}},
                {{"endpoint":"https://pkgs.dev.azure.com/contoso/_packaging/x/nuget/v3/index.json","password":"{PAT}"}}]}}"#
        );
        for variable in ENDPOINTS {
            let (credential, named) = got(&[(variable, &endpoints)], Some("contoso"), "contoso").unwrap();
            assert_eq!((credential, named), (Credential::Pat(Secret::new(PAT)), variable));
            assert!(got(&[(variable, &endpoints)], Some("tailspin"), "tailspin").is_err());
            assert!(got(&[(variable, &endpoints)], None, "contoso").is_err(), "nobody named it");
        }
        let token = jwt::made(r#"{"exp":1735689600}"#);
        for (prefixes, variable) in PREFIXES {
            let both = [
                (prefixes, "https://x.example/;https://pkgs.dev.azure.com/contoso/"),
                (variable, token.as_str()),
            ];
            let (credential, named) = got(&both, Some("contoso"), "contoso").unwrap();
            assert_eq!(named, variable);
            let Credential::Bearer(access) = credential else { panic!("a JWT is a bearer token") };
            assert_eq!(access.expires, Some(1_735_689_600));
            assert!(got(&[both[1]], Some("contoso"), "contoso").is_err(), "it names no address");
        }
        assert!(got(&[(ENDPOINTS[0], "no json")], Some("contoso"), "contoso").is_err());
    }

    /// What a provider is asked for later: the one password of the one organization, and never the text around it.
    #[test]
    fn of_a_kept_variable_only_what_is_for_the_organization_comes_out() {
        let token = jwt::made(r#"{"exp":1735689600}"#);
        let endpoint = |org: &str, password: &str| {
            format!(
                r#"{{"endpoint":"https://pkgs.dev.azure.com/{org}/_packaging/x/","password":"{password}"}}"#
            )
        };
        let both = [endpoint("fabrikam", "others-password"), endpoint("contoso", &token)].join(",");
        let json = format!(r#"{{"endpointCredentials":[{both}]}}"#);
        let of = |pairs: &[(&str, &str)], variable: &str, org: &str| {
            credential_of(&env(pairs), variable, &collection(org)).map_err(|error| error.to_string())
        };
        for variable in ENDPOINTS {
            // Though a newer name is set as well.
            let pairs = [(ENDPOINTS[0], json.as_str()), (variable, json.as_str())];
            let Ok(Some(Credential::Bearer(access))) = of(&pairs, variable, "contoso") else {
                panic!("a JWT is a bearer token")
            };
            assert_eq!((access.token.expose(), access.expires), (token.as_str(), Some(1_735_689_600)));
            let fabrikams = of(&pairs, variable, "fabrikam");
            assert_eq!(fabrikams, Ok(Some(Credential::Pat(Secret::new("others-password")))));
            assert!(of(&pairs, variable, "tailspin").unwrap_err().contains("may not go"));
            assert!(of(&[(variable, PAT)], variable, "contoso").is_err(), "no JSON, no token");
            assert_eq!(of(&[], variable, "contoso"), Ok(None));
        }
        for (prefixes, variable) in PREFIXES {
            assert!(of(&[(variable, PAT)], variable, "contoso").is_err(), "it names no address");
            let pairs = [(variable, PAT), (prefixes, "https://pkgs.dev.azure.com/contoso/")];
            assert!(of(&pairs, variable, "contoso").is_ok());
            assert!(of(&pairs, variable, "fabrikam").is_err());
        }
        assert!(of(&[("HOME", PAT)], "HOME", "contoso").is_err(), "none of those that hold tokens");
    }

    #[test]
    fn in_a_job_a_kept_variable_is_for_the_jobs_organization_alone() {
        for variable in ["SYSTEM_ACCESSTOKEN", "AZURE_DEVOPS_EXT_PAT"] {
            let in_job = |uri: &str, org: &str| {
                let env = env(&[(variable, PAT), ("SYSTEM_COLLECTIONURI", uri)]);
                credential_of(&env, variable, &collection(org)).is_ok()
            };
            assert!(in_job("https://dev.azure.com/Contoso/", "contoso"));
            assert!(in_job("https://contoso.visualstudio.com/", "contoso"));
            for other in ["https://dev.azure.com/fabrikam/", "https://ado.example/contoso", "nonsense:"] {
                assert!(!in_job(other, "contoso"), "{other}");
            }
            for bad in ["$(System.AccessToken)", "undefined", "two words"] {
                let error = credential_of(&env(&[(variable, bad)]), variable, &collection("contoso"));
                assert!(error.unwrap_err().to_string().contains("holds no token"), "{bad}");
            }
        }
    }

    #[test]
    fn a_list_of_what_is_there_holds_names_and_no_values() {
        let pairs =
            [("AZURE_DEVOPS_EXT_PAT", PAT), ("SYSTEM_ACCESSTOKEN", "job"), ("AZUREAUTH_ADO_PAT", "other")];
        let named = collection("https://ado.example/Default");
        let tokens = tokens(&env(&pairs), Some(&named));
        let names: Vec<&str> = tokens.iter().map(|token| token.variable.as_str()).collect();
        assert_eq!(names, ["AZURE_DEVOPS_EXT_PAT", "AZUREAUTH_ADO_PAT", "SYSTEM_ACCESSTOKEN"]);
        assert!(tokens.iter().all(|token| token.bases == [named.base()]));
        assert!(!format!("{tokens:?}").contains(PAT));
    }
}
