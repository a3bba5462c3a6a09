//! The challenges of a 407.

use hybi::proxy::Challenge;

use super::responses::refusal;

/// A challenge with all that it says.
fn described(challenge: &Challenge<'_>) -> String {
    let mut text = challenge.scheme().to_owned();
    if let Some(token) = challenge.token68() {
        assert_eq!(challenge.parameters().count(), 0);
        return format!("{text} <{token}>");
    }
    for (name, value) in challenge.parameters() {
        let value: Vec<u8> = value.bytes().collect();
        text = format!("{text} {name}=[{}]", value.escape_ascii());
    }
    text
}

/// All challenges in the values of as many fields.
fn challenges(status: u16, values: &[&str]) -> Vec<String> {
    let lines = values.iter().map(|value| format!("Proxy-Authenticate: {value}\r\n"));
    let lines: String = lines.collect();
    let head = format!("HTTP/1.1 {status} x\r\n{lines}WWW-Authenticate: Basic\r\n\r\n");
    refusal(head.as_bytes(), |refused| {
        refused.challenges().map(|challenge| described(&challenge)).collect()
    })
}

// 9110-11.7.1-a
#[test]
fn the_challenges_are_taken_apart() {
    let table: [(&[&str], &[&str]); 19] = [
        (&["Basic realm=\"a\""], &["Basic realm=[a]"]),
        (&["Basic realm=a"], &["Basic realm=[a]"]),
        (
            &["basic REALM = \"a b, c=d\" , charset=\"UTF-8\""],
            &["basic REALM=[a b, c=d] charset=[UTF-8]"],
        ),
        (&["Basic realm=\"a\\\"b\\\\c\""], &[r#"Basic realm=[a\"b\\c]"#]),
        (&["Basic realm=\"\""], &["Basic realm=[]"]),
        (&["Negotiate"], &["Negotiate"]),
        (&["Negotiate YIIB/+=="], &["Negotiate <YIIB/+==>"]),
        (&["Negotiate, NTLM , Basic realm=x"], &["Negotiate", "NTLM", "Basic realm=[x]"]),
        (&["Negotiate a=, Basic realm=x"], &["Negotiate <a=>", "Basic realm=[x]"]),
        (&["Negotiate", "NTLM", "Basic realm=\"x\""], &["Negotiate", "NTLM", "Basic realm=[x]"]),
        // The example of RFC 9110, section 11.6.1.
        (
            &[
                "Basic realm=\"simple\", Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\"",
            ],
            &["Basic realm=[simple]", r#"Newauth realm=[apps] type=[1] title=[Login to \"apps\"]"#],
        ),
        (
            &[",, Basic realm=a ,, b=c,, Digest nonce=d,"],
            &["Basic realm=[a] b=[c]", "Digest nonce=[d]"],
        ),
        (
            &["Digest qop=\"auth,auth-int\", stale=FALSE"],
            &["Digest qop=[auth,auth-int] stale=[FALSE]"],
        ),
        // What cannot be read ends the list of its field.
        (&["Basic realm=\"a\", b=", "NTLM"], &["Basic realm=[a]", "NTLM"]),
        (&["Basic realm=\"a"], &[]),
        (&["Basic realm=\"a\\"], &[]),
        (&["Basic realm=\"a\" b=c, NTLM"], &[]),
        (&["=x, NTLM"], &[]),
        (&[""], &[]),
    ];
    for (values, expected) in table {
        assert_eq!(challenges(407, values), expected, "{values:?}");
    }
}

// P-px-b, I-08
#[test]
fn only_a_407_has_challenges() {
    for status in [300, 401, 403, 406, 408, 511] {
        assert_eq!(challenges(status, &["Basic realm=a"]), [""; 0], "{status}");
    }
}

// 9110-11.7.1-a, P-se-f
#[test]
fn a_parameter_is_found_by_its_name_in_any_case_and_not_shown() {
    let head =
        "HTTP/1.1 407 x\r\nProxy-Authenticate: Digest realm=\"Marker5f1c\", Nonce=\"n\"\r\n\r\n";
    refusal(head.as_bytes(), |refused| {
        let challenge = refused.challenges().next().unwrap();
        assert!(challenge.parameter("nonce").unwrap() == *"n");
        assert!(challenge.parameter("opaque").is_none());
        let realm = challenge.parameter("REALM").unwrap();
        assert!(realm == *"Marker5f1c" && realm != *"marker5f1c");
        let shown = format!("{refused:?} {challenge:?} {:?} {realm:?}", challenge.parameters());
        assert!(shown.contains("realm") && !shown.contains("Marker5f1c"), "{shown}");
    });
}

// P-se-f
#[test]
fn debug_of_a_challenge_shows_only_its_scheme() {
    let head = b"HTTP/1.1 407 x\r\nProxy-Authenticate: Digest nonce=\"secret\"\r\n\r\n";
    refusal(head, |refused| {
        let challenge = refused.challenges().next().unwrap();
        let value = challenge.parameter("nonce").unwrap();
        let shown = format!("{challenge:?} {:?} {value:?}", challenge.parameters());
        assert!(shown.contains("Digest") && shown.contains("ParameterValue"), "{shown}");
        assert!(!shown.contains("secret"), "{shown}");
    });
}
