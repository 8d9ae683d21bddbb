//! The line of one invocation.

use kelvin_lambda::{Start, Status};
use kelvin_record::{InvocationRecord, Measured, Place};

use crate::sample::{Noise, finished, invocation, run_record, timed_out};

const PLACE: Place<'_> = Place {
    function: 1,
    launch: Some(17),
    index: 3,
    load: None,
    case: Some("small"),
    run_start_ns: 1_000,
    expected: false,
};

#[test]
fn a_line_has_what_was_measured_and_no_more() {
    let unavailable = run_record().platform.unavailable;
    let check = |record: &InvocationRecord| {
        let line = serde_json::to_string(record).unwrap();
        assert_eq!(serde_json::from_str::<InvocationRecord>(&line).unwrap(), *record);
        line
    };
    let warm = invocation(Start::Warm, 12_346_678, &mut Noise(1));
    insta::assert_snapshot!(check(&InvocationRecord::new(&warm, &PLACE, &unavailable)), @r#"{"launch":17,"index":3,"start":"warm","status":"ok","case":"small","at_ns":12345678,"latency_ns":482640,"queue_ns":4432,"response_latency_ns":456390,"response_duration_ns":12087,"post_response_ns":9056,"extension_overhead_ns":0,"cpu_ns":357247,"throttled_ns":null,"decode_ns":20730,"compute_ns":335540,"io_ns":0,"encode_ns":9081,"max_memory_bytes":9437184,"billed_ms":1,"request_bytes":1843,"response_bytes":512}"#);

    let failed = timed_out(invocation(Start::Cold, 12_346_678, &mut Noise(1)));
    let place = Place { expected: true, case: None, ..PLACE };
    insta::assert_snapshot!(check(&InvocationRecord::new(&failed, &place, &unavailable)), @r#"{"launch":17,"index":3,"start":"cold","status":"timeout","expected":true,"at_ns":12345678,"latency_ns":7728752,"queue_ns":6587970,"init_ns":6583563,"response_latency_ns":1118123,"response_duration_ns":12607,"post_response_ns":9348,"extension_overhead_ns":0,"cpu_ns":1040473,"throttled_ns":null,"decode_ns":22059,"compute_ns":996930,"io_ns":0,"encode_ns":9786,"max_memory_bytes":9437184,"billed_ms":8,"request_bytes":1843,"response_bytes":512,"request_id":"8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e","error_type":"Sandbox.Timedout","error_message":"RequestId: 8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e Error: Task timed out after 3.00 seconds","log_tail":"START\nEND\n"}"#);

    let mut too_large = invocation(Start::Warm, 12_346_678, &mut Noise(1));
    too_large.status = Status::TooLarge;
    too_large.timing = kelvin_lambda::Timing { latency_ns: 1, ..Default::default() };
    too_large.max_memory_bytes = None;
    let place = Place { launch: None, ..PLACE };
    insta::assert_snapshot!(check(&InvocationRecord::new(&too_large, &place, &unavailable)), @r#"{"launch":null,"function":1,"index":3,"start":"warm","status":"too_large","case":"small","at_ns":12345678,"latency_ns":1,"billed_ms":1,"request_bytes":1843,"response_bytes":512,"request_id":"8f5ae7c3-0c1e-4f6c-9d0f-6a8f6f0b6f3e"}"#);
}

#[test]
fn the_timing_comes_back() {
    let unavailable = run_record().platform.unavailable;
    for start in [Start::Cold, Start::Warm] {
        let invocation = invocation(start, 5_000, &mut Noise(3));
        let record = InvocationRecord::new(&invocation, &PLACE, &unavailable);
        assert_eq!(record.timing(), invocation.timing);
        assert_eq!(record.throttled_ns, Measured::NotMeasurable);
        assert_eq!(record.throttled_total_ns, Measured::NotApplicable);
    }
}

#[test]
fn a_total_that_no_part_contains_comes_back() {
    let mut invocation = invocation(Start::Warm, 5_000, &mut Noise(3));
    invocation.timing.throttled_total_ns = Some(7);
    let record = InvocationRecord::new(&invocation, &PLACE, &run_record().platform.unavailable);
    let line = serde_json::to_string(&record).unwrap();
    assert!(line.contains(r#""throttled_ns":null,"throttled_total_ns":7,"#), "{line}");
    assert_eq!(record.timing(), invocation.timing);
}

#[test]
fn an_invocation_takes_few_bytes_on_disk() {
    let results = tempfile::tempdir().unwrap();
    let directory = finished(results.path(), 20, 100);
    let bytes = std::fs::metadata(directory.join("invocations.jsonl.gz")).unwrap().len();
    let per_invocation = bytes / (20 * 101);
    assert!(per_invocation <= 60, "{per_invocation} bytes per invocation");
}
