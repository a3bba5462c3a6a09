//! Token buckets.

use std::time::Duration;

use hybi::deadline::Bucket;
use proptest::{collection::vec, prelude::*};

use super::seconds;

// P-dl-g
#[test]
fn a_full_bucket_allows_its_capacity_at_once() {
    let mut bucket = Bucket::new(3, seconds(10));
    for _ in 0..3 {
        assert_eq!(bucket.take(seconds(7), 1), Ok(()));
    }
    assert_eq!(bucket.take(seconds(7), 1), Err(Some(seconds(17))));
    assert_eq!(bucket.take(seconds(7), 3), Err(Some(seconds(37))));
    assert_eq!(bucket.take(seconds(7), 4), Err(None));
    assert_eq!(bucket.take(seconds(7), 0), Ok(()));
    assert_eq!(bucket.take(seconds(16), 1), Err(Some(seconds(17))), "a failure takes nothing");
    assert_eq!(bucket.take(seconds(17), 1), Ok(()));
    assert_eq!(bucket.take(seconds(17), 1), Err(Some(seconds(27))));
    assert_eq!(bucket.take(seconds(1000), 3), Ok(()));
    assert_eq!(bucket.take(seconds(1000), 1), Err(Some(seconds(1010))), "it does not overflow");
}

#[test]
fn extreme_buckets() {
    let mut none = Bucket::new(0, seconds(1));
    assert_eq!(none.take(seconds(1000), 1), Err(None));
    assert_eq!(none.take(seconds(1000), 0), Ok(()));
    let mut unlimited = Bucket::new(1, Duration::ZERO);
    assert_eq!(unlimited.take(seconds(0), u32::MAX), Ok(()));
    let mut rare = Bucket::new(u32::MAX, Duration::MAX);
    assert_eq!(rare.take(seconds(0), 1), Err(None));
    let mut late = Bucket::new(2, seconds(1));
    assert_eq!(late.take(Duration::MAX, 1), Err(None));
    assert_eq!(late.take(Duration::MAX, 0), Ok(()));
}

proptest! {
    // P-dl-g: in any period, at most the capacity and one token for each interval
    #[test]
    fn no_period_exceeds_the_rate(
        capacity in 0..20_u32,
        interval in 1..1000_u64,
        steps in vec((0..2000_u64, 0..5_u32), 1..60),
    ) {
        let mut bucket = Bucket::new(capacity, Duration::from_millis(interval));
        let (mut now, mut taken) = (0, Vec::<(u64, u64)>::new());
        for (pause, count) in steps {
            now += pause;
            match bucket.take(Duration::from_millis(now), count) {
                Ok(()) => taken.push((now, u64::from(count))),
                Err(Some(until)) => {
                    let until = u64::try_from(until.as_millis()).unwrap();
                    prop_assert!(until > now);
                    // Not before that time, and at that time.
                    let mut early = bucket;
                    prop_assert!(early.take(Duration::from_millis(until - 1), count).is_err());
                    let mut at_that_time = bucket;
                    prop_assert!(at_that_time.take(Duration::from_millis(until), count).is_ok());
                }
                Err(None) => prop_assert!(count > capacity),
            }
            for (first, (start, _)) in taken.iter().enumerate() {
                let sum: u64 = taken[first..].iter().map(|(_, count)| count).sum();
                prop_assert!(sum <= u64::from(capacity) + (now - start) / interval);
            }
        }
    }
}
