use super::*;

fn parts(text: &str) -> (String, Option<String>, Option<String>, Option<String>) {
    let target = Target::parse(text).unwrap_or_else(|| panic!("{text} should be understood"));
    (
        target.collection.web().to_string(),
        target.project.map(|p| p.to_string()),
        target.feed.map(|f| f.to_string()),
        target.view.map(|v| v.to_string()),
    )
}

#[expect(clippy::unnecessary_wraps, reason = "keeps the table below readable")]
fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

#[test]
fn the_settings_page_of_a_feed_is_in_its_project() {
    let feed = FeedName::parse("rust").unwrap();
    let page = |text: &str| {
        let Target { collection, project, .. } = Target::parse(text).unwrap();
        collection.feed_settings_page(project.as_ref(), &feed)
    };
    let fiber = "https://dev.azure.com/fabrikam/Fabrikam%20Fiber";
    assert_eq!(page(fiber), format!("{fiber}/_packaging?_a=settings&feed=rust"));
    let server = page("https://host/tfs/Coll");
    assert_eq!(server, "https://host/tfs/Coll/_packaging?_a=settings&feed=rust");
}

#[test]
fn every_form_of_the_contract_is_understood() {
    let fabrikam = "https://dev.azure.com/fabrikam".to_owned();
    let legacy = "https://fabrikam.visualstudio.com".to_owned();
    assert_eq!(parts("fabrikam"), (fabrikam.clone(), None, None, None));
    assert_eq!(parts(" https://dev.azure.com/fabrikam/ "), (fabrikam.clone(), None, None, None));
    assert_eq!(parts("dev.azure.com/fabrikam/Web"), (fabrikam.clone(), some("Web"), None, None));
    assert_eq!(
        parts("https://dev.azure.com/fabrikam/Fabrikam%20Fiber/_artifacts/feed/rust@Local"),
        (fabrikam.clone(), some("Fabrikam Fiber"), some("rust"), some("Local"))
    );
    assert_eq!(
        parts("https://dev.azure.com/fabrikam/Web/_packaging?_a=feed&feed=rust"),
        (fabrikam.clone(), some("Web"), some("rust"), None)
    );
    assert_eq!(
        parts("sparse+https://pkgs.dev.azure.com/fabrikam/_packaging/rust~force-auth/Cargo/index/"),
        (fabrikam, None, some("rust"), None)
    );
    assert_eq!(
        parts("https://fabrikam.visualstudio.com/DefaultCollection/Web"),
        (legacy.clone(), some("Web"), None, None)
    );
    assert_eq!(
        parts("sparse+https://fabrikam.pkgs.visualstudio.com/_packaging/rust/Cargo/index/"),
        (legacy, None, some("rust"), None)
    );
    assert_eq!(
        parts("http://host:8080/DefaultCollection"),
        ("http://host:8080/DefaultCollection".into(), None, None, None)
    );
    assert_eq!(
        parts("https://host/tfs/DefaultCollection/Web/_git/web"),
        ("https://host/tfs/DefaultCollection".into(), some("Web"), None, None)
    );
}

#[test]
fn what_is_no_organization_is_refused() {
    for bad in ["", "-x", "a b", "https://", "https://dev.azure.com", "ftp://host/x", "https://host/"] {
        assert!(Target::parse(bad).is_none(), "{bad:?}");
    }
}

#[test]
fn user_information_and_case_never_reach_the_base() {
    let base = |text: &str| Target::parse(text).unwrap().collection.base().to_string();
    assert_eq!(base("https://ana:secret@dev.azure.com/Fabrikam"), "https://dev.azure.com/fabrikam");
    assert_eq!(base("https://FABRIKAM.visualstudio.com"), "https://dev.azure.com/fabrikam");
    assert_eq!(base("HTTP://Host:80/Coll"), "http://host/Coll");
}

#[test]
fn look_alikes_of_known_hosts_are_servers_nobody_knows() {
    for evil in [
        "https://pkgs.dev.azure.com.evil/fabrikam/_packaging/rust/Cargo/index/",
        "https://pkgs.dev.azure.com@evil/fabrikam/_packaging/rust/Cargo/index/",
        "https://pkgs.dev.azure.com./fabrikam/_packaging/rust/Cargo/index/",
        "https://pkgs.dev.azure.com:8443/fabrikam/_packaging/rust/Cargo/index/",
        "http://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/",
    ] {
        assert!(!Target::parse(evil).unwrap().collection.is_cloud(), "{evil}");
    }
}

