# Makes up the requests: an order of a hundred lines, a small one, and a login. Spelling is careless, as people's is.
import json
import random

random.seed(7)
WORDS = "anvil bolt chain drill easel file gauge hinge iron jack knob lathe mallet nail oven pliers quill rivet saw tongs".split()


def careless(text):
    text = random.choice([text, text.upper(), text.lower(), text.title()])
    return random.choice(["", "", " "]) + text + random.choice(["", "", "  "])


def order(key, lines):
    numbers = random.sample(range(100, 1000), lines)
    skus = [f"{random.choice(WORDS)}-{number}" for number in numbers]
    return {
        "id": careless(key),
        "email": careless("jean.dupont@example.org"),
        "name": " Jean   Dupont ",
        "country": careless("fr"),
        "lines": [
            {"sku": careless(sku), "quantity": random.randint(1, 120), "price_cents": random.randint(99, 250_000)}
            for sku in skus
        ],
    }


EVENTS = {
    "order": {"order": order("o-2026-1107", 100)},
    "small-order": {"order": order("o-2026-1108", 3)},
    "login": {"login": {"user": " Zoë.Müller ", "address": "2001:0DB8:0000:0000:0000:0000:0000:0001", "agent": "Mozilla/5.0  (X11; Linux x86_64; rv:140.0)\tGecko/20100101 Firefox/140.0"}},
}

for name, event in EVENTS.items():
    with open(f"{name}.event.json", "w") as file:
        file.write(json.dumps(event, ensure_ascii=False, indent=1) + "\n")
