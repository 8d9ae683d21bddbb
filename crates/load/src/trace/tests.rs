//! Traces as they are, as they are wanted, and as they should not be.

use std::error::Error;

use proptest::prelude::*;

use super::*;
use crate::chance::chance;

const SAMPLE: &str = include_str!("../../samples/azure-2019-synthetic.csv");

const COUNTS: &str = "HashOwner,HashApp,HashFunction,Trigger,1,2,3,4
o,a,quiet,timer,1,0,0,0
o,a,busy,http,0,4,0,2
o,b,even,queue,1,1,1,1
o,b,quiet,http,0,0,0,2
";

const INVOCATIONS: &str = "app,func,end_timestamp,duration
a,f,100.5,0.5
b,f,103,1
a,g,101.0,3
a,g,100.0,1.5
a,g,110.0,1e-1
";

/// The function and the moments in milliseconds.
fn check(text: &str, options: &TraceOptions, expected: Result<(&str, &[u64]), &str>) {
    let found = trace(text.as_bytes(), options, || unreachable!("nothing is drawn"));
    let found = found.map_err(|error| match error.source() {
        None => error.to_string(),
        Some(cause) => format!("{error}: {cause}"),
    });
    let found = found.map(|trace| {
        let ms: Vec<u64> = trace.moments.iter().map(|ns| ns / 1_000_000).collect();
        (trace.function.unwrap_or_default(), ms)
    });
    let expected = expected.map(|(name, ms)| (name.to_owned(), ms.to_vec()));
    assert_eq!(found, expected.map_err(str::to_owned), "{text}");
}

fn function(name: &str) -> TraceOptions {
    TraceOptions { function: Some(name.to_owned()), ..TraceOptions::default() }
}

fn part(from_s: u64, duration_s: u64, speed: f64) -> TraceOptions {
    let duration = Some(Duration::from_secs(duration_s));
    TraceOptions { from: Duration::from_secs(from_s), duration, speed, ..TraceOptions::default() }
}

#[test]
fn a_moment_a_line() {
    let all = TraceOptions::default();
    check("0\n1.5\n2\n", &all, Ok(("", &[0, 1500, 2000])));
    check("timestamp\n1700000002.25\n1700000000\n", &all, Ok(("", &[0, 2250])));
    check(" at , what\r\n-1, a\r\n\r\n1, b", &all, Ok(("", &[0, 2000])));
    check("0\n0\n0\n", &all, Ok(("", &[0, 0, 0])));
    check("0\n1\n2\n3\n4\n", &part(1, 2, 1.0), Ok(("", &[0, 1000])));
    check("0\n1\n2\n3\n4\n", &part(1, 1, 2.0), Ok(("", &[0, 500])));
    let two = TraceOptions { limit: Some(2), ..TraceOptions::default() };
    check("5\n6\n7\n", &two, Ok(("", &[0, 1000])));
}

#[test]
fn counts_of_minutes() {
    let all = TraceOptions::default();
    check(COUNTS, &all, Ok(("busy", &[60_000, 75_000, 90_000, 105_000, 180_000, 210_000])));
    check(COUNTS, &function("even"), Ok(("even", &[0, 60_000, 120_000, 180_000])));
    // A function with two triggers has two rows.
    check(COUNTS, &function("quiet"), Ok(("quiet", &[0, 180_000, 210_000])));
    check(COUNTS, &part(70, 60, 1.0), Ok(("busy", &[5_000, 20_000, 35_000])));
    check(COUNTS, &part(60, 6, 10.0), Ok(("busy", &[0, 1_500, 3_000, 4_500])));
    // Of equally busy ones, the first.
    let equal = "HashOwner,HashApp,HashFunction,Trigger,1\no,a,x,http,1\no,a,y,http,1\n";
    check(equal, &all, Ok(("x", &[0])));
}

#[test]
fn a_row_an_invocation() {
    // Three of g: from 98, 98.5 and 109.9 s.
    check(INVOCATIONS, &TraceOptions::default(), Ok(("g", &[0, 500, 11_900])));
    // Of any application, where a name is asked for.
    check(INVOCATIONS, &function("f"), Ok(("f", &[0, 2_000])));
    check(INVOCATIONS, &part(0, 1, 1.0), Ok(("g", &[0, 500])));
    let other_order = "func,duration,end_timestamp,app\ng,1,2,a\n";
    check(other_order, &TraceOptions::default(), Ok(("g", &[0])));
}

#[test]
fn how_long_it_lasts() {
    let lasts = |text: &str, options: &TraceOptions| {
        trace(text.as_bytes(), options, || 0.0).unwrap().lasts.as_secs_f64()
    };
    assert_eq!(lasts("0\n1\n9\n", &part(0, 5, 1.0)), 5.0);
    assert_eq!(lasts("0\n1\n9\n", &TraceOptions::default()), 9.0);
    let one = TraceOptions { limit: Some(2), ..part(0, 5, 1.0) };
    assert_eq!(lasts("0\n1\n2\n", &one), 1.0);
}