#[test]
fn a_base_covers_whole_segments_of_the_same_origin_only() {
    let base = Base::parse("http://127.0.0.1:9/contoso").unwrap();
    let covers = |text: &str| base.covers(&Url::parse(text).unwrap());
    assert!(covers("http://127.0.0.1:9/contoso"));
    assert!(covers("http://127.0.0.1:9/contoso/x/y?z"));
    let spaced = Base::parse("https://host/tfs/My%20Coll%20(x)").unwrap();
    let below = Url::parse("https://host/tfs/My%20Coll%20(x)/_apis").unwrap();
    assert!(spaced.covers(&below), "however the parenthesis is written");
    let in_capitals = Url::parse("https://host/TFS/MY%20COLL%20(X)/_apis").unwrap();
    assert!(!spaced.covers(&in_capitals) && spaced.covers_in_any_case(&in_capitals));
    assert!(!spaced.covers_in_any_case(&Url::parse("https://host/tfs/My%20Coll/_apis").unwrap()));
    assert!(!spaced.covers_in_any_case(&Url::parse("https://host/tfs%2FMy%20Coll%20(x)/_apis").unwrap()));
    for other in [
        "http://127.0.0.1:9/contoso-evil/x",
        "http://127.0.0.1:9/other",
        "http://127.0.0.1:8/contoso/x",
        "https://127.0.0.1:9/contoso/x",
        "http://localhost:9/contoso/x",
        "http://a@127.0.0.1:9/contoso/x",
        "http://127.0.0.1:9/",
    ] {
        assert!(!covers(other), "{other}");
    }
}

/// Address; base, project, feed and view.
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

#[test]
fn every_address_that_can_be_pasted_selects_all_that_it_names() {
    const CURRENT: &str = "https://dev.azure.com/fabrikam";
    const LEGACY: &str = "https://fabrikam.visualstudio.com";
    const SERVER: &str = "https://ado.example:8443/tfs/DefaultCollection";
    const ROWS: &[Row] = &[
        ("fabrikam", CURRENT, "", "", ""),
        ("https://DEV.azure.com/fabrikam/", CURRENT, "", "", ""),
        ("https://dev.azure.com:443/fabrikam", CURRENT, "", "", ""),
        ("https://dev.azure.com/fabrikam/_settings/organizationOverview", CURRENT, "", "", ""),
        ("https://dev.azure.com/fabrikam/Fabrikam%20Fiber", CURRENT, "Fabrikam Fiber", "", ""),
        ("https://dev.azure.com/fabrikam/Web/_git/web?path=/x", CURRENT, "Web", "", ""),
        ("https://dev.azure.com/fabrikam/_artifacts/feed/rust", CURRENT, "", "rust", ""),
        ("https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust@Local", CURRENT, "Web", "rust", "Local"),
        (
            "https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust%40Local/Cargo/serde/overview/1.0.0",
            CURRENT,
            "Web",
            "rust",
            "Local",
        ),
        ("https://dev.azure.com/fabrikam/Web/_artifacts/feed/rust/connect", CURRENT, "Web", "rust", ""),
        (
            "https://dev.azure.com/fabrikam/Web/_packaging?_a=feed&feed=rust%40Local",
            CURRENT,
            "Web",
            "rust",
            "Local",
        ),
        ("https://feeds.dev.azure.com/fabrikam/Web/_apis/packaging/feeds", CURRENT, "Web", "", ""),
        ("https://pkgs.dev.azure.com/fabrikam/_packaging/rust/Cargo/index/", CURRENT, "", "rust", ""),
        (
            "sparse+https://pkgs.dev.azure.com/fabrikam/Fabrikam%20Fiber/_packaging/rust@Local~force-auth/Cargo/index/",
            CURRENT,
            "Fabrikam Fiber",
            "rust",
            "Local",
        ),
        ("https://fabrikam.visualstudio.com", LEGACY, "", "", ""),
        ("https://fabrikam.visualstudio.com/Web/_artifacts/feed/rust", LEGACY, "Web", "rust", ""),
        ("https://fabrikam.visualstudio.com/DefaultCollection/Web/_git/web", LEGACY, "Web", "", ""),
        ("https://fabrikam.feeds.visualstudio.com/Web/_apis/packaging/feeds", LEGACY, "Web", "", ""),
        (
            "sparse+https://fabrikam.pkgs.visualstudio.com/Web/_packaging/rust/Cargo/index/",
            LEGACY,
            "Web",
            "rust",
            "",
        ),
        ("https://ado.example:8443/tfs/DefaultCollection", SERVER, "", "", ""),
        ("ado.example:8443/tfs/DefaultCollection/Web", SERVER, "Web", "", ""),
        (
            "https://ADO.example:8443/tfs/DefaultCollection/Web/_packaging/rust/Cargo/index/",
            SERVER,
            "Web",
            "rust",
            "",
        ),
        ("http://host/Coll", "http://host/Coll", "", "", ""),
        ("http://host/Coll/Web/_artifacts/feed/rust@Local", "http://host/Coll", "Web", "rust", "Local"),
        ("http://host/vdir/DefaultCollection", "http://host/vdir/DefaultCollection", "", "", ""),
        ("http://host/vdir/Coll/Web", "http://host/vdir/Coll", "Web", "", ""),
        ("http://host/My%20Coll/_packaging/rust/Cargo/index/", "http://host/My%20Coll", "", "rust", ""),
    ];
    for (text, base, project, feed, view) in ROWS {
        let shown = |part: Option<String>| part.unwrap_or_default();
        let (is_base, is_project, is_feed, is_view) = parts(text);
        let found = (is_base, shown(is_project), shown(is_feed), shown(is_view));
        assert_eq!(found, ((*base).into(), (*project).into(), (*feed).into(), (*view).into()), "{text}");
    }
}

