# Answers every event, by the same rules as the workload in another language.
import base64
import glob
import hashlib
import json
import urllib.parse

with open("services.json") as file:
    SERVICES = json.load(file)
BY_ID = {service["id"]: service for service in SERVICES}


def text_of(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def response(status, value=None, headers={}, cookies=()):
    answer = {
        "statusCode": status,
        "headers": dict(headers),
        "multiValueHeaders": {},
        "isBase64Encoded": False,
        "cookies": list(cookies),
    }
    if value is not None:
        answer["headers"]["content-type"] = "application/json"
        answer["body"] = text_of(value)
    return answer


def problem(status, error, message, headers={}, fields=()):
    value = {"error": error, "message": message}
    if fields:
        value["fields"] = [{"field": field, "message": message} for field, message in fields]
    return response(status, value, headers)


def tag_of(value):
    return '"' + hashlib.sha256(text_of(value).encode()).hexdigest()[:16] + '"'


def cached(event, value, headers={}, cookies=()):
    tag = tag_of(value)
    headers = {"cache-control": "max-age=60", "etag": tag, **headers}
    known = [part.strip().removeprefix("W/") for part in event["headers"].get("if-none-match", "").split(",")]
    if tag in known or "*" in known:
        return response(304, None, headers, cookies)
    return response(200, value, headers, cookies)


def within(text, most):
    number = int(text) if text.isascii() and text.isdigit() else 0
    return number if 1 <= number <= most else None


def listed(event):
    parameters = event.get("queryStringParameters", {})
    cookies = dict(reversed([cookie.split("=", 1) for cookie in event.get("cookies", [])]))
    remembered = within(cookies.get("page_size", ""), 100)
    page_size = within(parameters["page_size"], 100) if "page_size" in parameters else remembered or 20
    if page_size is None:
        return problem(400, "invalid_parameter", "page_size must be a whole number from 1 to 100")
    found = SERVICES
    if "protocol" in parameters:
        found = [service for service in found if service["protocol"] == parameters["protocol"]]
    if "q" in parameters:
        wanted = parameters["q"].lower()
        found = [s for s in found if wanted in s["name"].lower() or wanted in s["summary"].lower()]
    pages = max(1, -(-len(found) // page_size))
    page = within(parameters.get("page", "1"), pages)
    if page is None:
        return problem(400, "invalid_parameter", f"page must be a whole number from 1 to {pages}")
    value = {
        "total": len(found),
        "page": page,
        "pages": pages,
        "services": found[(page - 1) * page_size : page * page_size],
    }
    kept = [(name, parameters[name]) for name in ("protocol", "q") if name in parameters]
    links = []
    for relation, other in (("prev", page - 1), ("next", page + 1)):
        if 1 <= other <= pages:
            query = urllib.parse.urlencode(
                [*kept, ("page_size", page_size), ("page", other)], quote_via=urllib.parse.quote, safe=""
            )
            links.append(f'</services?{query}>; rel="{relation}"')
    headers = {"vary": "cookie"}
    if links:
        headers["link"] = ", ".join(links)
    cookies = []
    if "page_size" in parameters and remembered != page_size:
        cookies.append(f"page_size={page_size}; Path=/services; Max-Age=31536000; Secure; HttpOnly; SameSite=Lax")
    return cached(event, value, headers, cookies)


def is_text(value, least, most):
    return isinstance(value, str) and least <= len(value) <= most


def are_tags(tags):
    if not isinstance(tags, list) or len(tags) > 5:
        return False
    words = [tag for tag in tags if isinstance(tag, str) and tag and not tag.strip("abcdefghijklmnopqrstuvwxyz0123456789-")]
    return len(set(words)) == len(tags)


def review(event, service):
    content_type = event["headers"].get("content-type", "")
    if content_type.split(";")[0].strip().lower() != "application/json":
        return problem(415, "unsupported_media_type", f'a review is application/json, not "{content_type}"')
    body = event.get("body", "").encode()
    if event["isBase64Encoded"]:
        body = base64.b64decode(body, validate=True)
    if len(body) > 4096:
        return problem(413, "too_large", f"a review has at most 4096 bytes, not {len(body)}")
    try:
        fields = json.loads(body)
    except ValueError:
        fields = None
    if not isinstance(fields, dict):
        return problem(400, "malformed_json", "a review is a JSON object")
    wrong = []
    if not is_text(fields.get("author"), 1, 64):
        wrong.append(("author", "must be text of 1 to 64 characters"))
    if type(fields.get("rating")) is not int or not 1 <= fields["rating"] <= 5:
        wrong.append(("rating", "must be a whole number from 1 to 5"))
    if not is_text(fields.get("text", ""), 0, 1000):
        wrong.append(("text", "must be text of at most 1000 characters"))
    if not are_tags(fields.get("tags", [])):
        wrong.append(("tags", "must be at most 5 different words of a-z, 0-9 and -"))
    if not fields.keys() <= {"author", "rating", "text", "tags"}:
        wrong.append(("*", "the fields are author, rating, text and tags"))
    if wrong:
        return problem(400, "invalid_review", "see the fields", fields=wrong)
    request_id = event["requestContext"]["requestId"]
    value = {
        "id": request_id,
        "service": service["id"],
        "created_ms": event["requestContext"]["timeEpoch"],
        "author": fields["author"],
        "rating": fields["rating"],
        "text": fields.get("text", ""),
        "tags": fields.get("tags", []),
    }
    location = f"/services/{service['id']}/reviews/{urllib.parse.quote(request_id, safe='')}"
    return response(201, value, {"location": location})


def answer(event):
    context = event["requestContext"]
    path = event["rawPath"]
    if context["stage"] != "$default":
        path = path.removeprefix("/" + context["stage"])
    method = context["http"]["method"]
    match path.removeprefix("/").split("/"):
        case ["services"]:
            allowed, found = "GET", lambda: listed(event)
        case ["services", key]:
            allowed, found = "GET", lambda: cached(event, BY_ID[key])
        case ["services", key, "reviews"]:
            allowed, found = "POST", lambda: review(event, BY_ID[key])
        case _:
            message = "there is /services, /services/{id} and /services/{id}/reviews"
            return problem(404, "no_such_path", message)
    if method != allowed:
        message = f"this path takes {allowed}, not {method}"
        return problem(405, "method_not_allowed", message, {"allow": allowed})
    try:
        return found()
    except KeyError as error:
        return problem(404, "no_such_service", f'there is no service "{error.args[0]}"')


if __name__ == "__main__":
    for name in sorted(glob.glob("*.event.json")):
        with open(name) as file:
            answered = answer(json.load(file))
        with open(name.replace(".event.", ".answer."), "w") as file:
            file.write(json.dumps(answered, indent=2, ensure_ascii=False) + "\n")
        print(name, answered["statusCode"])
