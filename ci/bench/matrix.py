#!/usr/bin/env python3
"""What does a whole matrix take: with no template there, with all of them, and when nothing changed?

    ci/bench/matrix.py [--bin build/release/bin] [--kernel GLOB... | --default-matrix] [--rounds 10]

Runs the whole suite on the kernels (default: 'debian-*', which must have been fetched) or on the
default matrix, of which then all kernels must be in the store, three times
in a store of its own that shares the kernels with the user's: cold (no template, no compiled case, no
outcome), warm (templates and cases are there, --no-cache), cached (unchanged after the first). Says of
each how long it took and how busy it kept the processors, and of the warm one per architecture what
cells took: the wall clock, the loader's own part of it by the guest's clock, and the rest, which is
what isolation costs. That is compared with a cold boot of Debian's 6.1 to our agent under the same
conditions: as many at a time as cells in a run, one for each processor. In the loader's own work,
reading the kernel's BTF is what BTF source kernel takes longer than none, for cases that have both.

Prints tables, then one JSON object. Exit code 1 if a warm run keeps the processors busy less than
--busy (0.85), isolation costs more than 1/--cold-ratio (15) of a cold boot, or a cached run takes more
than --cached-s (3).
"""

import argparse
import collections
import concurrent.futures
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

SHARED = ("kernels", "trees", "packages", "blobs", "facts", "accel")


def median(values):
    return statistics.median(values) if values else None


def user_store():
    return os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache")) + "/bpfmatrix"


def linked_store(folder):
    """The user's kernels and what is known of them, as hard links; nothing that a run makes."""
    user = user_store()
    store = os.path.join(folder, "bpfmatrix")
    os.mkdir(store)
    for name in SHARED:
        if os.path.exists(f"{user}/{name}"):
            shutil.copytree(f"{user}/{name}", f"{store}/{name}", symlinks=True,
                            copy_function=lambda a, b: os.link(a, b, follow_symlinks=False))
    return folder


def processor_seconds():
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Runs:
    def __init__(self, options, folder):
        self.options, self.folder = options, folder
        self.environment = dict(os.environ, XDG_CACHE_HOME=linked_store(folder))
        self.environment.pop("CI", None)  # no cold checks

    def run(self, name, *flags):
        out = os.path.join(self.folder, "run-" + name)
        argv = [self.options.bin + "/bpfmatrix", "run", "--accel", "tcg", "--out", out, *flags]
        for kernel in self.options.kernel:
            argv += ["--kernel", kernel]
        before, started = processor_seconds(), time.monotonic()
        code = subprocess.run(argv, env=self.environment, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL).returncode
        wall = time.monotonic() - started
        if code not in (0, 3):
            raise SystemExit(f"error: the {name} run ended with {code}")
        with open(os.path.join(out, "outcomes.jsonl")) as file:
            outcomes = [json.loads(line) for line in file]
        busy = (processor_seconds() - before) / wall / os.cpu_count()
        row = {"run": name, "cells": len(outcomes), "wall_s": round(wall, 1), "busy": round(busy, 3),
               "known": sum(o["vm"]["cached"] for o in outcomes)}
        return row, outcomes


def cells_of(outcomes, arch):
    return [o for o in outcomes if o["kernel"]["arch"] == arch and o["vm"]["cloned"] and
            o["vm"]["loader_ms"] is not None]


def btf_cost(cells):
    """What libbpf's cells take longer with the kernel's BTF than with none."""
    took = collections.defaultdict(dict)
    for o in cells:
        if o["loader"]["name"] == "libbpf" and o["kernel"]["btf"]["present"]:
            took[(o["kernel"]["id"], o["case"])][o["btf"]] = o["vm"]["loader_ms"]
    return median([t["kernel"] - t["none"] for t in took.values() if len({"kernel", "none"} & t.keys()) == 2])


def summary(outcomes, arch, cold_ms):
    cells = cells_of(outcomes, arch)
    isolation = median([o["vm"]["wall_ms"] - o["vm"]["loader_ms"] for o in cells])
    return {"arch": arch, "cells": len(cells),
            "ready_ms": median([o["vm"]["ready_ms"] for o in cells]),
            "wall_ms": median([o["vm"]["wall_ms"] for o in cells]),
            "loader_ms": median([o["vm"]["loader_ms"] for o in cells]),
            "isolation_ms": isolation, "btf_ms": btf_cost(cells), "cold_ms": cold_ms,
            "cold_ratio": round(cold_ms / isolation, 1)}


def boot_cold(options, arch):
    kernel = os.path.join(user_store(), "kernels", f"debian-6.1-{arch}")
    argv = [options.bin + "/boot_bench", arch, kernel + "/vmlinuz", kernel + "/modules"]
    return float(subprocess.run(argv, stdout=subprocess.PIPE, check=True).stdout.split()[0])


def cold_boots(options):
    """The median by architecture, every processor busy with one."""
    archs = ["x86_64", "aarch64"] * options.rounds
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        took = list(pool.map(lambda arch: boot_cold(options, arch), archs))
    return {arch: median(took[i::2]) for i, arch in enumerate(archs[:2])}


def machine():
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True)
    return {"host": platform.machine(), "cpus": os.cpu_count(), "qemu": version.stdout.split("\n")[0],
            "load": os.getloadavg()[0]}


def is_good(options, runs, archs):
    return (runs["warm"]["busy"] >= options.busy and runs["cached"]["wall_s"] <= options.cached_s and
            all(a["cold_ratio"] >= options.cold_ratio for a in archs))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bin", default="build/release/bin")
    kernels = parser.add_mutually_exclusive_group()
    kernels.add_argument("--kernel", action="append", metavar="GLOB")
    kernels.add_argument("--default-matrix", action="store_true")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--busy", type=float, default=0.85)
    parser.add_argument("--cold-ratio", type=float, default=15)
    parser.add_argument("--cached-s", type=float, default=3)
    options = parser.parse_args()
    options.kernel = [] if options.default_matrix else options.kernel or ["debian-*"]
    where = machine()
    cold = cold_boots(options)
    with tempfile.TemporaryDirectory() as folder:
        bench = Runs(options, folder)
        first = bench.run("cold")[0]
        cached = bench.run("cached")[0]
        warm, outcomes = bench.run("warm", "--no-cache")
    runs = {row["run"]: row for row in (first, warm, cached)}
    archs = [summary(outcomes, arch, cold[arch]) for arch in ("x86_64", "aarch64")
             if cells_of(outcomes, arch)]
    print(f"{'run':8} {'cells':>6} {'known':>6} {'seconds':>8} {'busy':>6}")
    for row in runs.values():
        print(f"{row['run']:8} {row['cells']:6} {row['known']:6} {row['wall_s']:8} {row['busy']:6}")
    print(f"\n{'clones':8} {'cells':>6} {'ready ms':>9} {'wall ms':>8} {'loader ms':>10} "
          f"{'the rest':>9} {'BTF ms':>7} {'cold boot':>10} {'ratio':>6}")
    for row in archs:
        print(f"{row['arch']:8} {row['cells']:6} {row['ready_ms']:9} {row['wall_ms']:8} "
              f"{row['loader_ms']:10} {row['isolation_ms']:9} {row['btf_ms'] or '-':>7} "
              f"{row['cold_ms']:10.0f} {row['cold_ratio']:6}")
    print(json.dumps({"benchmark": "matrix", "machine": where, "runs": runs, "clones": archs}))
    return 0 if is_good(options, runs, archs) else 1


if __name__ == "__main__":
    sys.exit(main())
