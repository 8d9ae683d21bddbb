# Writes the matrix MBEACXC, as CSparse keeps it (a line "row column value" for each entry), as one line for each column.
import sys

columns = {}
with open(sys.argv[1]) as file:
    for line in file:
        row, column, value = line.split()
        columns.setdefault(int(column), []).append((int(row), value))
size = 1 + max(max(columns), max(row for entries in columns.values() for row, _ in entries))
with open("economy.columns", "w") as file:
    for column in range(size):
        print(*(f"{row}:{value.removeprefix('0')}" for row, value in sorted(columns.get(column, []))), file=file)
