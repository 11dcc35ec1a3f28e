//! The proxy of git's own configuration, which Cargo asks after its own (cargo-contract 4.5). Only the person's and
//! the system's files are read, never a checkout's, and git itself is not run.

use std::path::{Path, PathBuf};

use crate::files;
use crate::host::Env;

/// The system's file where git comes with the system.
const SYSTEM: &str = "/etc/gitconfig";

/// Files that include each other in a circle end here.
const DEEPEST: usize = 10;

/// `http.proxy`, and the file that sets it: the person's before the system's.
#[must_use]
pub fn http_proxy(env: &Env, home: Option<&Path>) -> Option<(String, PathBuf)> {
    files_of(env, home).into_iter().find_map(|file| Some((proxy_in(&file, home, 0)?, file)))
}

/// The files that apply everywhere, the one that wins first.
fn files_of(env: &Env, home: Option<&Path>) -> Vec<PathBuf> {
    let config = env.os("XDG_CONFIG_HOME").filter(|dir| !dir.is_empty()).map(PathBuf::from);
    let config = config.or_else(|| Some(home?.join(".config")));
    let own = home.map(|home| home.join(".gitconfig"));
    let system = env.text("GIT_CONFIG_NOSYSTEM").is_none().then(|| PathBuf::from(SYSTEM));
    own.into_iter().chain(config.map(|dir| dir.join("git/config"))).chain(system).collect()
}

/// The last value of the file; what it includes stands where it is included.
fn proxy_in(file: &Path, home: Option<&Path>, depth: usize) -> Option<String> {
    let text = files::read(file).ok().flatten().filter(|_| depth < DEEPEST)?;
    let mut proxy = None;
    for (section, key, value) in entries(&text) {
        match (section.as_str(), key.as_str()) {
            ("http", "proxy") => proxy = Some(value),
            ("include", "path") => {
                let path = included(file, &value, home);
                proxy = path.and_then(|path| proxy_in(&path, home, depth + 1)).or(proxy);
            }
            _ => {}
        }
    }
    proxy
}

/// A path starts at the home with `~/`, or else at the folder of the file that names it.
fn included(file: &Path, value: &str, home: Option<&Path>) -> Option<PathBuf> {
    match value.strip_prefix("~/") {
        Some(rest) => Some(home?.join(rest)),
        None => Some(file.parent()?.join(value)),
    }
}

/// Section, key and value of each line; names in lower case. A subsection, such as `[http "https://host"]`, is part
/// of its section's name.
fn entries(text: &str) -> Vec<(String, String, String)> {
    let mut section = String::new();
    let mut entries = Vec::new();
    for line in text.lines() {
        let mut line = line.trim();
        if let Some((name, rest)) = line.strip_prefix('[').and_then(|line| line.split_once(']')) {
            section = name.trim().to_lowercase();
            line = rest.trim();
        }
        if line.starts_with(['#', ';']) {
            continue;
        }
        if let Some((key, value)) = line.split_once('=') {
            entries.push((section.clone(), key.trim().to_lowercase(), unquoted(value)));
        }
    }
    entries
}

/// A value without its comment and quotes; `\` keeps the next character.
fn unquoted(value: &str) -> String {
    let (mut out, mut quoted) = (String::new(), false);
    let mut chars = value.trim().chars();
    while let Some(c) = chars.next() {
        match c {
            '"' => quoted = !quoted,
            '\\' => out.extend(chars.next()),
            '#' | ';' if !quoted => break,
            c => out.push(c),
        }
    }
    if quoted { out } else { out.trim_end().to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn with(self, name: &str, text: &str) -> Self {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
            self
        }

        /// The proxy and the name of its file, without the machine's own file.
        fn proxy(&self) -> Option<(String, String)> {
            let env = Env::from_iter([("GIT_CONFIG_NOSYSTEM", "1")]);
            let (proxy, file) = http_proxy(&env, Some(self.0.path()))?;
            Some((proxy, file.file_name()?.to_string_lossy().into_owned()))
        }
    }

    fn read(text: &str) -> Option<String> {
        Some(Home::new().with(".gitconfig", text).proxy()?.0)
    }

    #[test]
    fn the_proxy_is_read_however_it_is_written() {
        for text in [
            "[http]\n\tproxy = http://p:1\n",
            "[HTTP]\nProxy=http://p:1 ; comment\n",
            "[http] proxy = \"http://p:1\" # comment\n",
            "[http]\nproxy = http://old\nproxy = http://p:1\n[user]\nproxy = no\n",
        ] {
            assert_eq!(read(text).as_deref(), Some("http://p:1"), "{text}");
        }
    }

    #[test]
    fn a_proxy_of_one_host_alone_and_what_is_commented_out_do_not_count() {
        for text in
            ["[http \"https://host\"]\nproxy = x\n", "[http]\n# proxy = x\n;proxy = x\n", "proxy = x\n", ""]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn the_persons_file_wins_over_the_one_of_the_config_folder() {
        let home = Home::new().with(".config/git/config", "[http]\nproxy = xdg\n");
        assert_eq!(home.proxy(), Some(("xdg".into(), "config".into())));
        let home = home.with(".gitconfig", "[http]\nproxy = own\n");
        assert_eq!(home.proxy(), Some(("own".into(), ".gitconfig".into())));
        assert_eq!(http_proxy(&Env::from_iter([("GIT_CONFIG_NOSYSTEM", "1")]), None), None);
    }

    #[test]
    fn included_files_count_where_they_stand_and_circles_end() {
        let home = Home::new()
            .with(".gitconfig", "[http]\nproxy = before\n[include]\npath = work.inc\npath = ~/none\n")
            .with("work.inc", "[http]\nproxy = work\n[include]\npath = .gitconfig\n");
        assert_eq!(home.proxy().unwrap().0, "work");
        let later = Home::new()
            .with(".gitconfig", "[include]\npath = ~/work.inc\n[http]\nproxy = after\n")
            .with("work.inc", "[http]\nproxy = work\n");
        assert_eq!(later.proxy().unwrap().0, "after");
    }
}
