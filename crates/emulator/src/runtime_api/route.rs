//! Which endpoint a request is for: the routes of AWS's server.

use hyper::{HeaderMap, Method};

use super::{ExtensionRequest, ExtensionRoute, Reply, Route};

/// What is at a path.
enum Endpoint<'a> {
    Ping,
    Next,
    Response(&'a str),
    Error(&'a str),
    InitError,
    Extension(ExtensionRoute),
    /// An API that there is on AWS.
    NotSupported(&'static str),
}

/// Finds the endpoint; `Err` has what to answer instead.
///
/// A path has one method, as in AWS's own table of routes; any other gets the answer 405.
pub(super) fn route(method: &Method, path: &str, headers: &HeaderMap) -> Result<Route, Reply> {
    let (allowed, endpoint) = endpoint(path).ok_or(Reply::NotFound)?;
    if method != allowed {
        return Err(Reply::MethodNotAllowed { allowed });
    }
    Ok(match endpoint {
        Endpoint::Next => Route::Next,
        Endpoint::Response(id) => Route::Response(id.to_owned()),
        Endpoint::Error(id) => Route::Error(id.to_owned()),
        Endpoint::InitError => Route::InitError,
        Endpoint::Extension(route) => Route::Extension(ExtensionRequest::read(route, headers)?),
        Endpoint::Ping => return Err(Reply::Pong),
        Endpoint::NotSupported(api) => return Err(Reply::NotSupported { api }),
    })
}

fn endpoint(path: &str) -> Option<(Method, Endpoint<'_>)> {
    let Some(path) = path.strip_prefix("/2018-06-01/") else { return other_api(path) };
    Some(match path {
        "runtime/invocation/next" => (Method::GET, Endpoint::Next),
        "runtime/init/error" => (Method::POST, Endpoint::InitError),
        "ping" => (Method::GET, Endpoint::Ping),
        path => match path.strip_prefix("runtime/invocation/")?.split_once('/')? {
            (id, "response") => (Method::POST, Endpoint::Response(id)),
            (id, "error") => (Method::POST, Endpoint::Error(id)),
            _ => return None,
        },
    })
}

/// The Extensions API, and those for telemetry.
fn other_api(path: &str) -> Option<(Method, Endpoint<'_>)> {
    let extension = match path {
        "/2020-01-01/extension/register" => (Method::POST, ExtensionRoute::Register),
        "/2020-01-01/extension/event/next" => (Method::GET, ExtensionRoute::Next),
        "/2020-01-01/extension/init/error" => (Method::POST, ExtensionRoute::InitError),
        "/2020-01-01/extension/exit/error" => (Method::POST, ExtensionRoute::ExitError),
        "/2020-08-15/logs" => return Some((Method::PUT, Endpoint::NotSupported("Logs"))),
        "/2022-07-01/telemetry" => {
            return Some((Method::PUT, Endpoint::NotSupported("Telemetry")));
        }
        _ => return None,
    };
    Some((extension.0, Endpoint::Extension(extension.1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_method() {
        let check = |method: Method, path: &str, expected: &str| {
            let found = route(&method, path, &HeaderMap::new());
            assert_eq!(format!("{found:?}"), expected, "{method} {path}");
        };
        let base = "/2018-06-01/runtime";
        let get_only = "Err(MethodNotAllowed { allowed: GET })";
        let post_only = "Err(MethodNotAllowed { allowed: POST })";
        check(Method::GET, &format!("{base}/invocation/next"), "Ok(Next)");
        check(Method::POST, &format!("{base}/invocation/a-b/response"), r#"Ok(Response("a-b"))"#);
        check(Method::POST, &format!("{base}/invocation/a-b/error"), r#"Ok(Error("a-b"))"#);
        check(Method::POST, &format!("{base}/invocation//error"), r#"Ok(Error(""))"#);
        check(Method::POST, &format!("{base}/init/error"), "Ok(InitError)");
        check(Method::GET, "/2018-06-01/ping", "Err(Pong)");
        check(Method::POST, &format!("{base}/invocation/next"), get_only);
        check(Method::HEAD, &format!("{base}/invocation/next"), get_only);
        check(Method::GET, &format!("{base}/invocation/a/response"), post_only);
        check(Method::PUT, &format!("{base}/invocation/a/response"), post_only);
        let nameless = route(&Method::POST, "/2020-01-01/extension/register", &HeaderMap::new());
        assert!(matches!(nameless, Err(Reply::Forbidden { .. })), "{nameless:?}");
        check(Method::GET, "/2020-01-01/extension/register", post_only);
        check(Method::PUT, "/2022-07-01/telemetry", r#"Err(NotSupported { api: "Telemetry" })"#);
        check(Method::PUT, "/2020-08-15/logs", r#"Err(NotSupported { api: "Logs" })"#);
        check(Method::GET, "/", "Err(NotFound)");
        check(Method::POST, &format!("/{base}/invocation/a/response"), "Err(NotFound)");
        check(Method::POST, &format!("{base}/invocation/a/response/"), "Err(NotFound)");
        check(Method::POST, &format!("{base}/invocation/a/b/response"), "Err(NotFound)");
    }
}
