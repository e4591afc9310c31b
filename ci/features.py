#!/usr/bin/env python3
"""ci/features.py VERSIONS.yaml [--helpers bpf_helper_defs.h]

Writes the lists of kernels/features.json anew from the version list of the eBPF documentation
project (https://github.com/isovalent/ebpf-docs, data/feature-versions.yaml), and the helpers'
numbers from libbpf's header. What is written there by hand (behaviours, instead, causes) stays.
Needs python3-yaml.
"""

import argparse
import json
import pathlib
import re
import sys

import yaml

FEATURES = pathlib.Path(__file__).resolve().parent.parent / "kernels" / "features.json"
LISTS = ["helpers", "map_types", "program_types", "attach_types", "kfuncs"]
BY_HAND = ["behaviours", "instead", "causes"]


def helper_numbers(header):
    """bpf_map_lookup_elem -> 1, from lines like `(*bpf_map_lookup_elem)(...) = (void *) 1;`."""
    found = re.finditer(r"\(\*(bpf_\w+)\)\(.*\) = \(void \*\) ?(\d+);", header)
    return {name: int(number) for name, number in (match.groups() for match in found)}


def version_key(version):
    return tuple(int(part) for part in version.split("."))


def entry(feature, numbers):
    """One feature as it is written in the file."""
    version = str(feature["version"]).removeprefix("v")
    commit = feature["commit"]
    if not re.fullmatch(r"\d+\.\d+", version) or not re.fullmatch(r"[0-9a-f]{40}", commit):
        sys.exit(f"error: '{feature['name']}': unreadable version or commit")
    made = {"name": feature["name"], "since": version, "commit": commit[:12]}
    if numbers is not None:
        if feature["name"] not in numbers:
            sys.exit(f"error: helper '{feature['name']}': the header does not know its number")
        made = {"id": numbers[feature["name"]], **made}
    return made


def make_list(name, groups, numbers):
    """The earliest version of each name, in the order of ids or of the list."""
    made = {}
    for feature in groups[name]:
        one = entry(feature, numbers if name == "helpers" else None)
        before = made.get(one["name"])
        if before is None or version_key(one["since"]) < version_key(before["since"]):
            made[one["name"]] = one
    return sorted(made.values(), key=lambda one: one["id"]) if name == "helpers" else list(made.values())


def write_value(value):
    """One line for each entry, so that a change is one line of a diff."""
    if isinstance(value, list):
        lines = [f"    {json.dumps(one, ensure_ascii=False)}" for one in value]
        return "[\n" + ",\n".join(lines) + "\n  ]"
    if isinstance(value, dict):
        lines = [f"    {json.dumps(key)}: {json.dumps(one, ensure_ascii=False)}"
                 for key, one in value.items()]
        return "{\n" + ",\n".join(lines) + "\n  }"
    return json.dumps(value, ensure_ascii=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("versions", type=pathlib.Path)
    parser.add_argument("--helpers", type=pathlib.Path,
                        default=pathlib.Path("/usr/include/bpf/bpf_helper_defs.h"))
    options = parser.parse_args()

    groups = {group["name"]: group["features"] for group in yaml.safe_load(options.versions.read_text())}
    numbers = helper_numbers(options.helpers.read_text())
    kept = json.loads(FEATURES.read_text())
    made = {key: kept[key] for key in ("$schema", "schema", "source")}
    made |= {name: make_list(name, groups, numbers) for name in LISTS}
    made |= {key: kept[key] for key in BY_HAND}
    lines = [f"  {json.dumps(key)}: {write_value(value)}" for key, value in made.items()]
    FEATURES.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
