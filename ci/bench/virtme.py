#!/usr/bin/env python3
"""How much sooner does one isolated cell say whether a program loads than virtme-ng does?

The same load in the same kernel, Debian's own 6.1 for x86_64 (the generic one: virtme-ng shares the
host's files over 9p, which cloud kernels leave out), without KVM, one processor and 512 MiB each, in
turn. virtme-ng: `vng --run ... bpftool prog load`, from its start to its end. Ours: a cell of
`bpfmatrix run --object`, BTF source none, each in a clone of its own: open, load, attach, detach, the
record written; what the run took before its first cell (finding the kernel, making its template if
there is none) is printed beside it.

    ci/bench/virtme.py [--bpfmatrix build/release/bin/bpfmatrix] [--rounds 10] [--limit 30]

Debian 12, as root: installs what virtme-ng needs, and fetches virtme-ng itself (from trixie: Debian
12 has none) and the kernel into a folder that is gone afterwards. Prints a table, then one JSON object.
Exit code 1 if a cell is less than --limit times as fast; medians.
"""

import argparse
import glob
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time

NEEDS = ["bpftool", "busybox-static", "clang", "kmod", "libbpf-dev", "python3-argcomplete",
         "python3-pkg-resources", "python3-requests", "qemu-system-x86", "udev"]
SOURCE = """
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
SEC("tracepoint/syscalls/sys_enter_getpid")
int on_getpid(void *ctx) { return 0; }
char LICENSE[] SEC("license") = "GPL";
"""
CELLS = 5  # a round: a cell is short, and its kernel is the same for all of them
TIMEOUT = 600


def output_of(argv, **options):
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, **options).stdout


def quietly(argv, **options):
    subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)


def install_needs():
    have = output_of(["dpkg-query", "-W", "-f", "${db:Status-Abbrev} ${Package}\n"])
    missing = [name for name in NEEDS if not re.search(rf"^ii +{re.escape(name)}$", have, re.M)]
    if missing:
        quietly(["apt-get", "install", "-y", "--no-install-recommends"] + missing)


def debian_mirror():
    """The one that apt has for Debian 12 itself."""
    targets = output_of(["apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)"])
    return next(line.split()[1] for line in targets.splitlines() if line.startswith("bookworm "))


def fetch_virtme(folder):
    """Unpacks the package and returns its folder; apt checks its signature as always."""
    state = os.path.join(folder, "apt")
    for name in ("lists/partial", "cache/archives/partial"):
        os.makedirs(os.path.join(state, name))
    with open(os.path.join(state, "list"), "w") as file:
        file.write("deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] "
                   f"{debian_mirror()} trixie main\n")
    apt = ["apt-get", "-o", f"Dir::Etc::sourcelist={state}/list", "-o", "Dir::Etc::sourceparts=-",
           "-o", f"Dir::State::lists={state}/lists", "-o", f"Dir::Cache={state}/cache"]
    quietly(apt + ["update"])
    return unpack(apt, "virtme-ng", folder)


def fetch_kernel(folder):
    """Debian 12's generic kernel: its folder and its release."""
    depends = output_of(["apt-cache", "depends", "linux-image-amd64"])
    package = re.search(r"Depends: (linux-image-\S+)", depends).group(1)
    root = unpack(["apt-get"], package, folder)
    release = package[len("linux-image-"):]
    quietly(["depmod", "-b", root, release])
    return root, release


def unpack(apt, package, folder):
    quietly(apt + ["download", package], cwd=folder)
    deb = glob.glob(os.path.join(folder, package + "_*.deb"))[0]
    root = os.path.join(folder, package)
    quietly(["dpkg-deb", "-x", deb, root])
    return root


def compile_objects(folder):
    source = os.path.join(folder, "small.bpf.c")
    with open(source, "w") as file:
        file.write(SOURCE)
    objects = [os.path.join(folder, f"small-{i}.o") for i in range(CELLS)]
    for path in objects:
        quietly(["clang", "-O2", "-target", "bpf", f"-I/usr/include/{platform.machine()}-linux-gnu",
                 "-c", source, "-o", path])
    return objects


