# Makes the price list and the events: batches as an event source mapping of SQS sends them. Orders are made by chance.
import base64
import hashlib
import json
import pathlib
import random
import uuid

chance = random.Random(7)
KINDS = ["BAG", "BOOK", "HAT", "JAM", "LAMP", "MUG", "PEN", "TEA"]


def whole(least, most):
    return chance.randrange(least, most + 1)


prices = {
    f"{kind}-{n:02}": {"price_cents": whole(199, 19999), "reduced_tax": kind in ("BOOK", "JAM", "TEA")}
    for kind in KINDS
    for n in range(1, 31)
}
prices["MUG-01"]["price_cents"] = 1295
prices["BOOK-01"]["price_cents"] = 999
pathlib.Path("prices.json").write_text(
    "{\n" + ",\n".join(f"  {json.dumps(sku)}: {json.dumps(product)}" for sku, product in prices.items()) + "\n}\n"
)

from answers import total  # noqa: E402  (it reads the price list)


def order(n_lines=None, **changes):
    n_lines = n_lines or whole(1, 6)
    made = {
        "order_id": f"{whole(10**8, 10**9 - 1)}",
        "placed_at": f"2026-11-24T{whole(0, 23):02}:{whole(0, 59):02}:{whole(0, 59):02}Z",
        "customer": {"id": whole(1, 10**6), "name": chance.choice(["Ana", "Börge", "Chloé", "Dao", "Евa"])},
        "country": chance.choice(["AT", "DE", "FR", "IE", "NL"]),
        "coupon": chance.choice([None, None, "WELCOME", "WINTER"]),
        "lines": [
            {"sku": sku, "quantity": chance.choice([1, 1, 1, 2, 3, 10, 24, 100])}
            for sku in chance.sample(sorted(prices), n_lines)
        ],
    }
    made["total_cents"] = total(made)
    made.update(changes)
    return json.dumps(made, ensure_ascii=False)


def bad_total(by):
    made = json.loads(order())
    made["total_cents"] += by
    return json.dumps(made, ensure_ascii=False)


def record(body, kind="order.placed", queue="orders", received=1):
    sent = 1795512600000 + whole(0, 10**6)
    made = {
        "messageId": str(uuid.UUID(int=chance.getrandbits(128), version=4)),
        "receiptHandle": base64.b64encode(chance.randbytes(180)).decode(),
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": str(received),
            "SentTimestamp": str(sent),
            "SenderId": "AIDAIENQZJOLO23YVJ4VO",
            "ApproximateFirstReceiveTimestamp": str(sent + 17),
        },
        "messageAttributes": {
            "type": {"stringValue": kind, "stringListValues": [], "binaryListValues": [], "dataType": "String"}
        },
        "md5OfMessageAttributes": hashlib.md5(string_attribute("type", kind)).hexdigest(),
        "md5OfBody": hashlib.md5(body.encode()).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:eu-central-1:123456789012:{queue}",
        "awsRegion": "eu-central-1",
    }
    if queue.endswith(".fifo"):
        made["attributes"]["MessageGroupId"] = "orders"
        made["attributes"]["SequenceNumber"] = str(18849496460467696128 + sent)
        made["attributes"]["MessageDeduplicationId"] = hashlib.sha256(body.encode()).hexdigest()
    return made


def string_attribute(name, value):
    """What the digest is of ("Amazon SQS message metadata", Amazon SQS Developer Guide)."""
    parts = [name.encode(), b"String", value.encode()]
    lengths = [len(part).to_bytes(4, "big") + part for part in parts]
    return lengths[0] + lengths[1] + b"\x01" + lengths[2]


def poison():
    """An order of more things than 64 bits can price."""
    return order(lines=[{"sku": "MUG-01", "quantity": 2**64 - 1}])


def rights(n, **named):
    return [record(order(), **named) for _ in range(n)]


def mixed():
    records = rights(6)
    records.insert(2, record(order()[:-20]))
    records.insert(5, record(poison(), received=4))
    records.insert(7, record(bad_total(1)))
    return [*records, records[0]]


def all_wrong():
    return [
        record("null"),
        record("order"),
        record("[" * 20000),
        record(bad_total(-1)),
        record(poison()),
        record(order(country="ZZ")),
        record(order(coupon="FREE")),
        record(order(lines=[])),
        record(order(lines=[{"sku": "MUG-01", "quantity": 1}] * 2)),
        record(order(), kind="order.cancelled"),
    ]


def fifo():
    records = rights(10, queue="orders.fifo")
    records[6] = record(bad_total(100), queue="orders.fifo")
    return records


EVENTS = {
    "mixed": mixed(),
    "all-right": rights(10),
    "all-wrong": all_wrong(),
    "large-orders": [record(order(200)) for _ in range(9)] + [record(bad_total(1))],
    "fifo": fifo(),
    "one-record": rights(1),
}
for name, records in EVENTS.items():
    with open(f"{name}.event.json", "w") as file:
        file.write(json.dumps({"Records": records}, indent=2, ensure_ascii=False) + "\n")
