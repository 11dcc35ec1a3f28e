//! One segment of a URL path, and how Azure DevOps wants it encoded (azure-contract 10.3).

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters and the `@` before a view.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'@');

/// The segment as it stands in a URL: a space is `%20`, never `+`.
#[must_use]
pub fn encode(segment: &str) -> String {
    utf8_percent_encode(segment, ENCODED).to_string()
}

/// The segment as a person reads it; bytes that are no UTF-8 become `U+FFFD`.
#[must_use]
pub fn decode(segment: &str) -> String {
    percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spaces_and_letters_are_encoded_as_azure_shows_them() {
        assert_eq!(encode("Fabrikam Fiber"), "Fabrikam%20Fiber");
        assert_eq!(encode("Müller"), "M%C3%BCller");
        assert_eq!(encode("feed@Local"), "feed@Local");
        assert_eq!(encode("feed~force-auth"), "feed~force-auth");
        assert_eq!(encode("a/b?c"), "a%2Fb%3Fc");
        assert_eq!(decode("M%C3%BCller%20%C3%A9"), "Müller é");
    }
}