#[test]
fn git_remotes_of_every_age_name_organization_and_project() {
    let read = |remote: &str| {
        let target = Target::from_git_remote(remote)?;
        Some((target.collection.base().to_string(), target.project?.to_string()))
    };
    let expected = Some(("https://dev.azure.com/fabrikam".to_owned(), "Fabrikam Fiber".to_owned()));
    assert_eq!(read("https://ana@dev.azure.com/fabrikam/Fabrikam%20Fiber/_git/web"), expected);
    assert_eq!(read("git@ssh.dev.azure.com:v3/fabrikam/Fabrikam%20Fiber/web"), expected);
    assert_eq!(read("ssh://git@ssh.dev.azure.com:22/v3/fabrikam/Fabrikam%20Fiber/web"), expected);
    assert_eq!(read("https://fabrikam.visualstudio.com/Fabrikam%20Fiber/_git/web"), expected);
    assert_eq!(read("fabrikam@vs-ssh.visualstudio.com:v3/fabrikam/Fabrikam%20Fiber/web"), expected);
    assert_eq!(read("https://github.com/fabrikam/web"), None);
    for remote in [
        "git@ssh.dev.azure.com:v3/fabrikam/Fabrikam%20Fiber/web/",
        "https://dev.azure.com/fabrikam/_git/Fabrikam%20Fiber",
        "https://fabrikam@dev.azure.com/fabrikam/Fabrikam%20Fiber/_git/_full/web",
        "https://fabrikam.visualstudio.com/DefaultCollection/Fabrikam%20Fiber/_git/web",
        "https://fabrikam.visualstudio.com/DefaultCollection/_git/Fabrikam%20Fiber",
        "ssh://fabrikam@vs-ssh.visualstudio.com:22/Fabrikam%20Fiber/_ssh/web",
        "ssh://fabrikam@vs-ssh.visualstudio.com:22/DefaultCollection/Fabrikam%20Fiber/_ssh/web",
        "ssh://fabrikam@vs-ssh.visualstudio.com:22/_ssh/Fabrikam%20Fiber",
        "ssh://fabrikam@vs-ssh.visualstudio.com/v3/fabrikam/Fabrikam%20Fiber/web",
    ] {
        assert_eq!(read(remote), expected, "{remote}");
    }
}

#[test]
fn a_servers_remote_names_a_host_that_nobody_knows() {
    let server = Some(("https://ado.example/tfs/Coll".to_owned(), "Web".to_owned()));
    let read = |remote: &str| {
        let target = Target::from_git_remote(remote)?;
        assert!(!target.collection.is_cloud(), "{remote}");
        Some((target.collection.base().to_string(), target.project?.to_string()))
    };
    assert_eq!(read("https://ana:pw@ado.example/tfs/Coll/Web/_git/web"), server);
    assert_eq!(read("ssh://ado.example:22/tfs/Coll/Web/_git/web"), server);
    assert_eq!(read("ssh://git@ado.example/tfs/Coll/_git/Web"), server);
    for look_alike in [
        "git@ssh.dev.azure.com.evil.example:v3/fabrikam/Web/web",
        "ssh://fabrikam@vs-ssh.visualstudio.com.evil.example/Web/_ssh/web",
        "git@evil.example:v3/fabrikam/Web/web",
        "/srv/git/web",
        "",
    ] {
        assert_eq!(Target::from_git_remote(look_alike), None, "{look_alike}");
    }
}

#[test]
fn the_repository_is_the_last_segment() {
    assert_eq!(repository("git@ssh.dev.azure.com:v3/o/p/my%20repo").as_deref(), Some("my repo"));
    assert_eq!(repository("https://dev.azure.com/o/p/_git/web/").as_deref(), Some("web"));
    assert_eq!(repository("web"), None);
}
