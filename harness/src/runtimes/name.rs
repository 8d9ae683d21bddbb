//! From what a script calls a runtime to a language and, perhaps, a release of it; and the names of those that are not run here.

use std::fmt;

use kelvin_scenario::HostError;

use crate::runtimes::kind::{KINDS, Kind};

/// A language, and the release of it that is wanted, if one is: `3.13` of Python, `22` of Node.js.
#[derive(Clone, Debug)]
pub(super) struct Name {
    pub kind: &'static Kind,
    pub release: Option<String>,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.release {
            Some(release) => f.write_str(&self.kind.identifier(release)),
            None => f.write_str(self.kind.name),
        }
    }
}

/// The beginnings of Lambda's other identifiers ("Lambda runtimes", AWS Lambda developer guide), and what works instead.
const OTHERS: [(&str, &str); 6] = [
    (
        "dotnet",
        "publish it as an executable with Amazon.Lambda.RuntimeSupport (Native AOT, or self-contained), and give that as bootstrap",
    ),
    ("go1", "build it with github.com/aws/aws-lambda-go, and give the executable as bootstrap"),
    (
        "image",
        "take the function's files out of the image, and give what its ENTRYPOINT starts as bootstrap",
    ),
    (
        "java",
        "give a bootstrap that starts AWS's client: #!/bin/sh, and exec java -cp 'JARS' com.amazonaws.services.lambda.runtime.api.client.AWSLambda HANDLER",
    ),
    (
        "provided",
        "it is that of an executable, which has no runtime to name: deploy(#{ bootstrap: \"PATH\" })",
    ),
    (
        "ruby",
        "give a bootstrap that starts AWS's client: #!/bin/sh, and exec aws_lambda_ric HANDLER",
    ),
];

/// Reads a name. Fails with what would be right.
pub(super) fn read(name: &str) -> Result<Name, HostError> {
    for kind in &KINDS {
        let Some(rest) = name.strip_prefix(kind.name) else { continue };
        if rest.is_empty() {
            return Ok(Name { kind, release: None });
        }
        if let Some(release) = rest.strip_suffix(kind.suffix).filter(|r| kind.is_release(r)) {
            return Ok(Name { kind, release: Some(release.to_owned()) });
        }
        if rest.starts_with(|c: char| c.is_ascii_digit()) {
            let Kind { name: known, example, .. } = kind;
            return Err(HostError::new(format!(
                "runtime \"{name}\" is not what Lambda calls a version; write {known}, or a version as in {example}"
            )));
        }
    }
    if let Some((_, way)) = OTHERS.iter().find(|(start, _)| name.starts_with(start)) {
        return Err(HostError::new(format!("runtime \"{name}\" is not run here; {way}")));
    }
    Err(HostError::unknown("runtime", name, KINDS.iter().map(|kind| kind.name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_lambda() {
        let check = |name: &str, expected: &str| {
            let seen = match read(name) {
                Ok(Name { kind, release }) => format!("{} {release:?}", kind.name),
                Err(error) => error.to_string(),
            };
            assert!(seen.starts_with(expected), "{name}: {seen}");
        };
        check("python", "python None");
        check("python3.13", "python Some(\"3.13\")");
        check("nodejs22.x", "nodejs Some(\"22\")");
        check(
            "python3",
            "runtime \"python3\" is not what Lambda calls a version; write python, or",
        );
        check("python3.13.1", "runtime \"python3.13.1\" is not what Lambda");
        check(
            "nodejs22",
            "runtime \"nodejs22\" is not what Lambda calls a version; write nodejs, or",
        );
        check(
            "pyhton",
            "unknown runtime \"pyhton\"; did you mean \"python\"? known: nodejs, python",
        );
        for name in
            ["dotnet8", "java21", "ruby3.3", "provided.al2023", "provided.al2", "go1.x", "image"]
        {
            check(name, &format!("runtime \"{name}\" is not run here; "));
            assert!(read(name).unwrap_err().message.contains("bootstrap"), "{name}");
        }
    }
}
