//! Functions that misbehave in every way, one after the other, in one run.

use kelvin_lambda::{Start, Status};
use kelvin_record::RunStatus;

use crate::kit::{Place, bad_function};

/// What the function is told to do, and the status that comes of it.
const TABLE: [(&str, Status); 27] = [
    ("error", Status::Error),
    ("exit 0", Status::Crash),
    ("exit 3", Status::Crash),
    ("panic", Status::Crash),
    ("abort", Status::Crash),
    ("signal 9", Status::Crash),
    ("signal 11", Status::Crash),
    ("escape-and-exit", Status::Crash),
    ("respond-and-exit", Status::Crash),
    ("large 7340032", Status::TooLarge),
    ("cut before the body", Status::Error),
    ("cut in the body", Status::Error),
    ("cut in a chunk", Status::Error),
    ("cut in the head", Status::Ok),
    ("hang-up", Status::Ok),
    ("garbage", Status::Ok),
    ("twice", Status::Ok),
    ("wrong-id", Status::Ok),
    ("output 1000000", Status::Ok),
    ("murmur", Status::Ok),
    ("bomb", Status::Ok),
    ("hang", Status::Timeout),
    ("spin 3600000", Status::Timeout),
    ("stall in the body", Status::Timeout),
    ("bomb and hang", Status::Timeout),
    ("late", Status::Timeout),
    ("respond-and-hang", Status::Timeout),
];

fn script() -> String {
    let rows = TABLE.map(|(what, status)| format!("[\"{what}\", \"{}\"]", status.as_str()));
    format!(
        "let bootstrap = \"{}\";
         let bad = deploy(#{{ bootstrap: bootstrap, name: \"bad\", memory: 1769, timeout: 1 }});
         bad.invoke(\"echo\");
         for row in [{}] {{
             expect_status(row[1], || bad.invoke(row[0]));
             check(\"after \" + row[0], bad.invoke(\"echo\").response == \"echo\");
         }}
         let grows = deploy(#{{ bootstrap: bootstrap, name: \"grows\", memory: 512, timeout: 60 }});
         expect_status(\"out_of_memory\", || grows.invoke(\"grow\"));
         check(\"after grow\", grows.invoke(\"echo\").response == \"echo\");
         let env = #{{ INIT: \"exit 1\" }};
         let lame = deploy(#{{ bootstrap: bootstrap, name: \"lame\", env: env }});
         expect_status(\"crash\", || lame.invoke(\"echo\"));",
        bad_function(),
        rows.join(", ")
    )
}

#[test]
fn a_run_of_failures_is_a_run() {
    let place = Place::new();
    let done = place.run_script(&script(), &[]).exits(0);
    let run = place.only_run();
    assert_eq!((run.record.status, &run.truncated), (RunStatus::Ok, &None));
    let seen: Vec<Status> = run.invocations.iter().map(|row| row.status).collect();
    let mut expected = vec![Status::Ok];
    expected.extend(TABLE.into_iter().flat_map(|(_, status)| [status, Status::Ok]));
    expected.extend([Status::OutOfMemory, Status::Ok, Status::Crash]);
    assert_eq!(seen, expected);
    // However often it was reset, an execution environment is one launch.
    assert_eq!(run.launches.len(), 3);
    for pair in run.invocations[1..=2 * TABLE.len()].chunks(2) {
        let lost = matches!(pair[0].status, Status::Crash | Status::Timeout);
        let next = if lost { Start::SuppressedInit } else { Start::Warm };
        assert_eq!((pair[0].start, pair[1].start), (Start::Warm, next), "{:?}", pair[0]);
    }
    let failed = seen.iter().filter(|&&status| status != Status::Ok).count();
    let done = done.prints(&format!("{failed} failed, all as expected."));
    let report = place.wait(&mut place.with_results(&["report"])).exits(0);
    assert_eq!(report.stdout, done.stdout);
}
