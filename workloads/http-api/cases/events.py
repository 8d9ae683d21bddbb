# Makes the events: requests as API Gateway sends them in payload format 2.0.
import base64
import json
import urllib.parse

import answers

LAMBDA_TAG = answers.tag_of(answers.BY_ID["lambda"])
JSON = {"content-type": "application/json"}
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"


def event(method, path, query="", headers={}, cookies=None, body=None, encoded=False, stage="$default"):
    raw_path = path if stage == "$default" else f"/{stage}{path}"
    domain = "abcdefghij.execute-api.eu-central-1.amazonaws.com"
    made = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": raw_path,
        "rawQueryString": query,
        "headers": {
            "accept": "application/json",
            "accept-encoding": "gzip, deflate, br",
            "content-length": str(len(body.encode()) if body else 0),
            "host": domain,
            "user-agent": CHROME,
            "x-amzn-trace-id": "Root=1-67890abc-0123456789abcdef01234567",
            "x-forwarded-for": "192.0.2.1",
            "x-forwarded-port": "443",
            "x-forwarded-proto": "https",
            **headers,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "abcdefghij",
            "domainName": domain,
            "domainPrefix": "abcdefghij",
            "http": {
                "method": method,
                "path": raw_path,
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": CHROME,
            },
            "requestId": "LV7fzho-PHcEJPw=",
            "routeKey": "$default",
            "stage": stage,
            "time": "24/Nov/2026:09:30:00 +0000",
            "timeEpoch": 1795512600123,
        },
        "isBase64Encoded": encoded,
    }
    if query:
        # Values of a parameter that is given twice have commas between them.
        parameters = urllib.parse.parse_qs(query, keep_blank_values=True)
        made["queryStringParameters"] = {name: ",".join(values) for name, values in parameters.items()}
    if cookies:
        made["cookies"] = cookies
    if body is not None:
        made["body"] = base64.b64encode(body.encode()).decode() if encoded else body
    return made


def review(**fields):
    return json.dumps(fields, ensure_ascii=False)


REVIEWS = "/services/lambda/reviews"
EVENTS = {
    "list": event(
        "GET",
        "/services",
        "protocol=rest-json&page=2&page_size=50",
        cookies=["session=38afes7a8", "page_size=20"],
    ),
    "search": event(
        "GET",
        "/services",
        "q=Machine%20Learning",
        {"if-none-match": '"0000000000000000"'},
        ["page_size=5", "page_size=7"],
        stage="prod",
    ),
    "service": event("GET", "/services/lambda"),
    "not-modified": event("GET", "/services/lambda", headers={"if-none-match": f'"0000000000000000", W/{LAMBDA_TAG}'}),
    "review": event(
        "POST",
        REVIEWS,
        headers=JSON,
        body=review(author="Ann", rating=5, text="It scales.", tags=["serverless", "compute"]),
    ),
    "review-base64": event(
        "POST",
        REVIEWS,
        headers={"content-type": "Application/JSON; charset=utf-8"},
        body=review(author="Zoë 🦀", rating=4, text="Kaltstarts sind selten geworden – endlich."),
        encoded=True,
    ),
    "review-invalid": event(
        "POST", REVIEWS, headers=JSON, body=review(author="", rating=11, tags=["a", "a"], stars=5)
    ),
    "review-malformed": event("POST", REVIEWS, headers=JSON, body='{"author": "Ann", "rating": 5'),
    "review-too-large": event("POST", REVIEWS, headers=JSON, body=review(author="Ann", rating=1, text="no " * 2000)),
    "review-as-form": event(
        "POST",
        REVIEWS,
        headers={"content-type": "application/x-www-form-urlencoded"},
        body="author=Ann&rating=5",
        encoded=True,
    ),
    "bad-page": event("GET", "/services", "page=1&page=2"),
    "no-such-service": event("GET", "/services/mainframe"),
    "no-such-path": event("GET", "/services/lambda/"),
    "no-such-method": event("DELETE", "/services/lambda"),
}
if __name__ == "__main__":
    for name, made in EVENTS.items():
        with open(f"{name}.event.json", "w") as file:
            file.write(json.dumps(made, indent=2, ensure_ascii=False) + "\n")
