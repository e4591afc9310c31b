#!/usr/bin/env python3
"""Cuts fixtures out of complete logs: cut_logs.py LOGS OUT.

LOGS holds <release>-<arch>.log files with what `bpftool -d prog loadall` printed for each program
between "@@BEGIN name.bpf.o rc=N ..." and "@@END". OUT gets one file per kernel, with one entry per
program:

    @@BEGIN name accepted | name refused STAGE ERRNO
    message: what libbpf said in the end (refused only, one line each)
    the last lines of the verifier's log
    @@END
"""
import errno
import pathlib
import re
import sys

KEPT_LINES = 12
BEGIN = re.compile(r"@@BEGIN (\S+)\.bpf\.o rc=(\d+)")


def errno_name(text):
    for pattern in (r"failed to load: -(\d+)", r"failed to create: .*\(-(\d+)\)", r": -(\d+)$"):
        for line in reversed(text):
            found = re.search(pattern, line)
            if found:
                return errno.errorcode[int(found[1])]
    return "EINVAL"  # libbpf's own "not found in kernel or module BTFs" carries none


def stage(message):
    if any("failed to create" in line for line in message):
        return "map"
    return "load" if any("failed to load: -" in line for line in message) else "relocate"


def split(lines):
    """(message, verifier log) of one program."""
    begin = next((i for i, l in enumerate(lines) if "-- BEGIN PROG LOAD LOG --" in l), None)
    end = next((i for i, l in enumerate(lines) if "-- END PROG LOAD LOG --" in l), None)
    token = max((i for i, l in enumerate(lines) if "to create BPF token" in l), default=-1)
    if begin is None or end is None:
        return [l for l in lines[token + 1:] if l.startswith("libbpf: ")], []
    message = lines[token + 1:begin] + lines[end + 1:]
    return [l for l in message if l.startswith("libbpf: ")], lines[begin + 1:end]


def entry(name, code, lines):
    message, log = split(lines)
    head = f"@@BEGIN {name} accepted"
    if code != 0:
        head = f"@@BEGIN {name} refused {stage(message)} {errno_name(message)}"
    else:
        message = []
    message = [m for m in message if "BEGIN BTF LOAD LOG" not in m][-8:]
    return [head, *("message: " + m for m in message), *log[-KEPT_LINES:], "@@END"]


def main(source, target):
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.glob("*.log")):
        out, name = [], None
        for line in path.read_text(errors="replace").split("\n"):
            begin = BEGIN.match(line)
            if begin:
                name, code, lines = begin[1], int(begin[2]), []
            elif line.startswith("@@END") and name:
                out += entry(name, code, lines)
                name = None
            elif name:
                lines.append(line)
        (target / path.name).write_text("\n".join(out) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
