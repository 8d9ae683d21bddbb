//! What Lambda sets in the environment of a function, checked before lambda_runtime panics over it.

/// Why this process cannot run as a Lambda function.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum NotLambda {
    /// Nothing points to a Runtime API: somebody started the program by hand.
    ByHand,
    /// There is a Runtime API, but a variable that comes with it is missing or unusable. Says which.
    Incomplete(String),
}

/// The address of the Runtime API (`host:port`), if everything that Lambda promises is there ("Defined runtime
/// environment variables", AWS Lambda developer guide).
pub(crate) fn runtime_api(var: impl Fn(&str) -> Option<String>) -> Result<String, NotLambda> {
    let Some(address) = var("AWS_LAMBDA_RUNTIME_API") else {
        return Err(NotLambda::ByHand);
    };
    let unusable = |name: &str, value: &str, wanted: &str| {
        Err(NotLambda::Incomplete(format!("{name} is \"{value}\"; it must be {wanted}")))
    };
    if !is_authority(&address) {
        return unusable("AWS_LAMBDA_RUNTIME_API", &address, "host:port, without http://");
    }
    for name in [
        "AWS_LAMBDA_FUNCTION_NAME",
        "AWS_LAMBDA_FUNCTION_VERSION",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
    ] {
        let Some(value) = var(name) else {
            return Err(NotLambda::Incomplete(format!("{name} is not set; Lambda sets it")));
        };
        if name.ends_with("_MEMORY_SIZE") && value.parse::<i32>().is_err() {
            return unusable(name, &value, "a whole number of megabytes");
        }
    }
    Ok(address)
}

/// `host`, `host:port` or `[address]:port`.
fn is_authority(text: &str) -> bool {
    let host = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => {
            if port.parse::<u16>().is_err() {
                return false;
            }
            host
        }
        _ => text,
    };
    let of_a_host = |b: u8| b.is_ascii_alphanumeric() || b"-._".contains(&b);
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(of_a_host),
    }
}

/// What to say to somebody who started the bootstrap by hand.
pub(crate) fn by_hand(workload: &str) -> String {
    format!(
        "{workload}: this is the bootstrap of an AWS Lambda function, and no Lambda started it \
         (AWS_LAMBDA_RUNTIME_API is not set)\n\
         To measure it:        kelvin run --set workload={workload}\n\
         To look inside:       {workload} --describe\n\
         To time it alone:     {workload} --measure compute\n\
         To see all modes:     {workload} --help\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `changes` are put over an environment like Lambda's; an empty value removes a variable.
    fn check(changes: &[(&str, &str)], expected: Result<&str, NotLambda>) {
        let var = |name: &str| {
            let lambda = [
                ("AWS_LAMBDA_RUNTIME_API", "169.254.100.1:9001"),
                ("AWS_LAMBDA_FUNCTION_NAME", "f"),
                ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
                ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
            ];
            let (_, value) = changes.iter().chain(&lambda).find(|(key, _)| *key == name)?;
            (!value.is_empty()).then(|| (*value).to_owned())
        };
        assert_eq!(runtime_api(var), expected.map(str::to_owned), "{changes:?}");
    }

    #[test]
    fn says_what_is_missing() {
        let incomplete = |message: &str| Err(NotLambda::Incomplete(message.to_owned()));
        check(&[], Ok("169.254.100.1:9001"));
        check(&[("AWS_LAMBDA_RUNTIME_API", "")], Err(NotLambda::ByHand));
        for name in ["NAME", "VERSION", "MEMORY_SIZE"] {
            let name = format!("AWS_LAMBDA_FUNCTION_{name}");
            check(&[(&name, "")], incomplete(&format!("{name} is not set; Lambda sets it")));
        }
        check(
            &[("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128 MB")],
            incomplete(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE is \"128 MB\"; it must be a whole number of megabytes",
            ),
        );
    }

    #[test]
    fn the_address_is_a_host_and_a_port() {
        let check_address = |address: &str, ok: bool| {
            let wrong = format!(
                "AWS_LAMBDA_RUNTIME_API is \"{address}\"; it must be host:port, without http://"
            );
            let expected = if ok { Ok(address) } else { Err(NotLambda::Incomplete(wrong)) };
            check(&[("AWS_LAMBDA_RUNTIME_API", address)], expected);
        };
        for address in ["localhost", "localhost:9001", "127.0.0.1:9001", "[::1]:9001", "[::1]"] {
            check_address(address, true);
        }
        for address in ["http://localhost:9001", "localhost:port", "a b:1", ":9001", "[x]:1", " "] {
            check_address(address, false);
        }
    }

    #[test]
    fn advice_is_short() {
        let text = by_hand("json");
        assert!((3..=6).contains(&text.lines().count()), "{text}");
        assert!(text.contains("kelvin run --set workload=json"), "{text}");
    }
}
