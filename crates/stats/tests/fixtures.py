#!/usr/bin/env python3
"""Writes fixtures.json, with which the tests of this crate compare: `python3 fixtures.py > fixtures.json`.

Needs numpy and scipy (made with scipy 1.17.1). Where scipy has no exact distribution of tied values, it is enumerated here.
"""

import itertools
import json

import numpy as np
from scipy import stats

random = np.random.default_rng(20261201)


def enumerated_signed_rank(differences):
    ranks = stats.rankdata(np.abs(differences))
    signed = ranks[np.array(differences) != 0]
    found = ranks[np.array(differences) > 0].sum()
    signs = np.array(list(itertools.product([0, 1], repeat=len(signed))), dtype=float).reshape(-1, len(signed))
    sums = signs @ signed
    return {
        "less": float(np.mean(sums <= found + 1e-9)),
        "greater": float(np.mean(sums >= found - 1e-9)),
    }


def enumerated_rank_sum(a, b):
    ranks = stats.rankdata(np.concatenate([b, a]))
    found = ranks[: len(b)].sum()
    sums = np.array([sum(choice) for choice in itertools.combinations(ranks, len(b))])
    return {
        "less": float(np.mean(sums <= found + 1e-9)),
        "greater": float(np.mean(sums >= found - 1e-9)),
    }


def two_sided(sides):
    return sides | {"two_sided": min(1.0, 2 * min(sides.values()))}


def signed_rank(differences, method):
    if method == "enumerated":
        sides = enumerated_signed_rank(differences)
    else:
        sides = {
            side: float(
                stats.wilcoxon(
                    differences, zero_method="pratt", correction=True, alternative=side, method=method
                ).pvalue
            )
            for side in ("less", "greater")
        }
    return {"differences": list(map(float, differences)), "p": two_sided(sides)}


def rank_sum(a, b, method):
    if method == "enumerated":
        sides = enumerated_rank_sum(a, b)
    else:
        sides = {
            side: float(stats.mannwhitneyu(b, a, alternative=side, method=method).pvalue)
            for side in ("less", "greater")
        }
    u = float(stats.mannwhitneyu(b, a).statistic)
    return {"a": list(map(float, a)), "b": list(map(float, b)), "u": u, "p": two_sided(sides)}


def shift(n_a, n_b):
    a, b = random.normal(0, 1, n_a), random.normal(0.5, 1, n_b)
    differences = np.sort(np.subtract.outer(b, a).ravel())
    # The bounds: the test against a shift crosses 2.5 % there.
    inside = lambda by: stats.mannwhitneyu(b - by, a, method="exact").pvalue > 0.05
    middle = (differences[:-1] + differences[1:]) / 2
    kept = [i for i, by in enumerate(middle) if inside(by)]
    bounds = None
    if kept and kept[0] > 0 or kept and not inside(differences[0] - 1):
        bounds = [float(differences[kept[0]]), float(differences[kept[-1] + 1])]
    return {"a": list(a), "b": list(b), "value": float(np.median(differences)), "bounds": bounds}


def normal(n, mean=0.3):
    return np.round(random.normal(mean, 1, n), 6)


def coarse(n, mean=0.3):
    return np.round(random.normal(mean, 1, n) * 2) / 2


fixtures = {
    "signed_rank": [signed_rank(normal(n), "exact") for n in (1, 5, 6, 10, 20, 50)]
    + [signed_rank(coarse(n), "enumerated") for n in (4, 8, 12, 16)]
    + [signed_rank(normal(n), "asymptotic") for n in (51, 80, 300)]
    + [signed_rank(coarse(n), "asymptotic") for n in (60, 200)],
    "rank_sum": [rank_sum(normal(m), normal(n, 1), "exact") for m, n in ((1, 1), (4, 4), (3, 9), (20, 10), (50, 50))]
    + [rank_sum(coarse(m), coarse(n, 1), "enumerated") for m, n in ((4, 4), (3, 9), (8, 7))]
    + [rank_sum(coarse(m), coarse(n, 1), "asymptotic") for m, n in ((51, 20), (10, 300))]
    + [rank_sum(normal(m), normal(n, 1), "asymptotic") for m, n in ((60, 60),)],
    "shift": [shift(m, n) for m, n in ((4, 4), (5, 7), (10, 10), (20, 12))],
    "benjamini_hochberg": [
        {"p": list(p), "adjusted": list(map(float, stats.false_discovery_control(p, method="bh")))}
        for p in (np.round(random.uniform(0, 1, n) ** 2, 6) for n in (1, 5, 20))
    ],
}
print(json.dumps(fixtures, indent=1))
