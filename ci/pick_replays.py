#!/usr/bin/env python3
"""pick_replays.py DEST RUN...

Picks cells of runs for the tests of derive() (harness/cell/replay_test.cpp): on each kernel one of
every kind of outcome, the smallest that there is. For each kernel DEST gets the transcripts with the
outcomes that the run made of them, and what derive() needs beside them: the objects that have
CO-RE relocations, as much of the kernel's BTF as these look at, and as much of its facts as the
outcomes name.
"""
import gzip
import hashlib
import json
import os
import pathlib
import subprocess
import sys

LARGEST = 40_000  # bytes, packed
bpfmatrix = os.environ.get("BPFMATRIX", "build/release/bin/bpfmatrix")
store = pathlib.Path(os.environ.get("XDG_CACHE_HOME", pathlib.Path.home() / ".cache")) / "bpfmatrix"


def kind(outcome):
    """What makes one outcome another kind than the next; not by which case it came about."""
    vm = outcome["vm"]
    programs = [
        (
            program["type"],
            program["load"]["result"],
            program["load"]["errno"],
            program["load"]["source"] is not None,
            program["attach"]["result"],
            program["attach"]["errno"],
            program["run"]["arguments"],
            (program["run"]["fired"] or 0) > 0,
            tuple(sorted({(r["result"], r["cross_check"]) for r in program["relocations"]})),
        )
        for program in outcome["programs"]
    ]
    return (
        outcome["end"],
        outcome["btf"],
        outcome["embedded"]["origin"] if outcome["embedded"] else None,
        outcome["loader"]["name"],
        outcome["open"]["result"],
        outcome["relocate"]["result"],
        tuple(sorted({m["result"] for m in outcome["maps"]})),
        tuple(sorted(set(programs), key=str)),
        tuple(sorted({v["result"] for v in outcome["observed"]})),
        any(v is not None for v in outcome["privileges"].values()),
        len(vm["attempts"]),
        vm["cold_checked"],
        bool(vm["flaky"]),
    )


def has_relocations(outcome):
    return any(program["relocations"] for program in outcome["programs"])


def replayable(outcome, objects):
    """Objects of packages are not kept. Less than the whole BTF has fewer types that could have been
    meant, other ids, and none of modules."""
    if has_relocations(outcome) and outcome["object"]["sha256"] not in objects:
        return False
    return all(
        r["candidates"] <= 1 and not r["module"] and r["kind"] != "target_type_id"
        for program in outcome["programs"]
        for r in program["relocations"]
    )


def transcript_of(run, cell):
    return run / "transcripts" / (cell.replace("/", "@") + ".json.gz")


def pick(runs, objects):
    """(run, outcome) by kernel."""
    best = {}
    for run in runs:
        for line in (run / "outcomes.jsonl").open():
            outcome = json.loads(line)
            if not replayable(outcome, objects):
                continue
            size = transcript_of(run, outcome["cell"]).stat().st_size
            key = (outcome["kernel"]["id"], kind(outcome))
            if size <= LARGEST and (key not in best or size < best[key][0]):
                best[key] = (size, run, outcome)
    kernels = {}
    for (kernel, _), (_, run, outcome) in best.items():
        kernels.setdefault(kernel, []).append((run, outcome))
    return kernels


def compress(path, data):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, 9, mtime=0))


def write_cells(dest, kernel, picked):
    lines = [
        json.dumps({"outcome": outcome, "transcript": json.loads(gzip.decompress(transcript_of(run, outcome["cell"]).read_bytes()))},
                   separators=(",", ":"))
        for run, outcome in sorted(picked, key=lambda p: p[1]["cell"])
    ]
    # Paths below this folder, as anyone else has them.
    text = ("\n".join(lines) + "\n").replace(f"{pathlib.Path.cwd()}/", "")
    compress(dest / f"{kernel}.jsonl.gz", text.encode())


def write_facts(dest, picked):
    """Of each hash that an outcome names, with the symbols that any outcome names."""
    wanted = {}
    for run, outcome in picked:
        facts = outcome["kernel"]["facts"]
        if not facts:
            continue
        _, symbols = wanted.setdefault(facts, (run, set()))
        for program in outcome["programs"]:
            symbols.update(c["symbol"] for c in program["attach"]["candidates"])
    for sha256, (run, symbols) in wanted.items():
        facts = json.loads(gzip.decompress((run / "kernels" / f"{sha256}.json.gz").read_bytes()))
        names = facts["symbols"]["names"]
        facts["symbols"]["names"] = {lists: kept for lists, all_of in names.items() if (kept := [n for n in all_of if n in symbols])}
        if facts["tracepoints"] is not None:
            facts["tracepoints"] = [t for t in facts["tracepoints"] if t in symbols]
        facts["config"] = None
        compress(dest / "facts" / f"{sha256}.json.gz", (json.dumps(facts, separators=(",", ":")) + "\n").encode())


def object_files():
    """The store's compiled objects, by hash."""
    return {
        hashlib.sha256(path.read_bytes()).hexdigest(): path
        for path in (store / "compiled").rglob("*.o")
    }


def write_objects(dest, kernel, picked, objects):
    hashes = sorted({outcome["object"]["sha256"] for _, outcome in picked if has_relocations(outcome)})
    files = [objects[sha256] for sha256 in hashes if sha256 in objects]
    for sha256 in hashes:
        if sha256 in objects:
            # DWARF is most of an object, and nothing that derive() looks at.
            bare = subprocess.run(["llvm-strip", "--strip-debug", str(objects[sha256]), "-o", "-"], stdout=subprocess.PIPE, check=True)
            compress(dest / "objects" / f"{sha256}.o.gz", bare.stdout)
    if not files:
        return
    result = subprocess.run(
        [bpfmatrix, "kernels", "btf", kernel, "--min", str(files[0]), *map(str, files[1:]), "-o", "-"],
        stdout=subprocess.PIPE,
    )
    if result.returncode == 0:
        compress(dest / "btf" / f"{kernel}.btf.gz", result.stdout)


dest = pathlib.Path(sys.argv[1])
objects = object_files()
kernels = pick([pathlib.Path(run) for run in sys.argv[2:]], objects)
for kernel, picked in sorted(kernels.items()):
    write_cells(dest, kernel, picked)
    write_facts(dest, picked)
    write_objects(dest, kernel, picked, objects)
print(f"{sum(map(len, kernels.values()))} cells on {len(kernels)} kernels")
