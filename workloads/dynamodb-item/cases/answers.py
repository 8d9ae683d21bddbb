"""Works out with exact decimals what the workload answers, and writes the answers beside the events."""

import json
from collections import defaultdict
from decimal import ROUND_HALF_UP, Decimal

with open("invoices.json") as file:
    invoices = json.load(file)


def cents(euros):
    return euros.quantize(Decimal("0.01"), ROUND_HALF_UP)


def share(basis_points):
    return Decimal(basis_points) / 10000


def totals(lines):
    net = defaultdict(Decimal)
    for line in lines:
        price = Decimal(line["unit_price_cents"]) / 100 * line["quantity"]
        net[line["vat_basis_points"]] += cents(price * (1 - share(line["discount_basis_points"])))
    vat = [(rate, net[rate], cents(net[rate] * share(rate))) for rate in sorted(net)]
    return {
        "lines": len(lines),
        "net_cents": int(sum(net for _, net, _ in vat) * 100),
        "vat": [{"basis_points": rate, "net_cents": int(net * 100), "vat_cents": int(tax * 100)} for rate, net, tax in vat],
        "gross_cents": int(sum(net + tax for _, net, tax in vat) * 100),
    }


def response(case, status, body):
    answer = {
        "statusCode": status,
        "headers": {"content-type": "application/json"},
        "multiValueHeaders": {},
        "body": json.dumps(body, separators=(",", ":")),
        "isBase64Encoded": False,
        "cookies": [],
    }
    with open(f"{case}.response.json", "w") as file:
        json.dump(answer, file, indent=2)
        file.write("\n")


with open("totals.json", "w") as file:
    json.dump({name: totals(lines) for name, lines in invoices.items()}, file, indent=2)
    file.write("\n")

for case, version in [("add", 1), ("change", 2)]:
    with open(f"{case}.event.json") as file:
        event = json.load(file)
    invoice, number = event["pathParameters"]["invoice"], int(event["pathParameters"]["line"])
    lines = dict(enumerate(invoices[invoice], start=1)) | {number: {"discount_basis_points": 0} | json.loads(event["body"])}
    response(case, 200, {"invoice": invoice, "line": number, "version": version, "totals": totals(list(lines.values()))})
response("conflict", 412, {"message": "line 1 of invoice 2026-0118 has another version"})
