//! What Entra says no with, and the way out of each (azure-contract 2.3). Pure.

/// What a code of Entra means for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Meaning {
    pub(super) code: &'static str,
    pub(super) headline: &'static str,
    pub(super) hint: &'static str,
    /// Whether an administrator has to change something.
    pub(super) is_policy: bool,
}

const fn meaning(code: &'static str, headline: &'static str, hint: &'static str) -> Meaning {
    Meaning { code, headline, hint, is_policy: false }
}

const fn policy(code: &'static str, headline: &'static str, hint: &'static str) -> Meaning {
    Meaning { code, headline, hint, is_policy: true }
}

const FLOW_FORBIDDEN: Meaning = policy(
    "entra-flow-forbidden",
    "your organization's Conditional Access does not allow to sign in with a code",
    "sign in with `az login` in a browser and choose the Azure CLI session, or use a personal access token",
);

const DEVICE_REQUIRED: Meaning = policy(
    "entra-device-required",
    "your organization demands a device that it manages",
    "sign in from a device that your organization manages, with `az login`, or use a personal access token",
);

const CONDITION: Meaning = policy(
    "entra-condition",
    "your organization's sign-in asks for something that a code cannot give",
    "sign in with `az login` in a browser and choose the Azure CLI session, or use a personal access token",
);

const MFA: Meaning = meaning(
    "entra-mfa-required",
    "your organization asks for a second factor",
    "sign in again and answer the question for it, or run `az login` in a browser",
);

const CONSENT: Meaning = policy(
    "entra-consent-missing",
    "this application has no consent in your organization",
    "ask an administrator for consent, name another application with `--client-id`, or use the Azure CLI session or \
     a personal access token",
);

const REFRESH_EXPIRED: Meaning = meaning(
    "entra-sign-in-expired",
    "the sign-in has become too old",
    "sign in again; with the Azure CLI, run `az login` first",
);

const NO_PUBLIC_CLIENT: Meaning = policy(
    "entra-no-public-client",
    "the application does not allow to sign in without a secret of its own",
    "turn on `Allow public client flows` in its registration, or name another application with `--client-id`",
);

const NO_GUEST: Meaning = meaning(
    "entra-wrong-account",
    "this account is not known in the organization's tenant",
    "sign in with another account, or name its tenant with `--tenant`",
);

const CLIENT_UNKNOWN: Meaning = policy(
    "entra-client-unknown",
    "the organization's tenant does not know the application",
    "name another application with `--client-id`, or use the Azure CLI session or a personal access token",
);

/// The meaning of an AADSTS code; `None`: not one of those that are known.
pub(super) fn meaning_of(code: u32) -> Option<&'static Meaning> {
    Some(match code {
        53003 | 530_033 | 530_035 => &FLOW_FORBIDDEN,
        50097 | 53000 | 53001 => &DEVICE_REQUIRED,
        50005 | 50158 => &CONDITION,
        50076 | 50079 => &MFA,
        65001 | 65002 => &CONSENT,
        70043 | 700_082 => &REFRESH_EXPIRED,
        7_000_218 => &NO_PUBLIC_CLIENT,
        90072 | 50020 => &NO_GUEST,
        700_016 => &CLIENT_UNKNOWN,
        _ => return None,
    })
}

/// The codes that a text names, as `AADSTS50076`.
pub(super) fn codes_in(text: &str) -> Vec<u32> {
    let digits = |rest: &str| rest.chars().take_while(char::is_ascii_digit).collect::<String>();
    text.split("AADSTS").skip(1).filter_map(|rest| digits(rest).parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_of_the_contract_has_a_way_out() {
        for (codes, word) in [
            (&[53003, 530_033, 530_035][..], "entra-flow-forbidden"),
            (&[50097, 53000, 53001], "entra-device-required"),
            (&[50005, 50158], "entra-condition"),
            (&[50076, 50079], "entra-mfa-required"),
            (&[65001, 65002], "entra-consent-missing"),
            (&[70043, 700_082], "entra-sign-in-expired"),
            (&[7_000_218], "entra-no-public-client"),
            (&[90072, 50020], "entra-wrong-account"),
            (&[700_016], "entra-client-unknown"),
        ] {
            for code in codes {
                let meaning = meaning_of(*code).unwrap_or_else(|| panic!("{code} has no meaning"));
                assert_eq!(meaning.code, word, "{code}");
                assert!(meaning.hint.len() > 20 && meaning.headline.starts_with(char::is_lowercase));
            }
        }
        assert_eq!(meaning_of(70016), None, "that is only: not yet");
    }

    #[test]
    fn codes_are_found_in_the_words_of_any_version() {
        assert_eq!(codes_in("AADSTS50076: Due to a change ... AADSTS700082."), [50076, 700_082]);
        assert_eq!(codes_in("AADSTS: nothing, AADSTSx, 50076"), Vec::<u32>::new());
        assert_eq!(codes_in("AADSTS99999999999999999999"), Vec::<u32>::new());
    }
}
