//! Events of Amazon API Gateway: HTTP APIs (payload format 2.0) and REST APIs.

use std::collections::BTreeMap;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use rhai::Map;
use serde_json::{Value, json};

use super::input::{ACCOUNT, Input, REGION, plain};
use super::{Key, Kind, key};

const KEYS: &[Key] = &[
    key("method", "GET unless it is set, POST with a body"),
    key("path", "/ unless it is set"),
    key("body", "text as it is, anything else as JSON"),
    key("headers", "a map; an array is several values"),
    key("query", "a map; an array is several values"),
];

pub(super) const HTTP_API: Kind = Kind {
    name: "http-api",
    doc: "A request to an HTTP API, in payload format 2.0",
    page: "\"Create AWS Lambda proxy integrations for HTTP APIs in API Gateway\", API Gateway Developer Guide",
    keys: KEYS,
    build: http_api,
};

pub(super) const REST_API: Kind = Kind {
    name: "rest-api",
    doc: "A request to a REST API (payload format 1.0)",
    page: "\"Lambda proxy integrations in API Gateway\", API Gateway Developer Guide",
    keys: KEYS,
    build: rest_api,
};

const SOURCE_IP: &str = "192.0.2.1";
const USER_AGENT: &str = "kelvin";

/// A request as both kinds need it.
struct Request {
    method: String,
    path: String,
    body: Option<String>,
    headers: BTreeMap<String, Vec<String>>,
    query: BTreeMap<String, Vec<String>>,
    api_id: String,
    host: String,
}

impl Request {
    fn read(input: &mut Input) -> Result<Request, String> {
        let body = match input.value("body") {
            Some(value) => {
                let is_text = value.is_string();
                Some((input.payload("body", &value)?, is_text))
            }
            None => None,
        };
        let method = input.string("method", if body.is_some() { "POST" } else { "GET" })?;
        if method.is_empty() || !method.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(format!("method: expected one like GET or POST, got {method:?}"));
        }
        let path = input.string("path", "/")?;
        if !path.starts_with('/') {
            return Err(format!("path: expected one that begins with /, got {path:?}"));
        }
        if path.contains(['?', '#']) {
            return Err(format!(
                "path: write what comes after the ? as query: #{{ … }}, got {path:?}"
            ));
        }
        let query = several("query", &input.map("query")?)?;
        let api_id = input.chance.hex(10);
        let host = format!("{api_id}.execute-api.{REGION}.amazonaws.com");
        let mut headers = default_headers(input, &host);
        if let Some((text, is_text)) = &body {
            headers.insert("content-length".to_owned(), vec![text.len().to_string()]);
            if !is_text {
                headers.insert("content-type".to_owned(), vec!["application/json".to_owned()]);
            }
        }
        for (name, values) in several("headers", &input.map("headers")?)? {
            headers.insert(name.to_ascii_lowercase(), values);
        }
        let body = body.map(|(text, _)| text);
        Ok(Request { method, path, body, headers, query, api_id, host })
    }
}

fn default_headers(input: &mut Input, host: &str) -> BTreeMap<String, Vec<String>> {
    let trace = format!("Root=1-{:08x}-{}", input.time.seconds(), input.chance.hex(24));
    let headers = [
        ("accept", "*/*"),
        ("host", host),
        ("user-agent", USER_AGENT),
        ("x-amzn-trace-id", &trace),
        ("x-forwarded-for", SOURCE_IP),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ];
    headers.map(|(name, value)| (name.to_owned(), vec![value.to_owned()])).into()
}

/// Each name with its values; one that is not an array is one value.
fn several(key: &str, map: &Map) -> Result<BTreeMap<String, Vec<String>>, String> {
    let mut all = BTreeMap::new();
    for (name, value) in map {
        let key = format!("{key}.{name}");
        let values = match value.as_array_ref() {
            Ok(values) => {
                values.iter().map(|value| plain(&key, value)).collect::<Result<Vec<_>, _>>()?
            }
            Err(_) => vec![plain(&key, value)?],
        };
        // An empty array is no value.
        if !values.is_empty() {
            all.insert(name.to_string(), values);
        }
    }
    Ok(all)
}

