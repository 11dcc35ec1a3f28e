//! How this person reaches the network, found in Cargo's own order: variables of Cargo, its configuration, git's
//! configuration, the variables of every HTTP program (cargo-contract 1.3, 4.5).

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use crate::domain::text::clean;
use crate::host::Env;

/// Proxies, certificates and the time limit.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct HttpSettings {
    /// For https, and with `http.proxy` for http too. May hold a password: show [`HttpSettings::shown_proxy`]
    /// instead.
    pub proxy: Option<String>,
    /// For http.
    pub plain_proxy: Option<String>,
    /// What sets the proxy: a variable, or a file.
    pub proxy_source: String,
    /// Hosts that are reached without a proxy, separated by commas.
    pub no_proxy: Option<String>,
    pub cainfo: Option<PathBuf>,
    /// How long a connection may take to come about, or be silent; `None`: Cargo's default.
    pub timeout: Option<Duration>,
}

impl HttpSettings {
    /// The proxy without user information.
    #[must_use]
    pub fn shown_proxy(&self) -> Option<String> {
        self.proxy.as_deref().or(self.plain_proxy.as_deref()).map(shown_proxy)
    }

    /// Sets `http.proxy`, which is for every request, where nothing nearer does.
    pub(super) fn or_proxy(&mut self, proxy: Option<String>, source: &str) {
        if let (None, Some(proxy)) = (&self.proxy, proxy.filter(|proxy| !proxy.is_empty())) {
            self.plain_proxy = Some(proxy.clone());
            self.proxy = Some(proxy);
            clean(source).clone_into(&mut self.proxy_source);
        }
    }

    /// Adds what is asked after Cargo's own settings: git's `http.proxy`, with the file that sets it, and then the
    /// variables that curl reads. `http_proxy` counts in lower case only: a web server hands the other spelling to
    /// its scripts as it came from outside.
    #[must_use]
    pub fn or_else(mut self, git: Option<(String, PathBuf)>, env: &Env) -> Self {
        if let Some((proxy, file)) = git {
            self.or_proxy(Some(proxy), &file.to_string_lossy());
        }
        if self.proxy.is_none() {
            let first = |names: &[&'static str]| {
                names.iter().find_map(|name| Some((env.text(name)?.to_owned(), *name)))
            };
            let https = first(&["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]);
            let http = first(&["http_proxy", "all_proxy", "ALL_PROXY"]);
            let source = https.as_ref().or(http.as_ref()).map_or("", |(_, name)| *name);
            source.clone_into(&mut self.proxy_source);
            self.proxy = https.map(|(proxy, _)| proxy);
            self.plain_proxy = http.map(|(proxy, _)| proxy);
        }
        self.no_proxy = env.text("no_proxy").or_else(|| env.text("NO_PROXY")).map(str::to_owned);
        self
    }
}

impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("proxy", &self.shown_proxy())
            .field("proxy_source", &self.proxy_source)
            .field("no_proxy", &self.no_proxy)
            .field("cainfo", &self.cainfo)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A proxy as shown to a person: `[user:password@]host:port` without what is in brackets.
pub(in crate::cargo) fn shown_proxy(proxy: &str) -> String {
    let (scheme, rest) = proxy.split_once("://").map_or(("", proxy), |(scheme, rest)| (scheme, rest));
    let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    clean(&if scheme.is_empty() { rest.to_owned() } else { format!("{scheme}://{rest}") })
}

#[cfg(test)]
mod tests {
    use super::super::tests::read;
    use super::*;

    /// https proxy, http proxy and source.
    fn found(
        user: &str,
        git: Option<&str>,
        env: &[(&str, &str)],
    ) -> (Option<String>, Option<String>, String) {
        let git = git.map(|proxy| (proxy.to_owned(), PathBuf::from("/home/me/.gitconfig")));
        let env_value: Env = env.iter().copied().collect();
        let settings =
            read("[http]\nproxy = \"http://evil:1\"\n", user, env).http().clone().or_else(git, &env_value);
        (settings.proxy, settings.plain_proxy, settings.proxy_source)
    }

    #[test]
    fn proxies_are_found_in_cargos_own_order() {
        let user = "[http]\nproxy = \"config:1\"\n";
        let both =
            |proxy: &str, source: &str| (Some(proxy.to_owned()), Some(proxy.to_owned()), source.to_owned());
        let all = [("CARGO_HTTP_PROXY", "cargo:1"), ("https_proxy", "env:1")];
        assert_eq!(found(user, Some("git:1"), &all), both("cargo:1", "CARGO_HTTP_PROXY"));
        assert_eq!(found(user, Some("git:1"), &all[1..]), both("config:1", "/home/me/.cargo/config.toml"));
        assert_eq!(found("", Some("git:1"), &all[1..]), both("git:1", "/home/me/.gitconfig"));
        assert_eq!(found("", Some(""), &all[1..]).0.as_deref(), Some("env:1"), "an empty one is none");
        assert_eq!(found("", None, &[]), (None, None, String::new()));
    }

    #[test]
    fn the_variables_of_every_program_are_read_as_curl_reads_them() {
        let env = |env: &[(&str, &str)]| {
            let (https, http, source) = found("", None, env);
            (https.unwrap_or_default(), http.unwrap_or_default(), source)
        };
        let is =
            |https: &str, http: &str, source: &str| (https.to_owned(), http.to_owned(), source.to_owned());
        assert_eq!(env(&[("https_proxy", "a"), ("HTTPS_PROXY", "b")]), is("a", "", "https_proxy"));
        assert_eq!(env(&[("HTTPS_PROXY", "b"), ("ALL_PROXY", "c")]), is("b", "c", "HTTPS_PROXY"));
        assert_eq!(env(&[("http_proxy", "d")]), is("", "d", "http_proxy"));
        assert_eq!(env(&[("HTTP_PROXY", "d")]), is("", "", ""), "it may come from a web server");
        assert_eq!(env(&[("all_proxy", "e"), ("ALL_PROXY", "f")]), is("e", "e", "all_proxy"));
        assert_eq!(env(&[("HTTPS_PROXY", "")]), is("", "", ""));
    }

    #[test]
    fn exceptions_hold_for_every_proxy_and_nothing_shown_holds_a_password() {
        let env: Env = [("NO_PROXY", "corp.example"), ("no_proxy", "ado.example")].into_iter().collect();
        let settings =
            read("", "[http]\nproxy = \"http://me:pw@proxy:1\"\n", &[]).http().clone().or_else(None, &env);
        assert_eq!(settings.no_proxy.as_deref(), Some("ado.example"));
        assert_eq!(settings.shown_proxy().as_deref(), Some("http://proxy:1"));
        assert!(!format!("{settings:?}").contains("pw"), "{settings:?}");
    }
}
