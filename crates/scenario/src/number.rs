//! Numbers as people read them, for the texts that scenarios print.

use rhai::{Dynamic, NativeCallContext};

use crate::fields::show;
use crate::language::Language;
use crate::session::Fault;

/// A number of either kind.
pub(crate) fn as_float(value: &Dynamic) -> Option<f64> {
    #[expect(clippy::cast_precision_loss, reason = "scripts count in decimal numbers beyond 2^53")]
    value.as_float().ok().or_else(|| value.as_int().ok().map(|n| n as f64))
}

/// With so many significant digits, from 1 to 17, without an exponent. Whole digits are never cut off.
pub(crate) fn significant(x: f64, digits: usize) -> String {
    with_decimals(x, x, digits)
}

/// A number with as many decimals as another one has that is shown with so many significant digits: a bound of it.
pub(crate) fn with_decimals(x: f64, like: f64, digits: usize) -> String {
    // The exponent is read after rounding: 9.996 is 10.0, with one decimal.
    let text = format!("{like:.*e}", digits.saturating_sub(1));
    let exponent: i64 = text.split_once('e').and_then(|(_, e)| e.parse().ok()).unwrap_or(0);
    let digits = i64::try_from(digits).unwrap_or(i64::MAX);
    let decimals =
        if like == 0.0 { 0 } else { usize::try_from(digits - 1 - exponent).unwrap_or(0) };
    format!("{x:.decimals$}")
}

/// `significant()`.
fn shown(x: &Dynamic, digits: i64) -> Result<String, Fault> {
    let Some(digits) = usize::try_from(digits).ok().filter(|digits| (1..=17).contains(digits))
    else {
        return Err(format!("significant: expected 1 to 17 digits, got {digits}").into());
    };
    if x.is_unit() {
        return Ok("–".to_owned());
    }
    match as_float(x) {
        Some(x) => Ok(significant(x, digits)),
        None => Err(format!("significant: expected a number, got {}", show(x)).into()),
    }
}

/// Makes `significant()` known, among what is done with results.
pub(crate) fn add(language: &mut Language<'_>) {
    language
        .add(
            "significant(x, digits)",
            "A number as a text with so many significant digits and without an exponent. Whole digits are never cut off. What a sample was too small for, (), is a dash.",
            |s| {
                move |ctx: NativeCallContext<'_>, x: Dynamic, digits: i64| {
                    s.answer(&ctx, shown(&x, digits))
                }
            },
        )
        .returns("a text")
        .example("note(`${significant(f.invoke().duration_ms, 3)} ms`);");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_as_many_significant_digits_as_asked_for() {
        let check = |x, digits, expected: &str| assert_eq!(significant(x, digits), expected, "{x}");
        check(0.0, 3, "0");
        check(0.000_123_4, 3, "0.000123");
        check(2.046_7e-7, 3, "0.000000205");
        check(0.999_6, 3, "1.00");
        check(9.996, 3, "10.0");
        check(1234.5, 3, "1234");
        check(1234.5, 1, "1234");
        check(1234.56, 5, "1234.6");
        check(-4.567, 2, "-4.6");
        check(0.1, 17, "0.10000000000000001");
        check(f64::INFINITY, 3, "inf");
    }
}