/// Several values of one name are joined by commas.
fn joined(map: &BTreeMap<String, Vec<String>>) -> Value {
    map.iter()
        .map(|(name, values)| (name.clone(), values.join(",").into()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// What a query keeps as it is: the unreserved characters of RFC 3986.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn query_string(query: &BTreeMap<String, Vec<String>>) -> String {
    let encode = |text: &str| utf8_percent_encode(text, ENCODED).to_string();
    let pairs =
        query.iter().flat_map(|(name, values)| values.iter().map(move |value| (name, value)));
    let pairs: Vec<String> =
        pairs.map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
    pairs.join("&")
}

/// Absent fields are absent in format 2.0, and null in format 1.0.
fn http_api(input: &mut Input) -> Result<Value, String> {
    let request = Request::read(input)?;
    let Request { method, path, body, headers, query, api_id, host } = &request;
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query_string(query),
        "headers": joined(headers),
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": host,
            "domainPrefix": api_id,
            "http": {
                "method": method,
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": SOURCE_IP,
                "userAgent": USER_AGENT,
            },
            "requestId": format!("{}=", input.chance.text(15)),
            "routeKey": "$default",
            "stage": "$default",
            "time": input.time.common_log(),
            "timeEpoch": input.time.ms(),
        },
        "isBase64Encoded": false,
    });
    if !query.is_empty() {
        event["queryStringParameters"] = joined(query);
    }
    if let Some(body) = body {
        event["body"] = body.as_str().into();
    }
    Ok(event)
}

fn rest_api(input: &mut Input) -> Result<Value, String> {
    let request = Request::read(input)?;
    let Request { method, path, body, headers, query, api_id, host } = &request;
    let last = |map: &BTreeMap<String, Vec<String>>| {
        let last = |(name, values): (&String, &Vec<String>)| {
            Some((name.clone(), values.last()?.as_str().into()))
        };
        Value::Object(map.iter().filter_map(last).collect())
    };
    let or_null = |value: Value| if query.is_empty() { Value::Null } else { value };
    let (stage, resource) = ("prod", if path == "/" { "/" } else { "/{proxy+}" });
    let identity = [
        "accessKey",
        "accountId",
        "caller",
        "cognitoAuthenticationProvider",
        "cognitoAuthenticationType",
        "cognitoIdentityId",
        "cognitoIdentityPoolId",
        "principalOrgId",
        "user",
        "userArn",
    ];
    let mut identity: serde_json::Map<String, Value> =
        identity.map(|name| (name.to_owned(), Value::Null)).into_iter().collect();
    identity.insert("sourceIp".to_owned(), SOURCE_IP.into());
    identity.insert("userAgent".to_owned(), USER_AGENT.into());
    Ok(json!({
        "resource": resource,
        "path": path,
        "httpMethod": method,
        "headers": last(headers),
        "multiValueHeaders": headers,
        "queryStringParameters": or_null(last(query)),
        "multiValueQueryStringParameters": or_null(json!(query)),
        "pathParameters": if path == "/" { Value::Null } else { json!({ "proxy": &path[1..] }) },
        "stageVariables": null,
        "requestContext": {
            "accountId": ACCOUNT,
            "apiId": api_id,
            "domainName": host,
            "domainPrefix": api_id,
            "extendedRequestId": format!("{}=", input.chance.text(15)),
            "httpMethod": method,
            "identity": identity,
            "path": format!("/{stage}{path}"),
            "protocol": "HTTP/1.1",
            "requestId": input.chance.uuid(),
            "requestTime": input.time.common_log(),
            "requestTimeEpoch": input.time.ms(),
            "resourceId": input.chance.hex(6),
            "resourcePath": resource,
            "stage": stage,
        },
        "body": body,
        "isBase64Encoded": false,
    }))
}
