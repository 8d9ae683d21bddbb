//! Which endpoint a request is for: the routes of AWS's server.

use hyper::Method;

use super::{Reply, Route};

/// The prefix of the Runtime API.
const RUNTIME_API: &str = "/2018-06-01/";

/// Finds the endpoint; `Err` has what to answer instead.
///
/// A path has one method, as in AWS's own table of routes; any other gets the answer 405.
pub(super) fn route(method: &Method, path: &str) -> Result<Route, Reply> {
    let (allowed, found) = endpoint(path).ok_or(Reply::NotFound)?;
    if method == allowed { found } else { Err(Reply::MethodNotAllowed { allowed }) }
}

/// The method of a path, and what is there.
fn endpoint(path: &str) -> Option<(Method, Result<Route, Reply>)> {
    let route = match path.strip_prefix(RUNTIME_API)? {
        "runtime/invocation/next" => return Some((Method::GET, Ok(Route::Next))),
        "ping" => return Some((Method::GET, Err(Reply::Pong))),
        "runtime/init/error" => Route::InitError,
        rest => match rest.strip_prefix("runtime/invocation/")?.split_once('/')? {
            (id, "response") => Route::Response(id.to_owned()),
            (id, "error") => Route::Error(id.to_owned()),
            _ => return None,
        },
    };
    Some((Method::POST, Ok(route)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_path_has_one_method() {
        let check = |method: Method, path: &str, expected: &str| {
            assert_eq!(format!("{:?}", route(&method, path)), expected, "{method} {path}");
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
        check(Method::GET, "/", "Err(NotFound)");
        check(Method::POST, &format!("/{base}/invocation/a/response"), "Err(NotFound)");
        check(Method::POST, &format!("{base}/invocation/a/response/"), "Err(NotFound)");
        check(Method::POST, &format!("{base}/invocation/a/b/response"), "Err(NotFound)");
    }
}
