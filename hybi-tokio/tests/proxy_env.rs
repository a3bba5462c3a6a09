//! The proxy in the environment. Each case runs in a process of its own, because the environment is that
//! of the process.
#![cfg(feature = "proxy-env")]
#![allow(missing_docs, clippy::unwrap_used, clippy::type_complexity)]

use std::process::Command;

use hybi_tokio::Proxy;

/// Run by the other test, with the environment of a case.
#[test]
#[ignore = "needs the environment of a case"]
fn child() {
    let uri = std::env::var("CASE_URI").unwrap();
    let expected = std::env::var("CASE_EXPECTED").unwrap();
    assert_eq!(format!("{:?}", Proxy::from_env(&uri)), expected);
}

#[test]
fn the_proxy_is_read_from_the_environment() {
    let found = r#"Ok(Some(Proxy { uri: Uri { secure: false, host: Name("proxy"), port: 3128, .. }, .. }))"#;
    // The environment, the URI, and the proxy.
    let table: [(&[(&str, &str)], &str, &str); 8] = [
        (&[], "ws://a/", "Ok(None)"),
        (&[("http_proxy", "http://proxy:3128")], "ws://a/", found),
        (&[("http_proxy", "http://proxy:3128")], "wss://a/", "Ok(None)"),
        (&[("HTTPS_PROXY", "http://user:secret@proxy:3128")], "wss://a/", found),
        (&[("ALL_PROXY", "proxy:3128")], "wss://a/", found),
        (&[("ALL_PROXY", "http://proxy:3128"), ("NO_PROXY", ".a,b")], "wss://b/", "Ok(None)"),
        (&[("ALL_PROXY", "socks5://proxy:1080")], "wss://a/", "Err(Scheme)"),
        (&[("ALL_PROXY", "http://proxy:3128")], "http://a/", "Err(Uri(Scheme))"),
    ];
    for (environment, uri, expected) in table {
        let mut command = Command::new(std::env::current_exe().unwrap());
        for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
            command.env_remove(name).env_remove(name.to_uppercase());
        }
        command.envs(environment.iter().copied());
        command.env("CASE_URI", uri).env("CASE_EXPECTED", expected);
        command.args(["--exact", "child", "--ignored"]);
        let output = command.output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            output.status.success() && text.contains("1 passed"),
            "{environment:?} {uri}: {text}"
        );
    }
}
