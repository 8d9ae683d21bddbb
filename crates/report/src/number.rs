//! Numbers as people read them.

/// Lambda's megabytes, of 1,048,576 bytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / f64::from(1_u32 << 20)
}

/// How many decimals give three significant digits. Whole digits are never cut off.
pub(crate) fn decimals(x: f64) -> usize {
    // The exponent is read after rounding: 9.996 is 10.0, with one decimal.
    let text = format!("{x:.2e}");
    let exponent: i32 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    if x == 0.0 { 0 } else { usize::try_from(2 - exponent).unwrap_or(0) }
}

/// Three significant digits.
pub(crate) fn three_digits(x: f64) -> String {
    format!("{x:.*}", decimals(x))
}

/// An interval with the decimals of the value it is about.
pub(crate) fn interval([low, high]: [f64; 2], value: f64) -> String {
    let decimals = decimals(value);
    format!("{low:.decimals$}–{high:.decimals$}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_three_significant_digits() {
        let check = |x, expected: &str| assert_eq!(three_digits(x), expected, "{x}");
        check(0.0, "0");
        check(0.000_123_4, "0.000123");
        check(0.081_25, "0.0813");
        check(0.999_6, "1.00");
        check(1.0, "1.00");
        check(9.994, "9.99");
        check(9.996, "10.0");
        check(412.4, "412");
        check(1234.5, "1234");
        check(-4.567, "-4.57");
        check(f64::NAN, "NaN");
        check(f64::INFINITY, "inf");
    }

    #[test]
    fn an_interval_has_the_decimals_of_its_value() {
        assert_eq!(interval([9.912, 10.048], 9.98), "9.91–10.05");
        assert_eq!(interval([0.0, 0.0], 0.0), "0–0");
    }
}
