//! Where the service is.

use hyper::Uri;
use hyper::http::uri::Scheme;

/// A base of addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Upstream {
    /// Without a slash at its end.
    base: String,
}

/// Why an address cannot be a base.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    #[error("\"{url}\" is no address; write one like http://127.0.0.1:8080")]
    NoAddress { url: String },
    #[error("\"{url}\" has a query; a base has none")]
    Query { url: String },
    #[error("\"{url}\" needs HTTPS, which this program was built without (feature http-only)")]
    Https { url: String },
}

impl Upstream {
    pub(crate) fn parse(url: &str) -> Result<Upstream, UpstreamError> {
        let no_address = || UpstreamError::NoAddress { url: url.to_owned() };
        let uri: Uri = url.parse().map_err(|_| no_address())?;
        let https = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTP => false,
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            _ => return Err(no_address()),
        };
        if uri.query().is_some() {
            return Err(UpstreamError::Query { url: url.to_owned() });
        }
        if https && cfg!(feature = "http-only") {
            return Err(UpstreamError::Https { url: url.to_owned() });
        }
        Ok(Upstream { base: url.trim_end_matches('/').to_owned() })
    }

    /// The address of the resource with so many items.
    pub(crate) fn resource(&self, items: u32) -> String {
        format!("{}/json/{items}", self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_is_an_address_of_http() {
        let check = |url: &str, expected: Result<&str, &str>| {
            let resource = Upstream::parse(url).map(|upstream| upstream.resource(7));
            let resource = resource.map_err(|error| error.to_string());
            assert_eq!(resource.as_deref().map_err(String::as_str), expected, "{url}");
        };
        check("http://127.0.0.1:8080", Ok("http://127.0.0.1:8080/json/7"));
        check("http://a.example/v1/", Ok("http://a.example/v1/json/7"));
        check("http://a/?q=1", Err("\"http://a/?q=1\" has a query; a base has none"));
        let no_address = "\"127.0.0.1:8080\" is no address; write one like http://127.0.0.1:8080";
        check("127.0.0.1:8080", Err(no_address));
        for url in ["", "/json", "ftp://a", "http://", "http://a b"] {
            let error = Upstream::parse(url).unwrap_err();
            assert!(matches!(error, UpstreamError::NoAddress { .. }), "{url}: {error}");
        }
        let https =
            "\"https://a\" needs HTTPS, which this program was built without (feature http-only)";
        let https = if cfg!(feature = "http-only") { Err(https) } else { Ok("https://a/json/7") };
        check("https://a", https);
    }
}
