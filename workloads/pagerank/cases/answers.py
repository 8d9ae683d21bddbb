# Answers every case with networkx. Nodes are sorted by rank; those that tie with the last one asked for are listed too.
import json

import networkx

CASES = {"desktop": 10, "web-server": 5, "python": 20}  # graph: how many nodes are asked for
DAMPING = 0.85

for graph, top in CASES.items():
    with open(f"{graph}.graph") as file:
        rows = [line.split() for line in file]
    links = networkx.DiGraph()
    links.add_nodes_from(range(len(rows)))
    links.add_edges_from((node, int(target)) for node, row in enumerate(rows) for target in row[1:])
    # networkx stops when the ranks change by less than the tolerance times the number of nodes.
    ranks = networkx.pagerank(links, alpha=DAMPING, tol=1e-14 / len(rows), max_iter=1000)
    order = sorted(ranks, key=lambda node: (-ranks[node], node))
    last = ranks[order[top - 1]]
    answer = {
        "nodes": links.number_of_nodes(),
        "links": links.number_of_edges(),
        "dangling": sum(degree == 0 for _, degree in links.out_degree()),
        "concentration": sum(rank * rank for rank in ranks.values()),
        "top": [{"node": node, "name": rows[node][0], "rank": ranks[node]} for node in order if ranks[node] > last - 1e-8],
    }
    with open(f"{graph}.answer.json", "w") as file:
        file.write(json.dumps(answer, indent=2) + "\n")
    print(graph, top, len(answer["top"]))
