use std::net::{SocketAddr, TcpListener};

use super::*;

fn loopback() -> Client {
    init();
    client(&HttpSettings { loopback_only: true, ..HttpSettings::default() }).unwrap()
}

async fn fault(client: &Client, url: &str) -> Fault {
    let url = Url::parse(url).unwrap();
    let error = client.get(url.clone()).send().await.unwrap_err();
    NetError::of(error, Place::of(&url, None)).fault().unwrap()
}

fn free_port() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap()
}

#[test]
fn a_proxys_password_is_never_shown() {
    for (proxy, shown) in [
        ("http://ana:s3cret@proxy:8080", "http://proxy:8080"),
        ("ana:s3cret@proxy:8080", "proxy:8080"),
        ("http://ana:s3c/r@et@proxy:8080/x", "http://proxy:8080"),
        ("socks5://ana:s3cret@proxy", "socks5://proxy"),
    ] {
        let settings = HttpSettings { proxy: Some(proxy.to_owned()), ..HttpSettings::default() };
        assert_eq!(settings.shown_proxy().as_deref(), Some(shown));
        assert!(!format!("{settings:?}").contains("ana"), "{proxy}");
        if let Err(error) = client(&settings) {
            assert!(!format!("{error:?}").contains("s3c"), "{proxy}");
            assert!(!Report::from(error).to_string().contains("s3c"), "{proxy}");
        }
    }
}

#[test]
fn a_proxy_that_cannot_work_is_said_at_once() {
    for bad in ["socks5://proxy", "http://", "ftp://proxy"] {
        assert!(matches!(proxy_url(bad), Err(NetError::Proxy(_))), "{bad}");
    }
    for good in ["proxy:8080", "http://proxy", "https://ana:pw@proxy:1/"] {
        assert!(proxy_url(good).is_ok(), "{good}");
    }
}

#[test]
fn the_proxy_that_is_named_is_the_one_on_the_way() {
    let settings = HttpSettings {
        proxy: Some("http://ana:pw@secure:1".into()),
        plain_proxy: Some("plain:2".into()),
        no_proxy: Some("corp.example, .local,10.0.0.7".into()),
        ..HttpSettings::default()
    };
    let to = |url: &str| settings.shown_proxy_to(&Url::parse(url).unwrap());
    assert_eq!(to("https://dev.azure.com/x").as_deref(), Some("http://secure:1"));
    assert_eq!(to("http://ado.example/x").as_deref(), Some("plain:2"));
    for exempt in ["corp.example", "ado.CORP.example", "ado.local", "10.0.0.7"] {
        assert_eq!(to(&format!("https://{exempt}/x")), None, "{exempt}");
    }
    for other in ["notcorp.example", "corp.example.evil", "example"] {
        assert!(to(&format!("https://{other}/x")).is_some(), "{other}");
    }
    let all = HttpSettings { no_proxy: Some("*".into()), ..settings.clone() };
    assert_eq!(all.shown_proxy_to(&Url::parse("https://x").unwrap()), None);
}

/// What a proxy was asked for, which then refuses it.
async fn asked_of_proxy(plain: bool, no_proxy: Option<&str>, url: &str) -> Option<String> {
    init();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let proxy = || Some(format!("ana:pw@{address}"));
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = [0; 4096];
        let length = stream.read(&mut head).unwrap();
        // The client may have gone away.
        let _ = stream.write_all(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n");
        String::from_utf8_lossy(&head[..length]).into_owned()
    });
    let settings = HttpSettings {
        proxy: proxy().filter(|_| !plain),
        plain_proxy: proxy().filter(|_| plain),
        no_proxy: no_proxy.map(str::to_owned),
        ..HttpSettings::default()
    };
    let _ = client(&settings).unwrap().get(url).send().await;
    // Ends the wait of a proxy that nobody has asked.
    let _ = std::net::TcpStream::connect(address).map(|mut stream| {
        use std::io::Write as _;
        let _ = stream.write_all(b"-");
    });
    Some(server.join().unwrap()).filter(|head| head != "-")
}