class Virtme:
    def __init__(self, package, kernel, release, small):
        self.environment = dict(os.environ, PYTHONPATH=package + "/usr/lib/python3/dist-packages",
                                PATH=package + "/usr/bin:/usr/sbin:/usr/bin:/sbin:/bin")
        self.argv = ["/usr/bin/python3", package + "/usr/bin/vng", "--disable-kvm", "--run",
                     f"{kernel}/boot/vmlinuz-{release}", "--memory", "512M", "--cpus", "1", "--user",
                     "root", "--", f"bpftool prog load {small} /sys/fs/bpf/small && echo LOADED"]

    def run(self):
        """Milliseconds, or None when the program was not loaded."""
        started = time.monotonic()
        ran = subprocess.run(self.argv, env=self.environment, stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                             timeout=TIMEOUT)
        elapsed = (time.monotonic() - started) * 1000
        return elapsed if "LOADED" in ran.stdout else None


class Ours:
    def __init__(self, program, folder, kernel, release, objects):
        self.folder, self.objects, self.rounds = folder, objects, 0
        self.program = os.path.abspath(program)
        self.environment = dict(os.environ, XDG_CACHE_HOME=os.path.join(folder, "cache"))
        quietly([self.program, "kernels", "add", "generic", "--image",
                 f"{kernel}/boot/vmlinuz-{release}", "--modules", f"{kernel}/lib/modules/{release}"],
                env=self.environment)

    def run(self):
        """Of one run: its cells' milliseconds, and all of it."""
        self.rounds += 1
        out = os.path.join(self.folder, f"run-{self.rounds}")
        argv = [self.program, "run", "--kernel", "generic", "--btf", "none", "--no-cache", "--jobs",
                "1", "--accel", "tcg", "--out", out]
        for path in self.objects:
            argv += ["--object", path]
        started = time.monotonic()
        quietly(argv, env=self.environment, timeout=TIMEOUT)
        elapsed = (time.monotonic() - started) * 1000
        with open(os.path.join(out, "outcomes.jsonl")) as file:
            outcomes = [json.loads(line) for line in file]
        for outcome in outcomes:
            program = outcome["programs"][0]
            assert outcome["vm"]["cloned"] and program["load"]["result"] == "ok", outcome
            assert program["attach"]["result"] == "attached", outcome
        return [outcome["vm"]["wall_ms"] for outcome in outcomes], elapsed


def measure(options, folder):
    virtme_package = fetch_virtme(folder)
    kernel, release = fetch_kernel(folder)
    objects = compile_objects(folder)
    # virtme-ng takes modules from where its kernel would look for them.
    modules = f"/lib/modules/{release}"
    linked = not os.path.exists(modules)
    if linked:
        os.makedirs("/lib/modules", exist_ok=True)
        os.symlink(f"{kernel}/lib/modules/{release}", modules)
    try:
        virtme = Virtme(virtme_package, kernel, release, objects[0])
        ours = Ours(options.bpfmatrix, folder, kernel, release, objects)
        first_run = ours.run()[1]
        times, cells, runs = [], [], []
        for _ in range(options.rounds):
            times.append(virtme.run())
            some, run = ours.run()
            cells += some
            runs.append(run)
    finally:
        if linked:
            os.unlink(modules)
    good = [t for t in times if t is not None]
    return {"kernel": release, "rounds": options.rounds, "virtme_failed": len(times) - len(good),
            "virtme_ms": round(statistics.median(good)), "cell_ms": round(statistics.median(cells)),
            "run_of_%d_ms" % CELLS: round(statistics.median(runs)),
            "first_run_ms": round(first_run),
            "ratio": round(statistics.median(good) / statistics.median(cells), 1)}


def machine():
    version = output_of(["qemu-system-x86_64", "--version"])
    return {"host": platform.machine(), "cpus": os.cpu_count(), "qemu": version.split("\n")[0],
            "load": os.getloadavg()[0]}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--bpfmatrix", default="build/release/bin/bpfmatrix")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--limit", type=float, default=30)
    options = parser.parse_args()
    install_needs()
    with tempfile.TemporaryDirectory() as folder:
        result = measure(options, folder)
    print(f"{'kernel':20} {'virtme-ng ms':>13} {'cell ms':>8} {'ratio':>6} "
          f"{'run of %d ms' % CELLS:>12} {'first run ms':>13}")
    print(f"{result['kernel']:20} {result['virtme_ms']:13} {result['cell_ms']:8} "
          f"{result['ratio']:6} {result['run_of_%d_ms' % CELLS]:12} {result['first_run_ms']:13}")
    print(json.dumps({"benchmark": "virtme", "machine": machine(), "limit": options.limit} | result))
    return 0 if result["ratio"] >= options.limit else 1


if __name__ == "__main__":
    sys.exit(main())
