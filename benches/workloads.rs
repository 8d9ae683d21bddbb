//! Every case of every workload under criterion: the clean baseline, without Lambda, processes or payloads.
//! Of a workload with I/O it is the part that computes, with its data in memory.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput};
use kelvin_workload::{Compute, verify};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    workload::<audit::Auditing>(&mut criterion);
    workload::<compress::Compress>(&mut criterion);
    workload::<delays::Delays>(&mut criterion);
    workload::<dynamodb_item::Adding>(&mut criterion);
    workload::<fan_out::Aggregation>(&mut criterion);
    workload::<hello::Hello>(&mut criterion);
    workload::<html::Html>(&mut criterion);
    workload::<http_api::HttpApi>(&mut criterion);
    workload::<json::Json>(&mut criterion);
    workload::<jwt::Jwt>(&mut criterion);
    workload::<matrix::Matrix>(&mut criterion);
    workload::<pagerank::PageRank>(&mut criterion);
    workload::<payload::Payload>(&mut criterion);
    workload::<regex::Regex>(&mut criterion);
    workload::<s3_object::Flights>(&mut criterion);
    workload::<script::Script>(&mut criterion);
    workload::<sqs_batch::SqsBatch>(&mut criterion);
    workload::<thumbnail::Thumbnail>(&mut criterion);
    criterion.final_summary();
}

/// One group, with a benchmark for each case. What the workload returns is dropped outside the timed part.
fn workload<C: Compute>(criterion: &mut Criterion) {
    let workload = C::init();
    workload.prepare().expect("what a workload prepares can be made");
    let mut group = criterion.benchmark_group(C::NAME);
    for case in C::cases() {
        let response = workload.compute(&case.event).expect("a case is answered");
        let response = serde_json::to_value(response).expect("a response can be written as JSON");
        if let Err(reason) = verify(&case.answer, &response) {
            panic!("wrong answer to case {} of workload {}: {reason}", case.name, C::NAME);
        }
        let payload = serde_json::to_vec(&case.event).expect("an event can be written as JSON");
        let bytes = case.bytes.unwrap_or(payload.len() as u64);
        group.throughput(Throughput::Bytes(bytes));
        group.bench_function(BenchmarkId::from_parameter(case.name), |bencher| {
            bencher.iter_with_large_drop(|| workload.compute(black_box(&case.event)));
        });
    }
    group.finish();
}