#[test]
fn mistakes_say_where_they_are() {
    let all = TraceOptions::default();
    let nothing = "no request lies in the wanted part of it";
    check("", &all, Err(nothing));
    check("timestamp\n", &all, Err(nothing));
    check("0\n1\n", &part(5, 1, 1.0), Err(nothing));
    check("0\nsoon\n", &all, Err("line 2, column 1: expected a number of seconds, got \"soon\""));
    check("0\nNaN\n", &all, Err("line 2, column 1: expected a number of seconds, got \"NaN\""));
    check("1;2\n", &all, Err("line 1, column 1: expected a number of seconds, got \"1;2\""));
    check("0\n", &function("f"), Err("it has moments only, and no functions to choose from"));
    let spread = TraceOptions { spread: Some(Spread::Poisson), ..TraceOptions::default() };
    let spreads = "only counts per minute can be spread; it has the moments themselves";
    check("0\n", &spread, Err(spreads));
    check(INVOCATIONS, &spread, Err(spreads));
    check("0\n", &part(0, 1, 0.0), Err("the speed has to be positive, and is 0"));
    let none = "no row has the function \"h\"; the busiest is";
    check(COUNTS, &function("h"), Err(&format!("{none} \"busy\"")));
    check(INVOCATIONS, &function("h"), Err(&format!("{none} \"g\"")));
    let counts = "HashOwner,HashApp,HashFunction,Trigger,1,2\no,a,x,http,1\n";
    check(counts, &all, Err("line 2, column 6: expected a number of invocations, got \"\""));
    let negative = "app,func,end_timestamp,duration\na,f,1,-1\n";
    check(negative, &all, Err("line 2, column 4: expected a duration in seconds, got \"-1\""));
    let many = "HashOwner,HashApp,HashFunction,Trigger,1,2\no,a,x,http,9000000,9000000\n";
    check(many, &all, Err("there would be more than 10000000 requests"));
}

/// How many moments there are in each minute.
fn by_minute(moments: &[u64]) -> Vec<u64> {
    let mut counts = vec![0; 1440];
    for at in moments {
        counts[usize::try_from(at / 60_000_000_000).unwrap()] += 1;
    }
    counts
}

#[test]
fn every_minute_of_the_sample_keeps_its_count() {
    for line in SAMPLE.lines().skip(1) {
        let fields: Vec<&str> = line.split(',').collect();
        let counts: Vec<u64> = fields[4..].iter().map(|count| count.parse().unwrap()).collect();
        for spread in [Spread::Even, Spread::Poisson] {
            let options = TraceOptions { spread: Some(spread), ..function(fields[2]) };
            let found = trace(SAMPLE.as_bytes(), &options, chance(1)).unwrap();
            assert_eq!(found.function.as_deref(), Some(fields[2]));
            assert_eq!(by_minute(&found.moments), counts, "{} {spread:?}", fields[2]);
        }
    }
}

#[test]
fn within_its_minute_a_random_request_is_anywhere() {
    // 6,000 uniform moments in one minute: the counts of its 60 seconds have the variance n·p·(1 − p).
    let text = "HashOwner,HashApp,HashFunction,Trigger,1\no,a,x,http,6000\n";
    let options = TraceOptions { spread: Some(Spread::Poisson), ..TraceOptions::default() };
    let found = trace(text.as_bytes(), &options, chance(7)).unwrap();
    let mut counts = [0.0; 60];
    for at in found.moments.iter() {
        counts[usize::try_from(at / 1_000_000_000).unwrap()] += 1.0;
    }
    let variance = counts.iter().map(|n: &f64| (n - 100.0).powi(2)).sum::<f64>() / 60.0;
    // 98.3 ± three standard deviations of it, √(2/60).
    assert!((45.0..152.0).contains(&variance), "{variance}");
}

proptest! {
    #[test]
    fn moments_ascend_lie_in_the_wanted_part_and_repeat(
        seed: u64,
        poisson: bool,
        counts in prop::collection::vec(0_u32..40, 1..6),
        from_s in 0_u64..400,
        duration_s in 1_u64..400,
        speed in 0.1_f64..100.0,
    ) {
        let minutes: Vec<String> = (1..=counts.len()).map(|minute| minute.to_string()).collect();
        let numbers: Vec<String> = counts.iter().map(u32::to_string).collect();
        let text = format!(
            "HashOwner,HashApp,HashFunction,Trigger,{}\no,a,x,http,{}\n",
            minutes.join(","),
            numbers.join(",")
        );
        let spread = Some(if poisson { Spread::Poisson } else { Spread::Even });
        let options = TraceOptions { spread, ..part(from_s, duration_s, speed) };
        let play = || trace(text.as_bytes(), &options, chance(seed));
        match play() {
            Ok(found) => {
                prop_assert!(found.moments.is_sorted() && !found.moments.is_empty());
                prop_assert!(found.moments.len() as u64 <= counts.iter().map(|&n| u64::from(n)).sum());
                let last = *found.moments.last().unwrap();
                prop_assert!(last <= duration_s * 1_000_000_000 + 1);
                prop_assert_eq!(found, play().unwrap());
            }
            Err(error) => prop_assert!(matches!(error, TraceError::Nothing), "{}", error),
        }
    }

    #[test]
    fn nothing_that_is_read_makes_it_panic(text in "[0-9a-z,.\n\" -]{0,200}") {
        let counts = "HashOwner,HashApp,HashFunction,Trigger,1,2\n";
        for heading in ["", counts, "app,func,end_timestamp,duration\n"] {
            let _ = trace(format!("{heading}{text}").as_bytes(), &TraceOptions::default(), || 0.5);
        }
    }
}
