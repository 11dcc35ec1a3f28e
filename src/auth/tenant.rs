//! Which Entra tenant an organization belongs to, from what its host says to somebody without a credential. The
//! headers only supply a tenant's id, and only where they name a known authority: where to sign in, and where a
//! credential goes, is never theirs to say (azure-contract 2.5; product.md, 'Trust').

use url::Url;

use crate::domain::entra::{Authority, Challenge, DEFAULT_AUTHORITY, OLDER_AUTHORITY, Tenant};

/// The tenant that the headers name. `None` where they name none: a personal account's organization, no Azure
/// DevOps Services at all, or an answer that names a foreign authority or two different tenants.
#[must_use]
pub fn of_challenge(challenge: &Challenge, configured: &Authority) -> Option<Tenant> {
    let named: Vec<Option<Tenant>> =
        authorization_uris(challenge).map(|uri| tenant_of(uri, configured)).collect();
    let header = challenge.tenant.as_deref().and_then(Tenant::from_id);
    match named.as_slice() {
        [] => header,
        // One that can't be believed spoils the whole answer.
        all if all.contains(&None) => None,
        [first, rest @ ..] => {
            let same =
                rest.iter().all(|other| other == first) && header.iter().all(|id| Some(id) == first.as_ref());
            first.clone().filter(|_| same)
        }
    }
}

/// The parameter of each `Bearer` challenge. Several challenges may stand in one header.
fn authorization_uris(challenge: &Challenge) -> impl Iterator<Item = &str> {
    challenge.authenticate.iter().flat_map(|header| {
        header.split([',', ' ']).filter_map(|part| {
            let (name, value) = part.trim().split_once('=')?;
            name.eq_ignore_ascii_case("authorization_uri").then(|| value.trim().trim_matches('"'))
        })
    })
}

fn tenant_of(uri: &str, configured: &Authority) -> Option<Tenant> {
    let url = Url::parse(uri).ok()?;
    let known = [DEFAULT_AUTHORITY, OLDER_AUTHORITY].into_iter().filter_map(Authority::parse);
    if !known.chain([configured.clone()]).any(|authority| authority.covers(&url)) {
        return None;
    }
    Tenant::from_id(url.path_segments()?.next()?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ID: &str = "72f988bf-86f1-41af-91ab-2d7cd011db47";
    const OTHER: &str = "11111111-86f1-41af-91ab-2d7cd011db47";

    fn found(authenticate: &[&str], tenant: Option<&str>) -> Option<String> {
        let challenge = Challenge {
            authenticate: authenticate.iter().map(|&header| header.to_owned()).collect(),
            tenant: tenant.map(str::to_owned),
        };
        of_challenge(&challenge, &Authority::default()).map(|tenant| tenant.to_string())
    }

    fn bearer(uri: &str) -> String {
        format!("Bearer authorization_uri={uri}")
    }

    #[test]
    fn the_recorded_headers_name_the_tenant() {
        let id = Some(ID.to_owned());
        let uri = bearer(&format!("https://login.microsoftonline.com/{ID}"));
        let basic = "Basic realm=\"https://pkgsprodcus1.pkgs.visualstudio.com/\"";
        assert_eq!(found(&[&uri, basic, "TFS-Federated"], Some(ID)), id);
        assert_eq!(found(&[&uri], None), id);
        assert_eq!(found(&[&format!("{basic}, {uri}, TFS-Federated")], Some(ID)), id);
        assert_eq!(found(&[&bearer(&format!("\"https://login.windows.net/{ID}\""))], Some(ID)), id);
        assert_eq!(found(&[], Some(ID)), id);
    }

    #[test]
    fn an_organization_of_personal_accounts_names_none() {
        assert_eq!(found(&["Bearer"], Some("00000000-0000-0000-0000-000000000000")), None);
        assert_eq!(found(&["Bearer", "Basic realm=\"x\""], None), None);
        assert_eq!(found(&[], None), None);
    }

    #[test]
    fn forged_headers_name_none() {
        for uri in [
            format!("https://login.microsoftonline.com.evil.example/{ID}"),
            format!("https://evil.example/{ID}"),
            format!("http://login.microsoftonline.com/{ID}"),
            format!("https://login.microsoftonline.com@evil.example/{ID}"),
            format!("https://evil@login.microsoftonline.com/{ID}"),
            format!("https://login.microsoftonline.com:8443/{ID}"),
            "https://login.microsoftonline.com/".to_owned(),
            "https://login.microsoftonline.com/../../evil".to_owned(),
            "https://login.microsoftonline.com/evil.example".to_owned(),
            "no address".to_owned(),
        ] {
            assert_eq!(found(&[&bearer(&uri)], Some(ID)), None, "{uri}");
            let real = bearer(&format!("https://login.microsoftonline.com/{ID}"));
            assert_eq!(found(&[&real, &bearer(&uri)], Some(ID)), None, "{uri}");
        }
        let real = bearer(&format!("https://login.microsoftonline.com/{ID}"));
        assert_eq!(found(&[&real], Some(OTHER)), None, "the two headers disagree");
        assert_eq!(found(&[], Some("../evil")), None);
    }

    #[test]
    fn an_authority_that_the_person_named_is_known_too() {
        let challenge =
            Challenge { authenticate: vec![bearer(&format!("https://login.example/{ID}"))], tenant: None };
        let own = Authority::parse("https://login.example").unwrap();
        assert_eq!(of_challenge(&challenge, &own).unwrap().as_str(), ID);
        assert_eq!(of_challenge(&challenge, &Authority::default()), None);
    }

    proptest! {
        #[test]
        fn whatever_the_headers_say_only_an_id_comes_out(headers in prop::collection::vec("\\PC{0,60}", 0..4), tenant in prop::option::of("\\PC{0,40}")) {
            let challenge = Challenge { authenticate: headers, tenant };
            if let Some(tenant) = of_challenge(&challenge, &Authority::default()) {
                prop_assert!(crate::domain::entra::is_guid(tenant.as_str()));
            }
        }
    }
}
