//! Published measurements of functions on AWS that the CPU limit is compared with (reference/README.md).

use kelvin_lambda::MemorySize;

/// A function that needs 17.3 ms on a full core: 16.2 ms of CPU and 1.1 ms of fixed time.
pub const SHORT_CPU_MS: f64 = 16.2;
/// What of the 17.3 ms does not depend on the CPU limit.
pub const SHORT_FIXED_MS: f64 = 1.1;

/// The mean duration of that function by memory size, on AWS x86.
pub fn short_work() -> Vec<(MemorySize, f64)> {
    let csv = include_str!("../../reference/ubc_duration_by_memory.csv");
    rows(csv).filter_map(|row| Some((memory(&row, 0)?, number(&row, 4)?))).collect()
}

/// The mean duration of a long CPU loop by memory size, on AWS x86.
pub fn long_work() -> Vec<(MemorySize, f64)> {
    let csv = include_str!("../../reference/long_work_by_memory.csv");
    rows(csv).filter_map(|row| Some((memory(&row, 0)?, number(&row, 1)?))).collect()
}

/// A function that was called on AWS, one invocation after another.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Called {
    /// As its authors call it.
    pub name: String,
    /// Warm durations at 1,769 MB in ms, launch by launch and in their order: what a whole core takes.
    pub demands_ms: Vec<Vec<f64>>,
    /// Warm durations by memory size, of more launches than those.
    pub warm: Vec<(MemorySize, Figures)>,
    /// Median duration of the first invocation by memory size, in ms. INIT is no part of it.
    pub first_ms: Vec<(MemorySize, f64)>,
}

/// The two functions of LambdaSharp's benchmark of 2022, on AWS x86.
pub fn called() -> Vec<Called> {
    called_of(
        include_str!("../../reference/as_called_demands.csv"),
        include_str!("../../reference/as_called_aws.csv"),
        include_str!("../../reference/cold_used_aws.csv"),
    )
}

/// What begins with another name, or is no number, is left out.
fn called_of(demands: &str, warm: &str, first: &str) -> Vec<Called> {
    let mut all: Vec<Called> = Vec::new();
    for row in rows(demands) {
        let [name, _, durations] = row[..] else { continue };
        let durations = durations.split_whitespace().filter_map(|text| text.parse().ok()).collect();
        match all.iter_mut().find(|called| called.name == name) {
            Some(called) => called.demands_ms.push(durations),
            None => all.push(Called {
                name: name.to_owned(),
                demands_ms: vec![durations],
                ..Called::default()
            }),
        }
    }
    for called in &mut all {
        let is_of = |row: &Vec<&str>| row.first() == Some(&called.name.as_str());
        let figures = |row: &Vec<&str>| {
            let [mean_ms, p50_ms, p75_ms, p90_ms] =
                [number(row, 3)?, number(row, 5)?, number(row, 6)?, number(row, 7)?];
            Some((memory(row, 1)?, Figures { mean_ms, p50_ms, p75_ms, p90_ms }))
        };
        called.warm = rows(warm).filter(is_of).filter_map(|row| figures(&row)).collect();
        let median = |row: &Vec<&str>| Some((memory(row, 1)?, number(row, 4)?));
        called.first_ms = rows(first).filter(is_of).filter_map(|row| median(&row)).collect();
    }
    all
}

/// What is compared of durations, each over all invocations together, in ms.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Arithmetic mean.
    pub mean_ms: f64,
    /// Median.
    pub p50_ms: f64,
    /// A quarter of them are longer.
    pub p75_ms: f64,
    /// A tenth of them are longer.
    pub p90_ms: f64,
}

impl Figures {
    /// In the order in which they are printed.
    pub fn all(&self) -> [f64; 4] {
        [self.mean_ms, self.p50_ms, self.p75_ms, self.p90_ms]
    }

    /// How far they are from those: the mean of |ln(this / that)|. Twice as long and half as long are both 0.69, and for small
    /// differences it is their share.
    pub fn log_error(&self, those: &Figures) -> f64 {
        let pairs = self.all().into_iter().zip(those.all());
        pairs.map(|(this, that)| (this / that).ln().abs()).sum::<f64>() / 4.0
    }
}

/// The cells of each line but the first.
fn rows(csv: &str) -> impl Iterator<Item = Vec<&str>> {
    csv.lines().skip(1).map(|line| line.split(',').collect())
}

fn number(row: &[&str], column: usize) -> Option<f64> {
    row.get(column)?.parse().ok()
}

fn memory(row: &[&str], column: usize) -> Option<MemorySize> {
    row.get(column)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_files_are_read_whole() {
        assert_eq!((short_work().len(), long_work().len()), (16, 6));
        let all = called();
        let names: Vec<&str> = all.iter().map(|called| called.name.as_str()).collect();
        assert_eq!(names, ["Minimal", "NewtonsoftJson"]);
        for called in &all {
            assert_eq!(called.demands_ms.len(), 40);
            assert!(called.demands_ms.iter().all(|launch| launch.len() == 100));
            assert_eq!((called.warm.len(), called.first_ms.len()), (6, 6));
        }
        let (memory, figures) = &all[1].warm[0];
        assert_eq!((memory.mb(), figures.all()), (128, [11.414, 6.16, 13.18, 24.88]));
        assert_eq!(all[0].first_ms[4], (MemorySize::ONE_VCPU, 34.60));
        assert_eq!(all[0].demands_ms[1][..3], [10.53, 1.84, 1.13]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        let warm = "head\nA,128,1,2.0,0,3.0,4.0,5.0,6\nA,none,1,2.0,0,3.0,4.0,5.0,6\nA,256\nB,128,";
        let all = called_of("head\nA,0,1.5 x 2\nA,1,\nbroken\n", warm, "head\nA,128,1,9,7.5\nA,\n");
        let memory = MemorySize::new(128).unwrap();
        let figures = Figures { mean_ms: 2.0, p50_ms: 3.0, p75_ms: 4.0, p90_ms: 5.0 };
        let expected = Called {
            name: "A".to_owned(),
            demands_ms: vec![vec![1.5, 2.0], vec![]],
            warm: vec![(memory, figures)],
            first_ms: vec![(memory, 7.5)],
        };
        assert_eq!(all, [expected]);
    }

    #[test]
    fn an_error_is_the_same_in_both_directions() {
        let of = |[mean_ms, p50_ms, p75_ms, p90_ms]: [f64; 4]| Figures {
            mean_ms,
            p50_ms,
            p75_ms,
            p90_ms,
        };
        let check = |these, those, expected: f64| {
            let found = of(these).log_error(&of(those));
            assert!((found - expected).abs() < 1e-9, "{these:?} {those:?}: {found}");
        };
        let ln_2 = std::f64::consts::LN_2;
        check([1.0, 2.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], 0.0);
        check([2.0, 4.0, 6.0, 8.0], [1.0, 2.0, 3.0, 4.0], ln_2);
        check([1.0, 2.0, 3.0, 4.0], [2.0, 4.0, 6.0, 8.0], ln_2);
        check([2.0, 1.0, 3.0, 4.0], [1.0, 2.0, 3.0, 4.0], ln_2 / 2.0);
    }
}
