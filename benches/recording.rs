//! What it costs the harness to record an invocation: serialized, compressed and handed to the operating system with its
//! launch.

use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput};
use kelvin_record::{Run, RunWriter};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    recording(&mut criterion);
    criterion.final_summary();
}

/// Writes one launch of a recorded run again. The throughput counts invocations.
fn recording(criterion: &mut Criterion) {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/record/tests/fixtures/v1");
    let run = Run::open(&fixture).expect("the recorded run can be read");
    let launch = run.launches.first().expect("it has launches");
    let invocations =
        run.invocations.iter().filter(|invocation| invocation.launch == Some(launch.launch));
    let invocations: Vec<_> = invocations.collect();
    let mut group = criterion.benchmark_group("recording");
    group.throughput(Throughput::Elements(invocations.len() as u64));
    group.bench_function("launch", |bencher| {
        bencher.iter_batched_ref(
            || {
                let folder = tempfile::tempdir().expect("a temporary folder");
                let writer = RunWriter::create(folder.path(), &run.record, "");
                (writer.expect("the folder is empty"), folder)
            },
            |(writer, _)| {
                for invocation in &invocations {
                    writer.append_invocation(invocation).expect("the disk has room");
                }
                writer.launch_ended(launch).expect("the disk has room");
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}
