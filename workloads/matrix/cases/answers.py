# Answers every case. Systems of equations are solved by numpy (LAPACK); fits are worked out exactly, in fractions, and
# must be what NIST certifies.
import csv
import json
from fractions import Fraction

import numpy

# Data set: degree of the polynomial, and NIST's certified values: estimates, their standard deviations, residual
# standard deviation, R squared.
FITS = {
    "longley": (
        1,
        "-3482258.63459582 15.0618722713733 -0.358191792925910E-01 -2.02022980381683 -1.03322686717359"
        " -0.511041056535807E-01 1829.15146461355",
        "890420.383607373 84.9149257747669 0.334910077722432E-01 0.488399681651699 0.214274163161675"
        " 0.226073200069370 455.478499142212",
        "304.854073561965 0.995479004577296",
    ),
    "filip": (
        10,
        "-1467.48961422980 -2772.17959193342 -2316.37108160893 -1127.97394098372 -354.478233703349"
        " -75.1242017393757 -10.8753180355343 -1.06221498588947 -0.670191154593408E-01 -0.246781078275479E-02"
        " -0.402962525080404E-04",
        "298.084530995537 559.779865474950 466.477572127796 227.204274477751 71.6478660875927"
        " 15.2897178747400 2.23691159816033 0.221624321934227 0.142363763154724E-01 0.535617408889821E-03"
        " 0.896632837373868E-05",
        "0.334801051324544E-02 0.996727416185620",
    ),
    "wampler4": (
        5,
        "1 1 1 1 1 1",
        "215232.624678170 236355.173469681 77934.3524331583 10147.5507550350 564.566512170752 11.2324854679312",
        "236014.502379268 0.957478440825662",
    ),
}


def write(name, answer):
    with open(f"{name}.answer.json", "w") as file:
        file.write(json.dumps(answer) + "\n")


# Gauss-Jordan elimination. No pivot is 0: the matrix is positive definite.
def inverse(matrix):
    size = len(matrix)
    rows = [row + [Fraction(i == j) for j in range(size)] for i, row in enumerate(matrix)]
    for i in range(size):
        rows[i] = [value / rows[i][i] for value in rows[i]]
        for j in range(size):
            if j != i:
                rows[j] = [a - rows[j][i] * b for a, b in zip(rows[j], rows[i])]
    return [row[size:] for row in rows]


def dot(a, b):
    return sum(x * y for x, y in zip(a, b))


def fit(name, degree):
    with open(f"{name}.csv") as file:
        rows = [[Fraction(value) for value in row] for row in list(csv.reader(file))[1:]]
    y = [row[0] for row in rows]
    design = [[Fraction(1)] + [x**power for x in row[1:] for power in range(1, degree + 1)] for row in rows]
    columns = list(zip(*design))
    inverted = inverse([[dot(a, b) for b in columns] for a in columns])
    estimates = [dot(row, [dot(column, y) for column in columns]) for row in inverted]
    squares = sum((value - dot(row, estimates)) ** 2 for row, value in zip(design, y))
    mean = sum(y) / len(y)
    variance = squares / (len(y) - len(columns))
    return {
        "observations": len(y),
        "coefficients": [
            {"estimate": float(estimate), "standard_error": float(variance * inverted[n][n]) ** 0.5}
            for n, estimate in enumerate(estimates)
        ],
        "residual_standard_deviation": float(variance) ** 0.5,
        "r_squared": float(1 - squares / sum((value - mean) ** 2 for value in y)),
    }


for name, (degree, *certified) in FITS.items():
    answer = fit(name, degree)
    got = [one["estimate"] for one in answer["coefficients"]]
    got += [one["standard_error"] for one in answer["coefficients"]]
    got += [answer["residual_standard_deviation"], answer["r_squared"]]
    for value, known in zip(got, " ".join(certified).split(), strict=True):
        assert f"{value:.14e}" == f"{float(known):.14e}" or abs(value / float(known) - 1) < 2e-14, (name, value, known)
    write(name, {"fit": answer})

# The coefficients: how much of the row's commodity goes into a unit of the column's.
with open("economy.columns") as file:
    columns = [[entry.split(":") for entry in line.split()] for line in file]
used = numpy.zeros((len(columns), len(columns)))
for column, entries in enumerate(columns):
    for row, value in entries:
        used[int(row), column] = float(value)
for name, size in {"economy-half": len(columns) // 2, "economy": len(columns)}.items():
    system = numpy.eye(size) - used[:size, :size]
    output = numpy.linalg.solve(system, numpy.ones(size))
    print(name, size, "condition", numpy.linalg.cond(system, 1), "largest output", output.max())
    write(name, {"solve": {"solution": output.tolist()}})
