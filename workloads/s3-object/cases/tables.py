"""Makes the tables in CSV of the JSON in vega-datasets."""

import csv
import json
import sys

COLUMNS = ["date", "delay", "distance", "origin", "destination"]

for name in ["flights-2k", "flights-10k"]:
    with open(f"{sys.argv[1]}/{name}.json") as source, open(f"{name}.csv", "w", newline="") as table:
        writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(json.load(source))
