# Answers every case: the rules of pricing.rhai and routing.rhai once more, in Python.
import json
from collections import Counter
from fractions import Fraction
from math import floor

TIERS = {"basic": 0, "silver": 3, "gold": 7}
VAT = {"DE": (19, 7), "FR": (20, 5.5), "NL": (21, 9)}


def rounded(amount):  # halves up
    return floor(amount + Fraction(1, 2))


def percent(amount, rate):
    return rounded(Fraction(amount * rate, 100))


def tax_in(amount, rate):
    return rounded(amount * Fraction(rate) / (100 + Fraction(rate)))


def line_discount(category, cents, quantity, coupon):
    if category == "book":
        if quantity >= 3:
            return "three-for-two", quantity // 3 * cents
        return ("books-20", percent(cents * quantity, 20)) if coupon == "BOOKS20" else (None, 0)
    if category == "gift-card" or quantity < 5:
        return None, 0
    return ("ten-or-more", percent(cents * quantity, 10)) if quantity >= 10 else ("five-or-more", percent(cents * quantity, 5))


def shipping(basket, grams, goods):
    tier, country = basket["customer"]["tier"], basket["country"]
    if not grams or goods >= 100_00 or basket["coupon"] == "FREESHIP" or (tier, country) == ("gold", "DE"):
        return 0
    return next(cents for most, cents in ((2000, 490), (10000, 790), (float("inf"), 1490)) if grams <= most)


def price(basket):
    coupon, tier = basket["coupon"], basket["customer"]["tier"]
    sums, rules, discount, grams = Counter(), set(), 0, 0
    for line in basket["lines"]:
        category, cents, quantity = line["category"], line["unit_cents"], line["quantity"]
        rule, off = line_discount(category, cents, quantity, coupon)
        rules |= {rule} - {None}
        discount += off
        grams += line["grams"] * quantity
        sums[{"book": "reduced", "food": "reduced", "gift-card": "untaxed"}.get(category, "standard")] += cents * quantity - off
    goods = sums["standard"] + sums["reduced"]
    off = percent(goods, TIERS[tier])
    if off:
        rules.add(f"tier-{tier}")
    if coupon == "SAVE10" and goods - off >= 50_00:
        off += 10_00
        rules.add("save-10")
    if off:
        from_reduced = floor(Fraction(off * sums["reduced"], goods))
        sums["reduced"] -= from_reduced
        sums["standard"] -= off - from_reduced
    freight = shipping(basket, grams, goods - off)
    sums["standard"] += freight
    standard, reduced = VAT[basket["country"]]
    return {
        "id": basket["id"],
        "discount_cents": discount + off,
        "shipping_cents": freight,
        "vat_cents": tax_in(sums["standard"], standard) + tax_in(sums["reduced"], reduced),
        "total_cents": sum(sums.values()),
        "rules": sorted(rules),
    }


def pricing(given):
    prices = [price(basket) for basket in given["baskets"]]
    applied = Counter(rule for one in prices for rule in one["rules"])
    return {"revenue_cents": sum(one["total_cents"] for one in prices), "applied": applied, "prices": prices}


def route(event, payload):
    action, repository = payload.get("action"), payload["repository"]
    if event == "push":
        ref = payload["ref"]
        if payload["deleted"]:
            return "cleanup", ref
        if ref.startswith("refs/tags/"):
            return "packages", ref.removeprefix("refs/tags/")
        if ref == f"refs/heads/{repository['default_branch']}":
            return "builds", [commit["id"][:7] for commit in payload["commits"]]
    if event == "issue_comment" and action == "created" and "fix" in payload["comment"]["body"]:
        return "triage", f"#{payload['issue']['number']}: {payload['issue']['title'].upper()}"
    if event == "release" and action == "published" and not payload["release"]["prerelease"]:
        return "announcements", payload["release"]["tag_name"]
    if event == "deployment_status" and payload["deployment_status"]["state"] != "in_progress":
        return "deployments", f"{payload['deployment']['environment']} {payload['deployment_status']['state']}"
    if event == "workflow_run" and payload["workflow_run"]["conclusion"] == "action_required":
        return "alerts", payload["workflow_run"]["head_branch"]
    if event == "star":
        return "statistics", 1 if action == "created" else -1
    return None


def named(part, key):
    if isinstance(part, dict):
        for name, value in part.items():
            if name == key and isinstance(value, str):
                yield value
            else:
                yield from named(value, key)
    elif isinstance(part, list):
        for item in part:
            yield from named(item, key)


def routing(given):
    messages, dropped = [], Counter()
    for delivery in given["deliveries"]:
        event, payload = delivery["event"], delivery["payload"]
        message = route(event, payload)
        if message is None:
            dropped[event] += 1
        else:
            queue, what = message
            messages.append({"queue": queue, "what": what, "repository": payload["repository"]["full_name"]})
    emails, logins = (Counter(named(given, key)) for key in ("email", "login"))
    return {"messages": messages, "dropped": dropped, "emails": emails, "logins": logins}


for case, rules in {"checkout": pricing, "basket": pricing, "deliveries": routing}.items():
    with open(f"{case}.input.json") as file:
        answer = rules(json.load(file))
    with open(f"{case}.answer.json", "w") as file:
        file.write(json.dumps(answer, ensure_ascii=False) + "\n")
    print(case, str(answer)[:300])
