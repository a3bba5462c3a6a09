//! Offers, and a server's responses (RFC 7692, sections 5, 7 and 7.1).

use hybi::{deflate::Deflate, server::Refusal};

use super::{
    endpoint::{offer, policy},
    inflate::Inflater,
};
use crate::support::handshake::server::{assert_refused, opening, sound};

const NAME: &str = "permessage-deflate";

/// Invalid parameters of an offer.
const INVALID: [&str; 38] = [
    "server_max_window_bits",
    "server_max_window_bits=0",
    "server_max_window_bits=7",
    "server_max_window_bits=16",
    "server_max_window_bits=99",
    "server_max_window_bits=-1",
    "server_max_window_bits=08",
    "server_max_window_bits=015",
    "server_max_window_bits=1e1",
    "server_max_window_bits=0x0f",
    "server_max_window_bits=+9",
    "server_max_window_bits=ten",
    "server_max_window_bits=150",
    "server_max_window_bits=\"08\"",
    "server_max_window_bits=264",
    "server_max_window_bits=10; server_max_window_bits=10",
    "server_max_window_bits=10; server_max_window_bits=12",
    "client_max_window_bits=0",
    "client_max_window_bits=7",
    "client_max_window_bits=16",
    "client_max_window_bits=-1",
    "client_max_window_bits=08",
    "client_max_window_bits=015",
    "client_max_window_bits=1e1",
    "client_max_window_bits=0x0f",
    "client_max_window_bits=+9",
    "client_max_window_bits=ten",
    "client_max_window_bits; client_max_window_bits",
    "client_max_window_bits; client_max_window_bits=10",
    "client_max_window_bits=10; client_max_window_bits",
    "server_no_context_takeover=true",
    "server_no_context_takeover=\"1\"",
    "server_no_context_takeover; server_no_context_takeover",
    "client_no_context_takeover=1",
    "client_no_context_takeover; client_no_context_takeover",
    "unknown",
    "unknown=1; server_no_context_takeover",
    "Server_No_Context_Takeover",
];

/// Checks the response to offers. It accepts none if `expected` is empty.
fn check(policy: &Deflate, offers: &[&str], expected: &str) {
    let (server, answers) = offer(policy, offers);
    let expected = if expected.is_empty() { vec![] } else { vec![expected] };
    assert_eq!(answers, expected, "{offers:?}");
    assert_eq!(server.compression().is_some(), !answers.is_empty(), "{offers:?}");
}

/// Checks the parameters in the response to an offer with these parameters.
fn check_parameters(policy: &Deflate, offered: &str, answered: &str) {
    let full = |parameters: &str| {
        if parameters.is_empty() { NAME.into() } else { format!("{NAME}; {parameters}") }
    };
    check(policy, &[&full(offered)], &full(answered));
}

// 7692-7.1.1.1-a, 7692-7.1.1.1-b, 7692-7.1.1.1-e, 7692-7.1.1.2-a, 7692-7.1.1.2-b,
// 7692-7.1.2.1-b, 7692-7.1.2.2-b, 7692-7.1.2.2-d, 6455-9.1-b, 6455-11.4-a
#[test]
fn each_parameter_is_answered() {
    let takeover = policy(true);
    let same = [
        "",
        "server_no_context_takeover",
        "client_no_context_takeover",
        "server_no_context_takeover; client_no_context_takeover",
        "server_max_window_bits=9",
        "server_max_window_bits=10",
        "server_max_window_bits=15",
        "client_max_window_bits=8",
        "client_max_window_bits=15",
        "server_no_context_takeover; client_no_context_takeover; server_max_window_bits=11; \
         client_max_window_bits=12",
    ];
    for parameters in same {
        check_parameters(&takeover, parameters, parameters);
    }
    let others = [
        ("client_max_window_bits", ""),
        ("server_max_window_bits=\"10\"", "server_max_window_bits=10"),
        ("server_max_window_bits=\"1\\0\"", "server_max_window_bits=10"),
        ("client_max_window_bits=\"8\"", "client_max_window_bits=8"),
        (
            "client_max_window_bits=9;server_no_context_takeover",
            "server_no_context_takeover; client_max_window_bits=9",
        ),
    ];
    for (offered, answered) in others {
        check_parameters(&takeover, offered, answered);
    }
}

