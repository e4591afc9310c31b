#!/usr/bin/env python3
"""fuzz_seeds.py DEST

What each fuzz target begins with, in DEST/TARGET/: made out of the fixtures of the tests, the cases
and the documentation, so none of it is kept twice. Some targets bring more along themselves (their
option --seeds). DEST/TARGET.dict lists words that occur in the seeds of targets that read text.
"""
import base64
import bz2
import glob
import gzip
import hashlib
import io
import json
import lzma
import pathlib
import re
import struct
import subprocess
import sys
import tarfile
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPLAYS = ROOT / "harness/cell/testdata/replays"
LARGEST = 32 << 10
# Those whose words a mutation should know.
TEXTS = ["apt_index", "case", "condition", "kernel_facts", "loader_record", "outcome", "transcript", "verifier_log"]
WORDS = 1500


class Seeds:
    def __init__(self, dest):
        self.dest = pathlib.Path(dest)

    def add(self, target, content):
        content = content.encode() if isinstance(content, str) else content
        if not content or len(content) > LARGEST:
            return
        folder = self.dest / target
        folder.mkdir(parents=True, exist_ok=True)
        (folder / hashlib.sha256(content).hexdigest()[:16]).write_bytes(content)

    def write_dictionary(self, target):
        words = {}
        for file in sorted((self.dest / target).iterdir()):
            for word in re.findall(rb'"[^"\\\n]{1,40}"|[A-Za-z_][A-Za-z_0-9.-]{2,30}', file.read_bytes()):
                words[word] = words.get(word, 0) + 1
        often = sorted(words, key=lambda word: (-words[word], word))[:WORDS]
        escaped = ["".join(chr(b) if 32 <= b < 127 and b not in b'"\\' else f"\\x{b:02x}" for b in word) for word in often]
        (self.dest / f"{target}.dict").write_text("".join(f'"{word}"\n' for word in escaped))


def unpacked(pattern):
    return [(file, gzip.decompress(file.read_bytes())) for file in sorted(REPLAYS.glob(pattern))]


def compiled(work):
    """Objects of the tests of elf/ and core/: name and bytes."""
    made = {}
    for source in sorted((ROOT / "harness/elf/testdata").glob("*.bpf.c")):
        output = work / source.name.removesuffix(".bpf.c")
        command = ["clang", "-target", "bpf", "-O2", "-g", f"-I{work}", "-c", source, "-o", output]
        if subprocess.run(command, capture_output=True).returncode == 0:  # some include a generated header
            subprocess.run(["llvm-strip", "-g", output], check=True)
            made[output.name] = output.read_bytes()
    return made


def section(work, content, name):
    (work / "object").write_bytes(content)
    command = ["llvm-objcopy", f"--dump-section={name}={work}/section", work / "object", "/dev/null"]
    ran = subprocess.run(command, capture_output=True)
    return (work / "section").read_bytes() if ran.returncode == 0 else b""


def with_section(work, content, name, added):
    (work / "object").write_bytes(content)
    (work / "section").write_bytes(added)
    command = ["llvm-objcopy", f"--add-section={name}={work}/section", work / "object", work / "more"]
    subprocess.run(command, check=True)
    return (work / "more").read_bytes()


def add_objects(seeds, work):
    objects = compiled(work)
    kernels = [content for _, content in unpacked("btf/*.btf.gz")]
    kept = [content for _, content in unpacked("objects/*.o.gz")]
    for content in list(objects.values()) + kept:
        seeds.add("object", content)
        for target in ["btf", "vmlinux_h"]:
            seeds.add(target, section(work, content, ".BTF"))
    for target in ["btf", "vmlinux_h"]:
        for content in kernels:
            seeds.add(target, content)
    for content in kept:
        seeds.add("relocation", with_section(work, content, ".kernel", kernels[0]))
    for local, kernel in [("core_local", "core_target"), ("core_specs", "core_types"), ("core_module_local", "core_module")]:
        if local in objects and kernel in objects:
            types = section(work, objects[kernel], ".BTF")
            seeds.add("relocation", with_section(work, objects[local], ".kernel", types))
    for content in objects.values():
        seeds.add("relocation", content)
    module = with_section(work, kept[0], ".modinfo", b"name=veth\0depends=a,b-c\0license=GPL\0")
    for content in [module, gzip.compress(module), lzma.compress(module)]:
        seeds.add("module", content)


