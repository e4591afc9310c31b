#!/usr/bin/env python3
"""How much slower than a bare boot is a boot to our agent?

Bare: qemu -kernel -initrd with a static init that prints a line, same kernel, same machine type, the
distribution's default arguments. Ours: boot_bench, with our arguments, modules and agent. Both from the
start of QEMU; the two alternate in one run, so that a busy machine hits both.

    ci/bench/boot_ratio.py --boot-bench build/release/bin/boot_bench \\
        --kernel x86_64:VMLINUZ:MODULES --kernel aarch64:VMLINUZ:MODULES [--rounds 10]

Prints a table, then one JSON object. Exit code 1 if a ratio is above --limit (1.3).
"""

import argparse
import json
import os
import platform
import select
import signal
import statistics
import subprocess
import sys
import tempfile
import time

LINE = b"bare-init-is-up"
TIMEOUT = 120
INIT = """
#include <sys/reboot.h>
#include <unistd.h>
int main(void) { if (write(1, "%s\\n", %d)) {} reboot(RB_POWER_OFF); for (;;) pause(); }
""" % (LINE.decode(), len(LINE) + 1)

# Per architecture: how to compile the init, and what a person would type to boot it.
ARCHES = {
    "x86_64": ("x86_64-linux-gnu-gcc",
               ["qemu-system-x86_64", "-machine", "q35"], "console=ttyS0"),
    "aarch64": ("aarch64-linux-gnu-gcc",
                ["qemu-system-aarch64", "-machine", "virt", "-cpu", "cortex-a72"], "console=ttyAMA0"),
}


def newc(path, mode, content=b"", device=(0, 0)):
    """One entry of a cpio archive."""
    name = path.encode() + b"\0"
    fields = [1, mode, 0, 0, 1, 0, len(content), 0, 0, *device, len(name), 0]
    record = b"070701" + b"".join(b"%08X" % field for field in fields) + name
    record += b"\0" * (-len(record) % 4)
    return record + content + b"\0" * (-len(content) % 4)


def bare_initramfs(arch, folder):
    source, binary = os.path.join(folder, "init.c"), os.path.join(folder, "init." + arch)
    with open(source, "w") as file:
        file.write(INIT)
    subprocess.run([ARCHES[arch][0], "-O2", "-static", "-o", binary, source], check=True)
    with open(binary, "rb") as file:
        init = file.read()
    path = os.path.join(folder, "initramfs." + arch)
    with open(path, "wb") as file:
        file.write(newc("dev", 0o040755) + newc("dev/console", 0o020600, device=(5, 1)) +
                   newc("init", 0o100755, init) + newc("TRAILER!!!", 0))
    return path


def bare_boot(arch, kernel, initramfs):
    """Milliseconds to the init's line, or None when the kernel did not get there."""
    _, qemu, console = ARCHES[arch]
    argv = qemu + ["-m", "512", "-nodefaults", "-display", "none", "-nic", "none", "-serial", "stdio",
                   "-no-reboot", "-kernel", kernel, "-initrd", initramfs,
                   "-append", console + " panic=-1"]
    started = time.monotonic()
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL)
    text, elapsed = b"", None
    while time.monotonic() - started < TIMEOUT:
        if not select.select([process.stdout], [], [], 1)[0]:
            continue
        block = os.read(process.stdout.fileno(), 65536)
        text = text[-100:] + block
        if LINE in text:
            elapsed = (time.monotonic() - started) * 1000
        if elapsed or not block:
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    return elapsed


def our_boot(boot_bench, arch, kernel, modules):
    result = subprocess.run([boot_bench, arch, kernel] + ([modules] if modules else []),
                            stdout=subprocess.PIPE, timeout=2 * TIMEOUT)
    return float(result.stdout.split()[0]) if result.returncode == 0 else None


def measure(options, arch, kernel, modules, folder):
    initramfs = bare_initramfs(arch, folder)
    bare, ours = [], []
    for _ in range(options.rounds):
        bare.append(bare_boot(arch, kernel, initramfs))
        ours.append(our_boot(options.boot_bench, arch, kernel, modules))
    row = {"arch": arch, "kernel": os.path.basename(os.path.realpath(kernel)), "rounds": options.rounds}
    for name, times in (("bare", bare), ("ours", ours)):
        good = [t for t in times if t is not None]
        row[name + "_ms"] = round(statistics.median(good)) if good else None
        row[name + "_min_ms"] = round(min(good)) if good else None
        row[name + "_failed"] = len(times) - len(good)
    both = row["bare_ms"] and row["ours_ms"]
    row["ratio"] = round(row["ours_ms"] / row["bare_ms"], 3) if both else None
    return row


def machine():
    version = subprocess.run(["qemu-system-x86_64", "--version"], stdout=subprocess.PIPE, text=True)
    return {"host": platform.machine(), "cpus": os.cpu_count(), "qemu": version.stdout.split("\n")[0],
            "load": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--boot-bench", required=True)
    parser.add_argument("--kernel", action="append", required=True, metavar="ARCH:IMAGE[:MODULES]")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--limit", type=float, default=1.3)
    options = parser.parse_args()
    rows = []
    print(f"{'kernel':44} {'bare ms':>8} {'ours ms':>8} {'ratio':>6}  failed bare/ours")
    with tempfile.TemporaryDirectory() as folder:
        for text in options.kernel:
            arch, kernel, *modules = text.split(":")
            row = measure(options, arch, kernel, modules[0] if modules else None, folder)
            rows.append(row)
            print(f"{row['kernel']:44} {row['bare_ms'] or '-':>8} {row['ours_ms'] or '-':>8} "
                  f"{row['ratio'] or '-':>6}  {row['bare_failed']}/{row['ours_failed']}", flush=True)
    print(json.dumps({"benchmark": "boot_ratio", "machine": machine(), "limit": options.limit,
                      "kernels": rows}))
    good = all(row["ratio"] is not None and row["ratio"] <= options.limit for row in rows)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
