#!/usr/bin/env python3
"""./dev lint: checks the rules of the house that a machine can check.

    lint.py [--headers] [--counts FILE] [PATH...]

PATHs limit what is reported. Exit code 1 on errors; warnings only inform. A finding is accepted by
`// lint: RULE-ok why` on its line or the one above.
"""
import argparse
import json
import pathlib
import re
import subprocess
import sys

import coroutines
import headers
import layers
import rfc
import shape
from source import Finding, SourceFile

ROOT = pathlib.Path(__file__).resolve().parents[2]
_TEXT_SUFFIXES = {".h", ".cpp", ".md", ".py", ".sh", ".txt", ".toml", ".json", ".cmake", ".sql", ".ts", ".tsx", ".css",
                  ".html", ".t", ".service", ".yml", ".yaml", ".conf", ".tsv", ""}
_RFC_SUFFIXES = {".h", ".cpp", ".md", ".py", ".t", ".sql", ".ts", ".tsx"}
# Spelled in pieces, so that this file does not hold what it looks for.
_LOCAL = re.compile("|".join([
    r"(?<![\w.])/" + r"work/(?:main|wt|shared|steering)", r"(?<![\w.])/" + r"tmp/brief", r"(?<![\w.])/" + "farm/",
    r"registry\." + r"npmjs\.org", r"deb\." + r"debian\.org", r"pypi\." + r"org", r"crates\." + r"io/",
    r"proxy\." + r"golang\.org",
]))


def tracked_files():
    """What git knows or would add, that is there."""
    listed = subprocess.run(["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, check=True, capture_output=True)
    names = listed.stdout.decode().split("\0")
    return [n for n in names if n and (ROOT / n).is_file()]


def read(name):
    return (ROOT / name).read_bytes().decode("utf-8", "replace")


def load_allowances(text):
    """{rule: {path}} of allow.txt; each line: RULE PATH REASON."""
    allowed = {}
    for number, line in enumerate(text.splitlines(), 1):
        line = line.strip()
        if not line or line.startswith("#"):
            continue
        parts = line.split(None, 2)
        if len(parts) < 3:
            raise SystemExit(f"tools/lint/allow.txt:{number}: RULE PATH REASON, and the reason is not optional")
        allowed.setdefault(parts[0], set()).add(parts[1])
    return allowed


def check_local(name, text):
    findings = []
    for match in _LOCAL.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        findings.append(Finding(name, line, "local", f"{match.group(0)} is a place of one machine or network"))
    return findings


def check_modules(names):
    present = set(names)
    findings = []
    for name in names:
        if name.startswith("src/") and name.endswith("/CMakeLists.txt") and name != "src/CMakeLists.txt":
            if name.replace("CMakeLists.txt", "README.md") not in present:
                findings.append(Finding(name, 1, "readme", "the module has no README.md", "warning"))
    return findings


def run(names, with_headers):
    allowed = load_allowances(read("tools/lint/allow.txt"))
    index = rfc.load_index(read(rfc.INDEX))
    findings = check_modules(names)
    sources = {}
    for name in names:
        suffix = pathlib.PurePath(name).suffix
        if suffix not in _TEXT_SUFFIXES or name.endswith("package-lock.json") or name.startswith("tests/corpora/"):
            continue
        text = read(name)
        findings += check_local(name, text)
        if suffix in (".h", ".cpp") and name.startswith(("src/", "tests/", "bench/", "cmake/")):
            sources[name] = SourceFile(name, text)
        if suffix in _RFC_SUFFIXES and name.startswith(("src/", "tests/", "docs/", "web/")) and not name.startswith("docs/rfc/"):
            findings += rfc.check(sources.get(name) or SourceFile(name, text), index)
    spawned = set()
    for file in sources.values():
        if not file.is_test:
            spawned |= coroutines.spawned_names(file)
    for file in sources.values():
        findings += layers.check(file)
        findings += coroutines.check(file, spawned)
        findings += shape.check(file, allowed.get("header-length", set()))
    findings += layers.check_cycles(sources.values())
    if with_headers:
        findings += headers.check(ROOT, sources)
    return sorted(f for f in findings if f.path not in allowed.get(f.rule, set())), len(sources)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--headers", action="store_true", help="also compile each header alone")
    parser.add_argument("--counts", type=pathlib.Path, help="write the counts for the summary of ./dev test")
    parser.add_argument("paths", nargs="*")
    options = parser.parse_args()
    findings, files = run(tracked_files(), options.headers)
    if options.paths:
        prefixes = tuple(p.removeprefix("./") for p in options.paths)
        findings = [f for f in findings if f.path.startswith(prefixes)]
    for finding in findings:
        print(finding)
    errors = sum(f.severity == "error" for f in findings)
    print(f"lint: {files} source files, {errors} errors, {len(findings) - errors} warnings")
    if options.counts:
        bad_files = len({f.path for f in findings if f.severity == "error"})
        options.counts.write_text(json.dumps(
            {"name": "lint", "passed": 0 if bad_files else 1, "failed": bad_files, "skipped": 0}))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