// 7692-7.1.1.1-d, 7692-7.1.1.2-b, 7692-7.1.2.1-b, 7692-7.1.2.1-d, 7692-7.1.2.2-b, 7692-7.1.2.2-d
#[test]
fn a_servers_settings_are_in_its_response() {
    let takeover = policy(true);
    let small = takeover.clone().send_window(10).receive_window(11);
    let none = "server_no_context_takeover; client_no_context_takeover";
    let cases = [
        (Deflate::new(), "", none.to_owned()),
        (Deflate::new(), "client_max_window_bits", none.to_owned()),
        (policy(true).send_context_takeover(false), "", "server_no_context_takeover".into()),
        (policy(true).receive_context_takeover(false), "", "client_no_context_takeover".into()),
        (small.clone(), "", "server_max_window_bits=10".into()),
        (small.clone(), "server_max_window_bits=15", "server_max_window_bits=10".into()),
        (small.clone(), "server_max_window_bits=9", "server_max_window_bits=9".into()),
        (
            small.clone(),
            "client_max_window_bits",
            "server_max_window_bits=10; client_max_window_bits=11".into(),
        ),
        (
            small.clone(),
            "client_max_window_bits=12",
            "server_max_window_bits=10; client_max_window_bits=11".into(),
        ),
        (
            small,
            "client_max_window_bits=9",
            "server_max_window_bits=10; client_max_window_bits=9".into(),
        ),
        (takeover.receive_window(8), "client_max_window_bits", "client_max_window_bits=8".into()),
    ];
    for (policy, offered, answered) in cases {
        check_parameters(&policy, offered, &answered);
    }
}

// 7692-7-a, 7692-7.1.1.1-a, 7692-7.1.1.2-a, 7692-7.1.2.1-a, 7692-7.1.2.2-a, 7692-5-b,
// 6455-9.1-e, P-ex-a, F-09, F-15, F-16
#[test]
fn an_invalid_offer_is_declined_and_the_next_one_accepted() {
    let policy = policy(true);
    for parameters in INVALID {
        let bad = format!("{NAME}; {parameters}");
        let good = format!("{NAME}; server_max_window_bits=12");
        check(&policy, &[&bad], "");
        check(&policy, &[&bad, &bad], "");
        check(&policy, &[&format!("{bad}, {bad}; foo, {bad}")], "");
        check(&policy, &[&format!("{bad}, {good}")], &good);
        check(&policy, &[&bad, &good], &good);
        check(&policy, &[&format!("{bad}, {bad}"), &format!("{good}, {NAME}")], &good);
        // A declined offer has no effect, before or after an accepted one.
        check(&policy, &[&format!("{bad}, {NAME}")], NAME);
        check(&policy, &[&format!("{good}, {bad}")], &good);
        // An invalid parameter makes the offer invalid, even next to valid ones.
        check(&policy, &[&format!("{bad}; client_no_context_takeover")], "");
    }
}

// 6455-9.1-a, 6455-9.1-b, 7692-7.1.2.1-a
#[test]
fn a_malformed_list_of_extensions_is_refused() {
    let values = [
        "server_max_window_bits=",
        "server_max_window_bits=\"\"",
        "client_max_window_bits=\"\"",
        "server_max_window_bits=\"1 0\"",
        "server_max_window_bits=\"10",
        "",
    ];
    for value in values {
        let field = format!("{NAME}, {NAME}; {value}");
        let request = sound().with("Sec-WebSocket-Extensions", &[field]).bytes();
        assert_refused(&opening(), &request, Refusal::Extensions, 400);
    }
}

// 7692-5-a, 7692-5-b, 6455-9.1-c, 6455-9-b, P-ex-a, P-ex-b, F-16
#[test]
fn the_first_acceptable_offer_is_accepted() {
    let takeover = policy(true);
    let first = "permessage-deflate; server_max_window_bits=10";
    let second = "permessage-deflate; client_max_window_bits=9";
    let third = "permessage-deflate; server_no_context_takeover";
    for offers in [[first, second, third], [second, third, first], [third, second, first]] {
        check(&takeover, &offers, offers[0]);
        check(&takeover, &[&offers.join(", ")], offers[0]);
        check(&takeover, &[&format!("{}, {}", offers[0], offers[1]), offers[2]], offers[0]);
        check(
            &takeover,
            &[&format!("foo; bar=\"a\", {}, x-webkit-deflate-frame", offers[0])],
            offers[0],
        );
        check(&takeover, &["foo", offers[0], "bar"], offers[0]);
    }
    for other in ["foo", "permessage-bzip2", "Permessage-Deflate", "permessage-deflate2", "deflate"]
    {
        check(&takeover, &[other], "");
    }
    check(&takeover, &[], "");
}

