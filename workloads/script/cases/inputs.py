# Makes the inputs: deliveries from the examples that Octokit publishes (the argument is its index.json), baskets by chance.
import json
import random
import sys

EVENTS = ["push", "issue_comment", "release", "deployment_status", "workflow_run", "star"]
CATEGORIES = {"book": (500, 4500, 400), "food": (80, 2500, 600), "toy": (600, 8000, 900), "gift-card": (1000, 5000, 0)}


def line(chance):
    category = chance.choices(list(CATEGORIES), [5, 6, 6, 1])[0]
    cheapest, dearest, grams = CATEGORIES[category]
    return {
        "category": category,
        "unit_cents": chance.randint(cheapest, dearest),
        "quantity": chance.choices([1, 2, 3, 4, 6, 9, 12], [40, 20, 12, 8, 8, 6, 6])[0],
        "grams": chance.randint(grams // 4, grams),
    }


def basket(chance, number):
    return {
        "id": number,
        "country": chance.choice(["DE", "FR", "NL"]),
        "coupon": chance.choice([None, None, None, "SAVE10", "BOOKS20", "FREESHIP"]),
        "customer": {"tier": chance.choice(["basic", "basic", "silver", "gold"])},
        "lines": [line(chance) for _ in range(chance.randint(1, 12))],
    }


def write(name, value):
    with open(name, "w") as file:
        file.write(json.dumps(value, separators=(",", ":"), ensure_ascii=False) + "\n")


with open(sys.argv[1]) as file:
    published = {event["name"]: event["examples"] for event in json.load(file)}
write(
    "deliveries.input.json",
    {"deliveries": [{"event": event, "payload": payload} for event in EVENTS for payload in published[event]]},
)
chance = random.Random(20261124)
write("checkout.input.json", {"baskets": [basket(chance, number) for number in range(1, 201)]})
largest = max((basket(chance, 201) for _ in range(100)), key=lambda one: len(one["lines"]))
write("basket.input.json", {"baskets": [largest]})
