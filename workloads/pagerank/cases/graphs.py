# Makes the graphs from the index of packages that apt keeps (Debian 12.15, amd64, main and its updates).
import re
import subprocess

GRAPHS = {
    "web-server": lambda packages: ["apache2"],
    "desktop": lambda packages: ["kde-full"],
    "python": lambda packages: [name for name, fields in packages.items() if fields.get("Section") == "python"],
}


def read_packages():
    index = subprocess.run(["apt-cache", "dumpavail"], capture_output=True, text=True, check=True).stdout
    stanzas = (dict(re.findall(r"^([\w-]+): (.*)$", stanza, re.MULTILINE)) for stanza in index.split("\n\n"))
    return {fields["Package"]: fields for fields in stanzas if "Package" in fields}


# Every package that one depends on, alternatives included; packages that exist in name only are left out.
def needs(packages, name):
    fields = packages[name]
    wanted = re.split(r"[,|]", fields.get("Depends", "") + "," + fields.get("Pre-Depends", ""))
    names = {re.split(r"[\s(:\[]", one.strip())[0] for one in wanted}
    return sorted(names & packages.keys())


def closure(links, roots):
    reached, ahead = set(), list(roots)
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += links[name]
    return sorted(reached)


packages = read_packages()
links = {name: needs(packages, name) for name in packages}
for graph, roots in GRAPHS.items():
    names = closure(links, roots(packages))
    number = {name: n for n, name in enumerate(names)}
    with open(f"{graph}.graph", "w") as file:
        for name in names:
            print(name, *(number[needed] for needed in links[name]), file=file)
    print(graph, len(names), sum(len(links[name]) for name in names))