#[tokio::test]
async fn each_scheme_goes_through_its_own_proxy_with_its_password() {
    let tunnel = asked_of_proxy(false, None, "https://host.example/").await.unwrap();
    assert!(tunnel.starts_with("CONNECT host.example:443 "), "{tunnel}");
    assert!(tunnel.to_lowercase().contains("proxy-authorization: basic yw5honb3"), "{tunnel}");
    let plain = asked_of_proxy(true, None, "http://host.example/x").await.unwrap();
    assert!(plain.starts_with("GET http://host.example/x "), "{plain}");
    assert_eq!(asked_of_proxy(true, Some("127.0.0.1"), "http://127.0.0.1:9/").await, None);
}

#[test]
fn a_certificate_file_that_holds_none_is_said_with_its_name() {
    init();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("root.pem");
    for text in [None, Some("no certificate"), Some("")] {
        if let Some(text) = text {
            std::fs::write(&file, text).unwrap();
        }
        let settings = HttpSettings { ca_file: Some(file.clone()), ..HttpSettings::default() };
        let error = client(&settings).unwrap_err();
        assert!(error.to_string().contains("root.pem"), "{error}");
    }
}

#[tokio::test]
async fn a_refused_connection_is_told_from_one_that_is_not_tls() {
    let client = loopback();
    assert_eq!(fault(&client, &format!("http://{}/", free_port())).await, Fault::Refused);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0, "the client speaks first");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
    });
    assert_eq!(fault(&client, &format!("https://{address}/")).await, Fault::Tls);
    server.join().unwrap();
}

#[tokio::test]
async fn a_proxy_that_says_no_is_told_from_the_host() {
    init();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let proxy = Proxy::all(format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let server = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let (mut stream, _) = listener.accept().unwrap();
        assert!(stream.read(&mut [0; 4096]).unwrap() > 0);
        stream.write_all(b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n").unwrap();
    });
    let client = Client::builder().no_proxy().proxy(proxy).tls_certs_only([]).build().unwrap();
    assert_eq!(fault(&client, "https://host.example/").await, Fault::Tunnel);
    server.join().unwrap();
}

#[tokio::test]
async fn a_cut_connection_and_a_silent_one_are_told_apart() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let server = std::thread::spawn(move || {
        drop(listener.accept().unwrap());
        listener.accept().unwrap()
    });
    assert_eq!(fault(&loopback(), &url).await, Fault::Broken);
    let impatient =
        Client::builder().no_proxy().tls_certs_only([]).read_timeout(Duration::from_millis(20)).build();
    assert_eq!(fault(&impatient.unwrap(), &url).await, Fault::TimedOut);
    server.join().unwrap();
}

#[tokio::test]
async fn an_unknown_host_is_told_without_asking_the_network() {
    struct Nobody;
    impl reqwest::dns::Resolve for Nobody {
        fn resolve(&self, _: reqwest::dns::Name) -> reqwest::dns::Resolving {
            Box::pin(async { Err("failed to lookup address".into()) })
        }
    }
    init();
    let client = Client::builder().no_proxy().tls_certs_only([]).dns_resolver(Nobody).build();
    assert_eq!(fault(&client.unwrap(), "http://typo.example/").await, Fault::Dns);
}

#[test]
fn reports_say_which_host_and_through_which_proxy() {
    let url = Url::parse("https://ana:pw@host:8443/path?sig=x").unwrap();
    let place = Place::of(&url, Some("http://proxy:3128"));
    assert_eq!(place.to_string(), "`host:8443` through the proxy `http://proxy:3128`");
    let error = NetError::Unreachable { place, fault: Fault::Tls, cause: "UnknownIssuer".into() };
    let report = Report::from(error);
    assert_eq!((report.code, report.exit), ("tls-failed", Exit::Network));
    assert!(report.hint.unwrap().contains("--ca-file"));
}
