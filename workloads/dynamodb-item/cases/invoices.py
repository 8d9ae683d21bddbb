"""Makes up invoices. The same seed makes the same ones."""

import json
import random

ARTICLES = [
    ("Workshop, half a day", 68000, 1900), ("Workshop, a day", 120000, 1900), ("Consulting, an hour", 14500, 1900),
    ("Review of a design", 89900, 1900), ("Printed handbook", 3490, 700), ("Reference card", 499, 700),
    ("Travel by train", 7940, 700), ("Night in a hotel", 11850, 700), ("Support, a month", 24900, 1900),
    ("Course for one person", 39900, 0), ("Examination fee", 15000, 0), ("Rented projector", 3333, 1900),
]

random.seed(117)


def line(number):
    description, price, vat = random.choice(ARTICLES)
    return {
        "description": description,
        "quantity": random.choice([1, 1, 1, 2, 3, 5, 8, 12, 40]),
        "unit_price_cents": price,
        "discount_basis_points": random.choice([0, 0, 0, 0, 200, 333, 500, 1250]),
        "vat_basis_points": vat,
    }


invoices = {name: [line(n) for n in range(lines)] for name, lines in
            [("2026-0117", 12), ("2026-0118", 5), ("2026-0119", 400)]}
with open("invoices.json", "w") as file:
    rows = (",\n".join("    " + json.dumps(line) for line in lines) for lines in invoices.values())
    file.write("{\n" + ",\n".join(f'  "{name}": [\n{text}\n  ]' for name, text in zip(invoices, rows)) + "\n}\n")
