#!/usr/bin/env python3
"""Cuts fixtures out of runs: cut_failures.py OUT RUN...

Each RUN is a run directory of bpfmatrix. OUT gets <kernel>.jsonl: one line of outcomes.jsonl for
each program that failed, with that program alone in it and with the end of its log. What
another kernel has said already, but for numbers, is left out.

record.sh makes the runs.
"""
import json
import pathlib
import re
import sys

KEPT_LINES = 12
# Whether the kernel knows a map's type is told by a probe of the kernel, which no outcome holds.
BY_PROBE = {"map-type-unknown", "bloom-filter"}


REPORT = "\n\nVerification failed: "  # 7.3 explains a verdict behind it


def last_lines(text):
    if not text:
        return text
    log, report, reason = text.partition(REPORT)
    return "\n".join(log.split("\n")[-KEPT_LINES:]) + report + "\n".join(reason.split("\n")[:KEPT_LINES])


def stages(outcome, program):
    yield outcome["open"]
    yield outcome["relocate"]
    yield from outcome["maps"]
    if program:
        yield program["load"]
        yield program["attach"]


def failure(outcome, program):
    """The stage that stopped this program, or None."""
    return next((s for s in stages(outcome, program) if s["result"] == "failed"), None)


def words(stage, program):
    """What was said, without numbers: two kernels that say the same need one fixture."""
    log = (program or {}).get("load", {}).get("log_tail") or ""
    log = log.split(REPORT)[0]
    said = [l for l in log.split("\n") if not re.match(r"processed |\d+: |verification|stack d|; ", l)]
    text = "|".join([stage["errno"] or "", *said[-2:], *(stage["message"] or "").split("\n")[:1]])
    return re.sub(r"\d+", "N", text)


def cut(outcome, program):
    kept = dict(outcome, programs=[], trigger={"kind": None, "performed": [], "problem": None},
                observed=[], console_tail=None)
    kept["vm"] = dict(outcome["vm"], ready_ms=0, wall_ms=0)
    kept["maps"] = [m for m in outcome["maps"] if m["result"] == "failed"]
    if program:
        load = dict(program["load"], log=None, log_tail=last_lines(program["load"]["log_tail"]))
        kept["programs"] = [dict(program, load=load)]
    return kept


def main(target, runs):
    seen, files = set(), {}
    for run in runs:
        for line in (run / "outcomes.jsonl").read_text().splitlines():
            outcome = json.loads(line)
            if outcome["end"] != "completed":
                continue
            failed = any(m["result"] == "failed" for m in outcome["maps"])
            if failed and outcome["case"] in BY_PROBE:
                continue
            for program in outcome["programs"] or [None]:
                stage = failure(outcome, program)
                if stage is None:
                    continue
                key = (outcome["case"], (program or {}).get("name"), words(stage, program))
                if key in seen:
                    continue
                seen.add(key)
                files.setdefault(outcome["kernel"]["id"], []).append(cut(outcome, program))
    target.mkdir(parents=True, exist_ok=True)
    for kernel, kept in files.items():
        text = "".join(json.dumps(o, ensure_ascii=False) + "\n" for o in kept)
        (target / f"{kernel}.jsonl").write_text(text)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), [pathlib.Path(a) for a in sys.argv[2:]])
