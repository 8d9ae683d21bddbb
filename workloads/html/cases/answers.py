# Answers every case with Jinja2, from the same templates and the same catalogues.
# NAME.answer.html is the page; of a large one, NAME.answer.sha256 is the SHA-256 of the page.
import collections
import hashlib
import json

import jinja2

CASES = {  # name: catalogue, query, page, size of a page, whether the page is kept
    "medium": ("ec2", "instance", 1, 100, False),
    "small": ("ec2", "", 3, 20, True),
    "large": ("ec2", "", 1, 500, False),
    "hostile": ("hostile", "", 1, 10, True),
    "hostile-query": ("ec2", "\"><script>alert('q')</script>&q=1+1 %3C/{{7*7}}", 1, 20, True),
}


def context(catalogue, query, page, page_size):
    operations = catalogue["operations"]
    wanted = query.lower()
    found = [o for o in operations if wanted in o["name"].lower() or wanted in o["summary"].lower()]
    kinds = collections.Counter(operation["kind"] for operation in found)
    first = (page - 1) * page_size
    return {
        "service": catalogue["service"],
        "n_operations": len(operations),
        "query": query,
        "found": len(found),
        "kinds": [{"name": k, "operations": n} for k, n in sorted(kinds.items(), key=lambda kind: (-kind[1], kind[0]))],
        "operations": found[first : first + page_size],
        "first": first + 1,
        "page": page,
        "page_size": page_size,
        "n_pages": -(-len(found) // page_size),
    }


environment = jinja2.Environment(
    loader=jinja2.FileSystemLoader("../templates"),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    undefined=jinja2.StrictUndefined,
)
environment.filters["thousands"] = "{:,}".format

for name, (catalogue, query, page, page_size, kept) in CASES.items():
    with open(f"{catalogue}.json") as file:
        html = environment.get_template("search.html").render(context(json.load(file), query, page, page_size)).encode()
    digest = hashlib.sha256(html).hexdigest()
    with open(f"{name}.answer.{'html' if kept else 'sha256'}", "wb") as file:
        file.write(html if kept else f"{digest}\n".encode())
    print(name, len(html), digest)
