//! The command line of a bootstrap.
//!
//! Parsed by hand: a parser library would add more to the binary, and so to its cold start, than all else here.

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Describe,
    Check { case: String },
    Measure(Measure),
    Help,
    Version,
}

/// What to measure, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) rung: Rung,
    /// `None`: the first one.
    pub(crate) case: Option<String>,
    pub(crate) iterations: u32,
}

/// How much of an invocation is timed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rung {
    /// The handler alone.
    Compute,
    /// Payload → event → handler → payload.
    Serde,
}

/// Reads the arguments behind the program's name, of which there is at least one. The error is one line for people.
pub(crate) fn parse(args: &[String]) -> Result<Mode, String> {
    let mut args = args.iter().map(String::as_str);
    let mode = match args.next() {
        Some("--describe") => Mode::Describe,
        Some("--check") => Mode::Check { case: value_of("--check", args.next())?.to_owned() },
        Some("--measure") => {
            return parse_measure(args).map(Mode::Measure);
        }
        Some("--help" | "-h") => Mode::Help,
        Some("--version" | "-V") => Mode::Version,
        Some(other) => return Err(format!("unknown argument {other}")),
        None => return Err("no mode given".to_owned()),
    };
    match args.next() {
        Some(extra) => Err(format!("unexpected argument {extra}")),
        None => Ok(mode),
    }
}

fn parse_measure<'a>(mut args: impl Iterator<Item = &'a str>) -> Result<Measure, String> {
    let rung = match value_of("--measure", args.next())? {
        "compute" => Rung::Compute,
        "serde" => Rung::Serde,
        other => return Err(format!("--measure takes compute or serde, not {other}")),
    };
    let mut measure = Measure { rung, case: None, iterations: 100 };
    while let Some(flag) = args.next() {
        match flag {
            "--case" => measure.case = Some(value_of(flag, args.next())?.to_owned()),
            "--iterations" => {
                let text = value_of(flag, args.next())?;
                let number = text.parse().ok().filter(|&n| n > 0);
                measure.iterations = number.ok_or_else(|| {
                    format!("--iterations takes a whole number from 1 to {}, not {text}", u32::MAX)
                })?;
            }
            other => return Err(format!("unknown argument {other}")),
        }
    }
    Ok(measure)
}

fn value_of<'a>(flag: &str, value: Option<&'a str>) -> Result<&'a str, String> {
    value.filter(|value| !value.starts_with('-')).ok_or_else(|| format!("{flag} needs a value"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str, expected: Result<Mode, &str>) {
        let args: Vec<_> = line.split_whitespace().map(str::to_owned).collect();
        assert_eq!(parse(&args), expected.map_err(str::to_owned), "{line}");
    }

    #[test]
    fn modes_are_recognised() {
        check("--describe", Ok(Mode::Describe));
        check("--check large", Ok(Mode::Check { case: "large".to_owned() }));
        check("--help", Ok(Mode::Help));
        check("-h", Ok(Mode::Help));
        check("--version", Ok(Mode::Version));
        let measure = |rung, case: Option<&str>, iterations| {
            Ok(Mode::Measure(Measure { rung, case: case.map(str::to_owned), iterations }))
        };
        check("--measure compute", measure(Rung::Compute, None, 100));
        check("--measure serde --case a --iterations 7", measure(Rung::Serde, Some("a"), 7));
        check("--measure serde --iterations 7 --case a", measure(Rung::Serde, Some("a"), 7));
    }

    #[test]
    fn mistakes_are_named() {
        check("--descibe", Err("unknown argument --descibe"));
        check("describe", Err("unknown argument describe"));
        check("--describe now", Err("unexpected argument now"));
        check("--check", Err("--check needs a value"));
        check("--check --help", Err("--check needs a value"));
        check("--measure", Err("--measure needs a value"));
        check("--measure io", Err("--measure takes compute or serde, not io"));
        check("--measure compute --case", Err("--case needs a value"));
        check("--measure compute --size 3", Err("unknown argument --size"));
        for count in ["0", "x", "4294967296"] {
            check(
                &format!("--measure compute --iterations {count}"),
                Err(&format!(
                    "--iterations takes a whole number from 1 to 4294967295, not {count}"
                )),
            );
        }
    }
}
