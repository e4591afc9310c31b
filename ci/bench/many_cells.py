#!/usr/bin/env python3
"""ci/bench/many_cells.py CELLS DIR

Makes a run directory of CELLS cells out of the outcomes of ci/measured, as many kernels and loaders
would give: each outcome again under other ids of its kernel (four of each) and other loaders. What
is to be measured on it: judge, report, and the page in a browser."""

import gzip
import json
import os
import sys

KERNELS = 4


def main():
    wanted, folder = int(sys.argv[1]), sys.argv[2]
    measured = os.path.join(os.path.dirname(__file__), "..", "measured")
    with gzip.open(os.path.join(measured, "outcomes.jsonl.gz"), "rt") as lines:
        outcomes = lines.readlines()
    os.makedirs(folder)
    os.symlink(os.path.realpath(os.path.join(measured, "kernels")), os.path.join(folder, "kernels"))
    written = 0
    with open(os.path.join(folder, "outcomes.jsonl"), "w") as out:
        copy = 0
        while written < wanted:
            for line in outcomes[: wanted - written]:
                out.write(renamed(line, copy % KERNELS, copy // KERNELS))
            written += min(len(outcomes), wanted - written)
            copy += 1


def renamed(line, kernel, loader):
    cell = json.loads(line[line.index('"cell":') + 7 :].split(",", 1)[0])
    old, case, btf, name = cell.split("/", 3)
    head, arch = old.rsplit("-", 1)
    new = f"{head}-v{kernel}-{arch}" if kernel else old
    other = f"{name}@{loader}" if loader else name
    line = line.replace(json.dumps(cell), json.dumps(f"{new}/{case}/{btf}/{other}"), 1)
    line = line.replace(f'"id":"{old}"', f'"id":"{new}"', 1)
    return line.replace(f'"loader":{{"name":"{name}"', f'"loader":{{"name":"{other}"', 1)


if __name__ == "__main__":
    main()
