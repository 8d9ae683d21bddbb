#!/usr/bin/env python3
"""Writes azure-2019-synthetic.csv: one made-up day of three made-up functions in the layout of the Azure Functions trace of 2019."""
import math
import random

random.seed(2019)


def poisson(mean):
    # Knuth's method; means are small.
    limit, n, product = math.exp(-mean), 0, random.random()
    while product > limit:
        n, product = n + 1, product * random.random()
    return n


def name(text):
    return "".join(random.choice("0123456789abcdef") for _ in range(8)) + "-synthetic-" + text


def day(minute):
    """More by day than by night."""
    return 1 - math.cos(2 * math.pi * minute / 1440)


owner, app = name("owner"), name("app")
rows = [
    (name("api"), "http", [poisson(3 * day(m)) for m in range(1440)]),
    (name("timer"), "timer", [1 if m % 15 == 0 else 0 for m in range(1440)]),
    (name("queue"), "queue", [poisson(12) if 540 <= m < 545 else 0 for m in range(1440)]),
]
with open("azure-2019-synthetic.csv", "w") as file:
    file.write("HashOwner,HashApp,HashFunction,Trigger," + ",".join(str(m + 1) for m in range(1440)) + "\n")
    for function, trigger, counts in rows:
        file.write(",".join([owner, app, function, trigger] + [str(n) for n in counts]) + "\n")