def packed(content):
    """In every way that Python knows; lz4 and zstd also have blocks that are not compressed."""
    zstd = b"\x28\xb5\x2f\xfd\xa0" + struct.pack("<I", len(content)) + struct.pack("<I", len(content) << 3 | 1)[:3]
    lz4 = b"\x04\x22\x4d\x18\x60\x40\x82" + struct.pack("<I", len(content) | 1 << 31)
    return [
        gzip.compress(content),
        bz2.compress(content),
        lzma.compress(content),
        lzma.compress(content, format=lzma.FORMAT_ALONE),
        zstd + content,
        lz4 + content + bytes(4),
    ]


def bzimage(payload):
    image = bytearray(1024)
    image[0x1F1] = 1
    image[0x1FE:0x208] = b"\x55\xaa\0\0HdrS\x0f\x02"
    image[0x236] = 1
    size = b"" if payload.startswith(b"\x1f\x8b") else b"SIZE"
    image[0x24C:0x250] = struct.pack("<I", len(payload + size))
    return bytes(image) + payload + size


def zboot(payload):
    header = b"MZ\0\0zimg" + struct.pack("<II", 64, len(payload)) + bytes(8) + b"gzip"
    return header.ljust(64, b"\0") + payload


def add_images(seeds):
    banner = b"Linux version 6.1.0-50-cloud-amd64 (me) #1 SMP\n\0"
    config = b"IKCFG_ST" + gzip.compress(b"CONFIG_BPF=y\nCONFIG_HZ=250\n") + b"IKCFG_ED"
    btf = unpacked("btf/debian-6.1-x86_64.btf.gz")[0][1]
    elf = b"\x7fELF\2\1\1" + bytes(9) + struct.pack("<HHI", 2, 62, 1)
    flat = bytes(56) + b"ARM\x64" + bytes(4) + banner + config + btf
    for payload in packed(flat):
        seeds.add("kernel_image", payload)
        seeds.add("kernel_image", zboot(payload))
    for payload in packed(elf.ljust(64, b"\0") + banner + config + btf):
        seeds.add("kernel_image", bzimage(payload))
    seeds.add("kernel_image", flat)


