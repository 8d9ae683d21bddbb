# Works out every answer, and the trail that the request leaves on an empty one, with Python's hashlib.
import hashlib
import ipaddress
import json

GENESIS = "0" * 64


def one_space(text):
    return " ".join(text.split())


def tidy_order(order):
    lines = [{**line, "sku": line["sku"].strip().upper()} for line in order["lines"]]
    return {
        "id": order["id"].strip().upper(),
        "email": order["email"].strip().lower(),
        "name": one_space(order["name"]),
        "country": order["country"].strip().upper(),
        "lines": lines,
    }


def tidy_login(login):
    address = ipaddress.ip_address(login["address"].strip())
    address = getattr(address, "ipv4_mapped", None) or address
    return {"user": login["user"].strip().lower(), "address": str(address), "agent": one_space(login["agent"])}


def fields(record, path=""):
    for key, value in record.items():
        if key == "lines":
            for n, line in enumerate(value):
                yield from fields(line, f"lines/{n}/")
        else:
            yield path + key, str(value)


def trail(subject, was, now):
    last, entries = GENESIS, 0
    for (field, before), (_, after) in zip(fields(was), fields(now)):
        entries += 1
        entry = {"entry": entries, "subject": subject, "field": field, "was": before, "is": after, "previous": last}
        line = json.dumps(entry, ensure_ascii=False, separators=(",", ":"))
        last = hashlib.sha256(line.encode()).hexdigest()
    return {"entries": entries, "last": last}


def write(name, document):
    with open(name, "w") as file:
        file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")


for name in ["order", "small-order", "login"]:
    with open(f"{name}.event.json") as file:
        event = json.load(file)
    (kind, was), = event.items()
    now = tidy_order(was) if kind == "order" else tidy_login(was)
    changed = sum(a != b for a, b in zip(fields(was), fields(now)))
    answer = {kind: now, "changed": changed}
    if kind == "order":
        answer["total_cents"] = sum(line["quantity"] * line["price_cents"] for line in now["lines"])
    write(f"{name}.answer.json", answer)
    subject = f"{kind} {now['id' if kind == 'order' else 'user']}"
    write(f"{name}.trail.json", trail(subject, was, now))
