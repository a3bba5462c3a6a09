//! The conversation over smoltcp, with a deterministic clock and generator.

use hybi::{Error, LimitExceeded, client, random::EntropyError};
use hybi_embedding_no_std::over_smoltcp::{Failure, Hardware, converse};
use smoltcp::{
    phy::{Loopback, Medium},
    time::{Duration, Instant},
};

/// Runs the conversation. The clock advances by `tick` at each call.
fn run(tick: Duration, generator: impl FnMut() -> Option<u32>) -> Result<Vec<String>, Failure> {
    let mut now = Instant::ZERO;
    let clock = || {
        now += tick;
        now
    };
    let mut steps = vec![];
    let mut device = Loopback::new(Medium::Ip);
    converse(&mut device, clock, Hardware(generator), |step| steps.push(step.to_string()))?;
    Ok(steps)
}

/// Predictable, which is fine because no byte leaves the process.
fn counter() -> impl FnMut() -> Option<u32> {
    let mut words = 0..;
    move || words.next()
}

#[test]
fn every_step_succeeds() {
    let steps = run(Duration::from_millis(1), counter()).unwrap();
    let too_large = Error::from(LimitExceeded::InboxSize { size: 1025, limit: 1024 });
    assert_eq!(
        steps,
        [
            "a text comes back",
            "1024 bytes come back, all that the inbox holds",
            "a message in fragments comes back, and before it a pong",
            "both ends close with 1000",
            &format!("one byte more is refused with 1009: {too_large}"),
        ]
    );
}

#[test]
fn without_randomness_nothing_is_sent() {
    let failure = run(Duration::from_millis(1), || None).unwrap_err();
    let expected = client::Error::Entropy(EntropyError);
    assert!(matches!(failure, Failure::Opening(error) if error == expected), "{failure:?}");

    // The generator fails after the nonce of the request, before the key of the first message.
    let mut words = counter();
    let failure = run(Duration::from_millis(1), || words().filter(|word| *word < 4)).unwrap_err();
    assert!(matches!(failure, Failure::WebSocket(Error::Entropy(EntropyError))), "{failure:?}");
}

#[test]
fn the_conversation_has_a_deadline() {
    let failure = run(Duration::from_secs(9), counter()).unwrap_err();
    assert!(matches!(failure, Failure::Deadline), "{failure:?}");
}
