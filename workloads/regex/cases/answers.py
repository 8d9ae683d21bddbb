# Answers every case with Python's re.
import collections
import json
import re

CASES = {"day": 10, "hour": 5, "scan": 10}  # name of the log: how long lists may be

QUOTED = r'"((?:[^"\\]|\\.)*)"'
LINE = re.compile(
    r"([0-9A-Fa-f.:]+) [^ ]+ [^ ]+ \[\d\d/[A-Z][a-z][a-z]/\d{4}:(\d\d):\d\d:\d\d [+-]\d{4}\] "
    + QUOTED + r" ([1-5]\d\d) (\d{1,15}|-) " + QUOTED + " " + QUOTED + r" (\d{1,9})\.(\d{3})",
    re.ASCII,
)
REQUEST = re.compile(r"([A-Z]+) ([^ ?]+)(\?[^ ]*)? HTTP/\d(?:\.\d)?", re.ASCII)
ID = re.compile(r"/(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|\d+)\b", re.ASCII)
HOST = re.compile(r"https?://([^/:?#]+)")
AGENTS = {  # the first that fits
    "bot": re.compile(r"bot\b|crawler|spider", re.ASCII | re.IGNORECASE),
    "browser": re.compile(r"^Mozilla/5\.0 .*(?:Firefox|Chrome|Safari)/\d", re.ASCII),
    "tool": re.compile(r"^(?:curl|Wget|python-requests|Go-http-client)/", re.ASCII),
}
ATTACKS = {
    "injection": re.compile(r"\bunion(?:\+|%20|/\*\*/)+(?:all(?:\+|%20)+)?select\b", re.ASCII | re.IGNORECASE),
    "lookup": re.compile(r"\$\{jndi:", re.ASCII | re.IGNORECASE),
    "probe": re.compile(r"^/(?:\.env|\.git/|wp-(?:login|admin))"),
    "script": re.compile(r"(?:<|%3c)script", re.ASCII | re.IGNORECASE),
    "traversal": re.compile(r"(?:\.\.|%2e%2e)(?:/|%2f)", re.ASCII | re.IGNORECASE),
}


def most_frequent(counter, top):
    return sorted(counter.items(), key=lambda entry: (-entry[1], entry[0]))[:top]


def report(log, top):
    statuses, methods, hours, agents, attacks, hosts = (collections.Counter() for _ in range(6))
    paths = collections.defaultdict(lambda: {"requests": 0, "bytes": 0, "slowest_ms": 0})
    clients, slow = set(), []
    malformed = not_http = total = 0
    lines = log.removesuffix("\n").split("\n")
    for number, line in enumerate(lines, start=1):
        entry = LINE.fullmatch(line)
        if not entry:
            malformed += 1
            continue
        client, hour, request, status, size, referrer, agent, seconds, millis = entry.groups()
        clients.add(client)
        hours[hour] += 1
        statuses[status] += 1
        size = 0 if size == "-" else int(size)
        total += size
        ms = int(seconds + millis)
        agents[next((name for name, pattern in AGENTS.items() if pattern.search(agent)), "other")] += 1
        if host := HOST.match(referrer):
            hosts[host[1]] += 1
        slow.append({"line": number, "ms": ms, "status": int(status), "request": request})
        http = REQUEST.fullmatch(request)
        if not http:
            not_http += 1
            continue
        method, path, query = http.groups()
        methods[method] += 1
        for name, pattern in ATTACKS.items():
            if pattern.search(path + (query or "")):
                attacks[name] += 1
        use = paths[ID.sub("/:id", path)]
        use["requests"] += 1
        use["bytes"] += size
        use["slowest_ms"] = max(use["slowest_ms"], ms)
    slow.sort(key=lambda entry: (-entry["ms"], entry["line"]))
    by_use = sorted(paths.items(), key=lambda entry: (-entry[1]["requests"], entry[0]))
    return {
        "lines": len(lines),
        "malformed_lines": malformed,
        "not_http": not_http,
        "clients": len(clients),
        "bytes": total,
        "by_status": statuses,
        "by_method": methods,
        "by_hour": hours,
        "by_agent": agents,
        "attacks": attacks,
        "top_paths": [{"path": path, **use} for path, use in by_use[:top]],
        "top_referrers": [{"host": host, "requests": n} for host, n in most_frequent(hosts, top)],
        "slowest": slow[:top],
    }


for name, top in CASES.items():
    with open(f"{name}.log", newline="\n") as file:
        answer = report(file.read(), top)
    with open(f"{name}.answer.json", "w") as file:
        file.write(json.dumps(answer, indent=2, sort_keys=True) + "\n")
    print(name, answer["lines"], answer["malformed_lines"], answer["not_http"])
