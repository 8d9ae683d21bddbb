"""Works out what each step answers: the flights with Python's csv, routes and report with SQLite."""

import csv
import json
import sqlite3

ROUTES = """
select origin, destination, sum(delay is null) as dropped, coalesce(sum(distance) filter (where delay is not null), 0) as miles,
       json_group_array(delay) filter (where delay is not null) as delays
from flights group by origin, destination order by origin, destination
"""
AIRPORTS = """
with ranked as (select *, row_number() over (partition by origin order by delay) as rank,
                count(*) over (partition by origin) as of from flights where delay is not null)
select origin, count(*) as flights, sum(delay >= 15) as late, count(distinct destination) as destinations,
       sum(distance) as miles, sum(delay) as delay_minutes,
       max(delay) filter (where rank = (of * 9 + 9) / 10) as p90_delay_minutes
from ranked group by origin order by flights desc, origin
"""
TOTALS = """
select count(delay) as flights, sum(delay is null) as dropped, sum(coalesce(delay, 0) >= 15) as late,
       count(distinct case when delay is not null then origin || destination end) as routes from flights
"""


def write(name, answer):
    with open(f"{name}.json", "w") as file:
        json.dump(answer, file, separators=(",", ":"))
        file.write("\n")


for name in ["flights-500", "flights-2k"]:
    with open(f"{name}.csv", newline="") as table:
        flights = list(csv.DictReader(table))
    for flight in flights:
        flight["delay"] = int(flight["delay"]) if flight["delay"] else None
        flight["distance"] = int(flight["distance"])

    database = sqlite3.connect(":memory:")
    database.row_factory = sqlite3.Row
    database.execute("create table flights (date text, delay integer, distance integer, origin text, destination text)")
    rows = "insert into flights values (:date, :delay, :distance, :origin, :destination)"
    database.executemany(rows, flights)
    routes = [dict(row) for row in database.execute(ROUTES)]
    for route in routes:
        route["delays"] = sorted(json.loads(route["delays"]))
    report = dict(database.execute(TOTALS).fetchone())
    report["airports"] = [dict(row) for row in database.execute(AIRPORTS)]
    write(f"{name}.report", report)
    if name == "flights-500":
        write(f"{name}.flights", {"step": True, "flights": flights})
        write(f"{name}.routes", {"step": True, "routes": routes})
