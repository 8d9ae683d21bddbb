//! The bootstrap of the workload `pagerank`.

fn main() -> std::process::ExitCode {
    kelvin_handler::run::<pagerank::PageRank>()
}
