//! What a request to the Extensions API asks, read from its headers.

use hyper::HeaderMap;
use uuid::Uuid;

use super::Reply;
use super::extensions::forbidden;

/// One request of an extension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ExtensionRequest {
    /// The body says for which events; `id` is what it is to be known by.
    Register {
        name: String,
        id: Uuid,
        wants_account: bool,
    },
    Next {
        id: Uuid,
    },
    InitError {
        id: Uuid,
    },
    ExitError {
        id: Uuid,
    },
}

/// Which endpoint of the Extensions API.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExtensionRoute {
    Register,
    Next,
    InitError,
    ExitError,
}

impl ExtensionRequest {
    /// `Err` has what to answer instead.
    pub(super) fn read(
        route: ExtensionRoute,
        headers: &HeaderMap,
    ) -> Result<ExtensionRequest, Reply> {
        match route {
            ExtensionRoute::Register => {
                let name = text(headers, "lambda-extension-name");
                if name.is_empty() {
                    let why = "Empty extension name".to_owned();
                    return Err(forbidden("Extension.InvalidExtensionName", why));
                }
                let mut features = text(headers, "lambda-extension-accept-feature").split(',');
                let wants_account = features.any(|feature| feature.trim() == "accountId");
                let (name, id) = (name.to_owned(), Uuid::new_v4());
                Ok(ExtensionRequest::Register { name, id, wants_account })
            }
            ExtensionRoute::Next => Ok(ExtensionRequest::Next { id: id(headers)? }),
            ExtensionRoute::InitError => {
                Ok(ExtensionRequest::InitError { id: id_of_error(headers)? })
            }
            ExtensionRoute::ExitError => {
                Ok(ExtensionRequest::ExitError { id: id_of_error(headers)? })
            }
        }
    }
}

fn id(headers: &HeaderMap) -> Result<Uuid, Reply> {
    let id = text(headers, "lambda-extension-identifier");
    if id.is_empty() {
        let why = "Missing Lambda-Extension-Identifier header".to_owned();
        return Err(forbidden("Extension.MissingExtensionIdentifier", why));
    }
    let invalid = |_| {
        let why = "Invalid Lambda-Extension-Identifier".to_owned();
        forbidden("Extension.InvalidExtensionIdentifier", why)
    };
    Uuid::parse_str(id).map_err(invalid)
}

/// Who reports an error has to say of which type it is.
fn id_of_error(headers: &HeaderMap) -> Result<Uuid, Reply> {
    let id = id(headers)?;
    if text(headers, "lambda-extension-function-error-type").is_empty() {
        let why = "Lambda-Extension-Function-Error-Type not found".to_owned();
        return Err(forbidden("Extension.MissingHeader", why));
    }
    Ok(id)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use hyper::header::HeaderName;

    use super::*;

    #[test]
    fn headers_say_who_asks() {
        let check = |route, headers: &[(&'static str, &str)], expected: &str| {
            let headers = headers.iter().map(|(name, value)| {
                (HeaderName::from_static(name), value.parse().expect("a header"))
            });
            let read = match ExtensionRequest::read(route, &headers.collect()) {
                Ok(ExtensionRequest::Register { name, wants_account, .. }) => {
                    format!("{name} {wants_account}")
                }
                Ok(other) => format!("{other:?}"),
                Err(Reply::Forbidden { error_type, .. }) => error_type.to_owned(),
                Err(other) => format!("{other:?}"),
            };
            assert_eq!(read, expected);
        };
        use ExtensionRoute::{ExitError, Next, Register};
        let name = ("lambda-extension-name", "graceful");
        let feature = |value| ("lambda-extension-accept-feature", value);
        check(Register, &[], "Extension.InvalidExtensionName");
        check(Register, &[name], "graceful false");
        check(Register, &[name, feature("accountId")], "graceful true");
        check(Register, &[name, feature("x, accountId")], "graceful true");
        let id = |value| ("lambda-extension-identifier", value);
        let nil = "00000000-0000-0000-0000-000000000000";
        check(Next, &[], "Extension.MissingExtensionIdentifier");
        check(Next, &[id("1")], "Extension.InvalidExtensionIdentifier");
        check(Next, &[id(nil)], &format!("Next {{ id: {nil} }}"));
        check(ExitError, &[id(nil)], "Extension.MissingHeader");
        let error_type = ("lambda-extension-function-error-type", "A.B");
        check(ExitError, &[id(nil), error_type], &format!("ExitError {{ id: {nil} }}"));
    }
}