// 7692-7.1.2.1-b, 7692-7-a, P-pd-b, F-10
#[test]
fn a_window_that_the_compressor_does_not_support_is_declined() {
    let eight = "permessage-deflate; server_max_window_bits=8";
    check(&policy(true), &[eight], "");
    check(&policy(false), &[&format!("{eight}; client_max_window_bits=8")], "");
    check(&policy(true), &[&format!("{eight}, {NAME}")], NAME);
    // The settings do not allow it either.
    let answer = "permessage-deflate; server_max_window_bits=9";
    check(&policy(true).send_window(8), &[NAME], answer);
}

// 7692-7.1.2.2-b
#[test]
fn a_server_that_requires_a_window_declines_a_window_that_it_cannot_limit() {
    let policy = policy(true).receive_window(10).require_receive_window(true);
    let limited = "permessage-deflate; client_max_window_bits=10";
    check(&policy, &[NAME], "");
    check(&policy, &[&format!("{NAME}, {NAME}; client_max_window_bits")], limited);
    check(&policy, &[&format!("{NAME}; client_max_window_bits=15")], limited);
    check(&policy.require_receive_window(false), &[NAME], NAME);
}

// 7692-5-c, 7692-7.1.2.1-b, 7692-7.1.2.2-b, P-pd-c, F-09
#[test]
fn every_response_stays_within_its_offer_and_can_be_used() {
    let policies = [policy(true), policy(false), policy(true).send_window(11).receive_window(9)];
    let message =
        b"All that is gold does not glitter, not all those who wander are lost. ".repeat(9);
    for policy in policies {
        for (server_bits, client_bits, flags) in combinations() {
            let flag = |bit, name: &'static str| if flags & bit == 0 { "" } else { name };
            let client = match client_bits {
                6 => String::new(),
                7 => "; client_max_window_bits".into(),
                bits => format!("; client_max_window_bits={bits}"),
            };
            let offered = format!(
                "{NAME}{}{}; server_max_window_bits={server_bits}{client}",
                flag(1, "; server_no_context_takeover"),
                flag(2, "; client_no_context_takeover"),
            );
            let (mut server, answers) = offer(&policy, &[&offered]);
            assert_eq!(answers.is_empty(), server_bits == 8, "{offered}");
            let Some(parameters) = server.compression() else { continue };
            let answer = &answers[0];
            let bits = |name: &str| {
                let (_, value) = answer.split_once(name)?;
                value.split(';').next()?.parse::<u8>().ok()
            };
            assert!(bits("server_max_window_bits=").unwrap() <= server_bits);
            assert_eq!(bits("server_max_window_bits="), Some(parameters.server().window_bits()));
            match (client_bits, bits("client_max_window_bits=")) {
                (8.., Some(answered)) => assert!(answered <= client_bits),
                (7, _) | (6, None) => {}
                _ => panic!("{offered} answered with {answer}"),
            }
            assert!(flags & 1 == 0 || answer.contains("server_no_context_takeover"), "{answer}");
            assert_eq!(
                parameters.server().context_takeover(),
                !answer.contains("server_no_context")
            );
            assert_eq!(
                parameters.client().context_takeover(),
                !answer.contains("client_no_context")
            );

            let mut outbox = Vec::new();
            server.send_binary(&message, &mut outbox).unwrap();
            assert_eq!(outbox[0], 0xc2);
            let mut inflater = Inflater::new(parameters.server().window_bits());
            let from = if outbox[1] < 126 { 2 } else { 4 };
            assert_eq!(inflater.message(&outbox[from..]), message);
        }
    }
}

/// Windows from 8 to 15 for both directions, and both flags. For the client's window, 6 means not
/// offered and 7 means offered without a value.
fn combinations() -> impl Iterator<Item = (u8, u8, u8)> {
    let windows = (8..=15).flat_map(|server| (6..=15).map(move |client| (server, client)));
    windows.flat_map(|(server, client)| (0..4).map(move |flags| (server, client, flags)))
}
