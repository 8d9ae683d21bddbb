//! How far from the end of a sorted list an interval begins: the largest c such that a statistic below c has a chance of at most
//! 2.5 %.

/// Of a statistic that takes the values 0, 1, … in as many ways as `counts` says; 0 if there is none.
pub(crate) fn exact(counts: &[f64]) -> u64 {
    let limit = 0.025 * counts.iter().sum::<f64>();
    let mut at_most = 0.0;
    let within = counts.iter().take_while(|&count| {
        at_most += count;
        at_most <= limit
    });
    within.count() as u64
}

/// Of a statistic that is taken as normal.
pub(crate) fn normal(mean: f64, deviation: f64) -> u64 {
    const Z_975: f64 = 1.959_963_984_540_054;
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "casts of floats saturate, and what is negative is none"
    )]
    let c = (mean - Z_975 * deviation + 0.5).floor() as u64;
    c
}
