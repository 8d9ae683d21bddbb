"""Makes the tables in CSV of the JSON in vega-datasets. Every fiftieth flight loses its delay, as if it had not departed."""

import csv
import json
import sys

COLUMNS = ["date", "delay", "distance", "origin", "destination"]

with open(f"{sys.argv[1]}/flights-2k.json") as source:
    flights = json.load(source)
for flight in flights[49::50]:
    flight["delay"] = ""
for name, rows in [("flights-500", flights[:500]), ("flights-2k", flights)]:
    with open(f"{name}.csv", "w", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
