# SPDX-License-Identifier: Apache-2.0
"""results.py FOLDER: prints what was checked as a table; exits with 1 unless every difference is at most 1e-5."""
import csv
import pathlib
import sys

TOLERANCE = 1e-5


def difference(actual, expected):
    """The largest difference, relative to the largest number expected."""
    import numpy
    if actual.shape != expected.shape:
        return float('inf')
    return float(numpy.abs(actual.astype('f8') - expected).max() / numpy.abs(expected).max())


def append(folder, rows):
    """Adds rows of (file, what read it, difference)."""
    with open(pathlib.Path(folder) / 'results.tsv', 'a') as file:
        csv.writer(file, delimiter='\t', lineterminator='\n').writerows(rows)


def main(folder):
    with open(pathlib.Path(folder) / 'results.tsv') as file:
        rows = list(csv.reader(file, delimiter='\t'))
    failed = 0
    width = max(len(row[0]) for row in rows)
    print(f"{'file':<{width}}  {'read by':<12}  difference")
    for path, reader, value in sorted(rows):
        good = float(value) <= TOLERANCE
        failed += not good
        print(f"{path:<{width}}  {reader:<12}  {float(value):.1e}{'' if good else '  TOO LARGE'}")
    print(f'{len(rows) - failed} passed, {failed} failed')
    return 1 if failed or not rows else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))
