//! Where a credential never goes: whatever a request looks like, what was recorded for another base is not looked up,
//! and nobody is asked.

use az_cargo_wizard::domain::organization::Base;
use az_cargo_wizard::record::{self, Kept, Login, LoginKind};

use crate::support::sandbox::Sandbox;
use crate::support::wizard::product;
use crate::world::fed;

/// Recorded for them, and kept in a keyring: its bus is the sandbox's canary, which fails the test when somebody
/// calls it.
const BASES: [&str; 3] =
    ["https://dev.azure.com/contoso", "https://tfs.corp:8443/tfs/Coll", "http://127.0.0.1:9/contoso"];

const ELSEWHERE: [&str; 24] = [
    "https://pkgs.dev.azure.com.evil/contoso/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com@evil/contoso/_packaging/f/Cargo/index/",
    "https://contoso@pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com./contoso/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com:8443/contoso/_packaging/f/Cargo/index/",
    "http://pkgs.dev.azure.com/contoso/_packaging/f/Cargo/index/",
    "https://evil/contoso/_packaging/f/Cargo/index/",
    "https://github.com/contoso/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com/contoso2/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com/contos/_packaging/f/Cargo/index/",
    "https://pkgs.dev.azure.com/",
    "https://pkgs.dev.azure.com/evil/../../evil/contoso/_packaging/f/Cargo/index/",
    "https://dev.azure.com/contoso/_packaging/f/Cargo/index/",
    "https://contoso.pkgs.visualstudio.com.evil/_packaging/f/Cargo/index/",
    "https://evil.contoso.pkgs.visualstudio.com/_packaging/f/Cargo/index/",
    "https://pkgs.visualstudio.com/contoso/_packaging/f/Cargo/index/",
    "http://contoso.pkgs.visualstudio.com/_packaging/f/Cargo/index/",
    "https://contoso.pkgs.visualstudio.com:444/_packaging/f/Cargo/index/",
    "https://tfs.corp/tfs/Coll/_packaging/f/Cargo/index/",
    "http://tfs.corp:8443/tfs/Coll/_packaging/f/Cargo/index/",
    "https://tfs.corp:8443/tfs/Collection/_packaging/f/Cargo/index/",
    "https://tfs.corp:8443/tfs/_packaging/f/Cargo/index/",
    "https://tfs.corp.:8443/tfs/Coll/_packaging/f/Cargo/index/",
    "http://localhost:9/contoso/_packaging/f/Cargo/index/",
];

/// What a server might send to be taken for another one.
const FORGED: &str = r#""headers":["WWW-Authenticate: Bearer authorization_uri=https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47","x-vss-resourcetenant: 72f988bf-86f1-41af-91ab-2d7cd011db47","X-VSS-AuthorizationEndpoint: https://vssps.dev.azure.com/contoso/","Location: https://pkgs.dev.azure.com/contoso/"],"#;

fn recorded() -> Sandbox {
    let sandbox = Sandbox::new();
    for base in BASES {
        let login = Login {
            kind: LoginKind::Pat,
            kept: Kept::Keyring,
            who: "Ana".to_owned(),
            expires: None,
            made: None,
        };
        record::log_in(&sandbox.state_dir(), &Base::parse(base).unwrap(), &login).unwrap();
    }
    sandbox
}

#[test]
fn no_address_but_those_of_a_recorded_base_is_answered() {
    let sandbox = recorded();
    let mut input = String::new();
    for address in ELSEWHERE {
        for kind in
            ["get\",\"operation\":\"read", "get\",\"operation\":\"publish", "login\",\"token\":\"x", "logout"]
        {
            input += &format!(
                "{{\"v\":1,\"registry\":{{\"index-url\":\"sparse+{address}\",{FORGED}\"name\":\"contoso\"}},\"kind\":\"{kind}\"}}\n"
            );
        }
    }
    let output = fed(&mut product(&sandbox, ["--cargo-plugin"]), &input);
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some(r#"{"v":[1]}"#));
    let answers: Vec<&str> = lines.collect();
    assert_eq!(answers.len(), ELSEWHERE.len() * 4);
    for (at, answer) in answers.iter().enumerate() {
        assert_eq!(*answer, r#"{"Err":{"kind":"url-not-supported"}}"#, "{}", ELSEWHERE[at / 4]);
    }
    assert!(output.stderr.is_empty());
}
