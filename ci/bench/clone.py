#!/usr/bin/env python3
"""How much sooner is a clone ready than a booted machine, and what does it cost in memory?

Both from the start of QEMU until the agent has spoken, same kernel, same arguments, in turn. And, as
"woken", what a cell of a run waits for its clone, from when it is needed: its QEMU is started while
the cell before is running.

    ci/bench/clone.py --clone-bench build/release/bin/clone_bench \\
        --kernel x86_64:VMLINUZ:MODULES --kernel aarch64:VMLINUZ:MODULES [--rounds 10]

Prints a table, then one JSON object. Exit code 1 if a clone takes more than --limit-ms (100), is woken
less than --limit-ratio (25) times sooner, or has more than --limit-mib (60) for itself alone; medians.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys

TIMEOUT = 3600


def measure(options, arch, kernel, modules):
    argv = [options.clone_bench, arch, kernel, str(options.rounds)] + ([modules] if modules else [])
    output = subprocess.run(argv, stdout=subprocess.PIPE, timeout=TIMEOUT, check=True).stdout
    row = json.loads(output)
    for name in ("cold_ms", "clone_ms", "woken_ms", "cold_cpu_ms", "clone_cpu_ms", "clone_private_kib"):
        row["median_" + name] = statistics.median(row[name])
    row["ratio"] = round(row["median_cold_ms"] / row["median_clone_ms"], 1)
    row["woken_ratio"] = round(row["median_cold_ms"] / row["median_woken_ms"], 1)
    row["cpu_ratio"] = round(row["median_cold_cpu_ms"] / row["median_clone_cpu_ms"], 1)
    return row


def machine():
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True)
    return {"host": platform.machine(), "cpus": os.cpu_count(), "qemu": version.stdout.split("\n")[0],
            "load": os.getloadavg()[0]}


def is_good(options, row):
    return (row["median_clone_ms"] <= options.limit_ms and row["woken_ratio"] >= options.limit_ratio and
            row["median_clone_private_kib"] <= options.limit_mib * 1024)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--clone-bench", required=True)
    parser.add_argument("--kernel", action="append", required=True, metavar="ARCH:IMAGE[:MODULES]")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--limit-ms", type=float, default=100)
    parser.add_argument("--limit-ratio", type=float, default=25)
    parser.add_argument("--limit-mib", type=float, default=60)
    options = parser.parse_args()
    rows = []
    print(f"{'kernel':30} {'cold ms':>8} {'clone ms':>9} {'min':>5} {'ratio':>6} "
          f"{'woken ms':>9} {'ratio':>6} {'cold cpu':>9} "
          f"{'clone cpu':>10} {'ratio':>6} {'private MiB':>12} "
          f"{'template MiB':>13} {'made in ms':>11}")
    for text in options.kernel:
        arch, kernel, *modules = text.split(":")
        row = measure(options, arch, kernel, modules[0] if modules else None)
        rows.append(row)
        print(f"{row['release'] + ' ' + arch:30} {row['median_cold_ms']:8.0f} "
              f"{row['median_clone_ms']:9.0f} {min(row['clone_ms']):5} {row['ratio']:6.1f} "
              f"{row['median_woken_ms']:9.0f} {row['woken_ratio']:6.1f} "
              f"{row['median_cold_cpu_ms']:9.0f} {row['median_clone_cpu_ms']:10.0f} "
              f"{row['cpu_ratio']:6.1f} {row['median_clone_private_kib'] / 1024:12.1f} "
              f"{row['template_bytes'] / 2**20:13.1f} {row['template_ms']:11}", flush=True)
    print(json.dumps({"benchmark": "clone", "machine": machine(), "kernels": rows}))
    return 0 if all(is_good(options, row) for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
