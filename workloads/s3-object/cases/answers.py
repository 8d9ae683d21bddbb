"""Asks SQLite what the workload answers, and writes the answers beside the tables."""

import csv
import json
import sqlite3

AIRPORTS = """
with ranked as (select *, row_number() over (partition by origin order by delay) as rank,
                count(*) over (partition by origin) as of from flights)
select origin, count(*) as flights, sum(delay >= 15) as late, count(distinct destination) as destinations,
       sum(distance) as miles, sum(delay) as delay_minutes,
       max(delay) filter (where rank = (of * 9 + 9) / 10) as p90_delay_minutes
from ranked group by origin order by flights desc, origin
"""
TOTALS = "select count(*) as flights, sum(delay >= 15) as late, min(date) as first, max(date) as last from flights"

written = {}
for name in ["flights-2k", "flights-10k"]:
    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("create table flights (date text, delay integer, distance integer, origin text, destination text)")
    with open(f"{name}.csv", newline="") as table:
        rows = list(csv.reader(table))[1:]
    database.executemany("insert into flights values (?, ?, ?, ?, ?)", rows)
    report = dict(database.execute(TOTALS).fetchone())
    report["airports"] = [dict(row) for row in database.execute(AIRPORTS)]
    text = json.dumps(report, separators=(",", ":"))
    with open(f"{name}.answer.json", "w") as answer:
        answer.write(text)
    written[name] = {
        "source": f"s3://kelvin-flights/{name}.csv",
        "report": f"s3://kelvin-flights/reports/{name}.json",
        "bytes": len(text),
        "flights": report["flights"],
        "airports": len(report["airports"]),
    }

cases = {"small": ["flights-2k"], "large": ["flights-10k"], "both": ["flights-2k", "flights-10k"]}
for case, names in cases.items():
    with open(f"{case}.response.json", "w") as response:
        json.dump({"reports": [written[name] for name in names]}, response, indent=2)
        response.write("\n")