def tarball(kind):
    """One of each sort of entry."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w", format=kind) as tar:
        for name, sort, target in [
            ("linux-5.8/Makefile", tarfile.REGTYPE, ""),
            ("linux-5.8/" + "deep/" * 30 + "name", tarfile.REGTYPE, ""),
            ("linux-5.8/scripts", tarfile.DIRTYPE, ""),
            ("linux-5.8/link", tarfile.SYMTYPE, "scripts/../Makefile"),
            ("linux-5.8/out", tarfile.SYMTYPE, "../../out"),
            ("linux-5.8/hard", tarfile.LNKTYPE, "linux-5.8/Makefile"),
            ("linux-5.8/device", tarfile.CHRTYPE, ""),
        ]:
            entry = tarfile.TarInfo(name)
            entry.type, entry.linkname, entry.size = sort, target, 5 if sort == tarfile.REGTYPE else 0
            tar.addfile(entry, io.BytesIO(b"text\n"))
    return made.getvalue()


def sparse_tarball(work):
    """Three bytes between holes, in each format that tar has for it."""
    with open(work / "holes", "wb") as file:
        file.seek(100_000)
        file.write(b"abc")
        file.truncate(300_000)
    for version in ["0.0", "0.1", "1.0"]:
        command = ["tar", "-C", work, "--sparse", f"--sparse-version={version}", "--format=posix", "-cf", "-", "holes"]
        yield subprocess.run(command, check=True, capture_output=True).stdout


def ar(members):
    made = b"!<arch>\n"
    for name, content in members:
        made += f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
        made += content + b"\n" * (len(content) % 2)
    return made


def cpio(entries):
    made = b""
    for name, mode, content in entries + [("TRAILER!!!", 0, b"")]:
        numbers = [1, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(name) + 1, 0]
        header = "070701" + "".join(f"{number:08x}" for number in numbers) + name + "\0"
        made += header.encode().ljust((len(header) + 3) // 4 * 4, b"\0")
        made += content.ljust((len(content) + 3) // 4 * 4, b"\0")
    return made


def rpm(payload):
    header = b"\x8e\xad\xe8\x01" + bytes(12)
    return b"\xed\xab\xee\xdb\x03\0".ljust(79, b"\0") + b"\5" + bytes(16) + header + header + payload


def add_archives(seeds, work):
    tars = [tarball(kind) for kind in [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]]
    tars += list(sparse_tarball(work))
    for tar in tars:
        seeds.add("archive", tar)
        for content in packed(tar):
            seeds.add("archive", content)
            seeds.add("archive", ar([("debian-binary", b"2.0\n"), ("control.tar", b""), ("data.tar.xz", content)]))
    files = cpio([("./lib", 0o40755, b""), ("./lib/modules/a", 0o100644, b"text"), ("./link", 0o120777, b"/etc")])
    seeds.add("archive", files)
    for content in [files] + packed(files):
        seeds.add("archive", rpm(content))


def add_index(seeds):
    sha256 = hashlib.sha256(b"").hexdigest()
    release = (
        "Origin: Debian\nSuite: stable\nCodename: bookworm\nDate: Sat, 11 Jul 2026 10:16:37 UTC\n"
        "Valid-Until: Sat, 18 Jul 2026 10:16:37 UTC\nAcquire-By-Hash: yes\nSHA256:\n"
        f" {sha256} 100 main/binary-amd64/Packages.xz\n {sha256} 0 main/binary-arm64/Packages\n"
    )
    packages = (
        "Package: linux-image-amd64\nVersion: 6.1.176-1\nArchitecture: amd64\nSize: 1\n"
        "Depends: linux-image-6.1.0-50-amd64 (= 6.1.176-1), kmod | busybox:any (>= 1:2~rc1) [amd64]\n"
        f"Filename: pool/main/l/a.deb\nSHA256: {sha256}\n\n"
    )
    for content in [release, packages, packages + packages.replace("6.1.176-1", "1:7.0~rc1-2"), "1.0~rc1-1\n1:0.1"]:
        seeds.add("apt_index", content)
    for content in packed(packages.encode()):
        seeds.add("apt_index", content)
    for key in sorted((ROOT / "kernels/keys").glob("*.asc")):
        seeds.add("signature", key.read_bytes())
        base64_text = "".join(key.read_text().split("\n\n", 1)[1].split("\n=", 1)[0].split())
        seeds.add("signature", base64.b64decode(base64_text))
        seeds.add("signature", base64_text)
        block = key.read_text().replace("PUBLIC KEY BLOCK", "SIGNATURE")
        seeds.add("signature", f"-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{release}{block}")


def inventory(lines):
    """What the kernel would list of the programs and maps that a loader speaks of."""
    said = [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]
    names = {kind: [line["name"][:15] for line in said if line["event"] == kind] for kind in ["program", "map"]}
    programs = [{"id": i, "type": 2, "name": name, "run_cnt": 1} for i, name in enumerate(names["program"], 1)]
    maps = list(range(1, len(names["map"]) + 1))
    links = [{"id": program["id"], "type": 7, "program": program["id"]} for program in programs]
    return json.dumps({"programs": programs, "maps": maps, "links": links, "attached": [1], "attached_whole": True})


def add_replays(seeds):
    for _, text in unpacked("*.jsonl.gz"):
        for number, line in enumerate(text.splitlines()[::3]):
            replay = json.loads(line)
            if number % 4 == 0:
                seeds.add("transcript", json.dumps(replay["transcript"]))
                seeds.add("outcome", json.dumps(replay["outcome"]) + "\n")
            for attempt in replay["transcript"]["attempts"]:
                sha256 = replay["transcript"]["inputs"]["object"]["sha256"] or ""
                kept = (REPLAYS / "objects" / f"{sha256}.o.gz").exists()
                seeds.add("loader_record", "\n".join([sha256] * kept + attempt["lines"]))
                seeds.add("loader_record", "\n".join([inventory(attempt["lines"])] + attempt["lines"]))
    for _, text in unpacked("facts/*.json.gz"):
        facts = json.loads(text)
        facts["helpers"] = dict(list(facts["helpers"].items())[:2])
        facts["probed"] = {group: dict(list(names.items())[:3]) for group, names in facts["probed"].items()}
        seeds.add("kernel_facts", json.dumps(facts))


def add_failures(seeds):
    for file in sorted((ROOT / "harness/analysis/testdata/failures").glob("*.jsonl")):
        for line in file.read_text().splitlines():
            seeds.add("outcome", line + "\n")
    for file in sorted((ROOT / "harness/analysis/testdata/kernels").glob("*.log")):
        for begin, log in re.findall(r"^@@BEGIN (.*)\n((?:.*\n)*?)@@END", file.read_text(), re.M):
            seeds.add("verifier_log", f"{begin.split()[-1]}\n{log}")
    for line in (ROOT / "harness/analysis/testdata/wording.tsv").read_text().splitlines()[2:]:
        columns = line.split("\t")
        seeds.add("verifier_log", f"{columns[1].split(' ')[0]}\n{columns[2]}\n")


def add_kernel(seeds):
    answers = [
        {"probed": "fentry", "group": "behaviour", "answer": "yes", "errno": None},
        {"probed": "BPF_MAP_TYPE_ARENA", "group": "map_type", "answer": "no", "errno": "EINVAL"},
        {"helpers_of": "BPF_PROG_TYPE_XDP", "allowed": [1, 2], "unknown": [211]},
        {"helper_count": 211},
        {"number": "page_bytes", "value": 4096},
        {"done": True},
    ]
    seeds.add("kernel_facts", "\n".join(json.dumps(answer) for answer in answers))
    seeds.add("kernel_facts", "ffffffff81000000 T sys_connect\nffffffffc0000000 t veth_open\t[veth]\n")
    seeds.add("kernel_facts", "sys_connect\nveth_open [veth]\n0xffffffff81001020-0xffffffff81001030\tname\n")
    seeds.add("kernel_facts", "CONFIG_BPF=y\nCONFIG_HZ=250\nCONFIG_LSM=\"bpf,yama\"\n# CONFIG_X is not set\n")


def add_cases(seeds):
    conditions = []
    for name in sorted(glob.glob(f"{ROOT}/**/case.json", recursive=True)):
        if "/build/" in name:
            continue
        text = pathlib.Path(name).read_text()
        seeds.add("case", text)
        seeds.add("text", text)
        case = json.loads(text)
        conditions += [rule["when"] for rule in case.get("expect", []) if "when" in rule]
        if "cflags" in case:
            seeds.add("condition", "\n".join(case["cflags"]))
    for condition in conditions:
        seeds.add("condition", condition)
    seeds.add("condition", "\n".join(conditions[:4]))
    for file in (ROOT / "ci/matrices").glob("*.json"):
        seeds.add("case", file.read_bytes())
    seeds.add("text", "6.1.0-50-cloud-amd64")
    seeds.add("text", '["\\u202e\\u0000", -1, 18446744073709551615, 1e300, "\u200b\u00e4\U0001f600", null, {"a\\\\x41": false}]')


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__.splitlines()[0])
    seeds = Seeds(sys.argv[1])
    with tempfile.TemporaryDirectory() as work:
        add_objects(seeds, pathlib.Path(work))
        add_archives(seeds, pathlib.Path(work))
    add_images(seeds)
    add_index(seeds)
    add_replays(seeds)
    add_failures(seeds)
    add_kernel(seeds)
    add_cases(seeds)
    for target in TEXTS:
        seeds.write_dictionary(target)


main()
