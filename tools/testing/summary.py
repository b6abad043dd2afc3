#!/usr/bin/env python3
"""Adds up what the test suites left in a folder and prints "N passed, N failed[, N skipped]".

A suite leaves NAME.json with {"name", "passed", "failed", "skipped"}, or, from ctest, a JUnit
NAME.xml. A doctest program counts by its test cases; one that died before its summary counts as
one failure, however many cases it had passed. Exit code 1 if anything failed or nothing ran.
"""
import json
import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

DOCTEST = re.compile(
    r"\[doctest\] test cases:\s*(\d+)\s*\|\s*(\d+) passed\s*\|\s*(\d+) failed\s*\|\s*(\d+) skipped")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


def count_case(case):
    """(passed, failed, skipped) of one ctest test."""
    if case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
        # ctest calls a program that could not be built or started "notrun": that is a failure.
        disabled = case.get("status") == "disabled"
        return (0, 0, 1) if disabled or _asked_to_skip(case) else (0, 1, 0)
    failed = case.find("failure") is not None or case.get("status") == "fail"
    output = ANSI.sub("", case.findtext("system-out") or "")
    found = DOCTEST.search(output)
    if not found:
        return (0, 1, 0) if failed else (1, 0, 0)
    passed, bad = int(found.group(2)), int(found.group(3))
    if failed and bad == 0:
        bad = 1
    return passed, bad, 0


def _asked_to_skip(case):
    skipped = case.find("skipped")
    message = (skipped.get("message") or "") if skipped is not None else ""
    return "SKIP_RETURN_CODE" in message or "SKIP_REGULAR_EXPRESSION" in message


def count_junit(path):
    totals = [0, 0, 0]
    for case in ElementTree.parse(path).getroot().iter("testcase"):
        for i, number in enumerate(count_case(case)):
            totals[i] += number
    return tuple(totals)


def count_file(path):
    if path.suffix == ".xml":
        return count_junit(path)
    counts = json.loads(path.read_text())
    return counts["passed"], counts["failed"], counts["skipped"]


def main(folder):
    totals = [0, 0, 0]
    for path in sorted(pathlib.Path(folder).iterdir()):
        if path.suffix not in (".xml", ".json"):
            continue
        try:
            numbers = count_file(path)
        except (OSError, ValueError, KeyError, ElementTree.ParseError) as error:
            print(f"{path.name}: unreadable: {error}", file=sys.stderr)
            numbers = (0, 1, 0)
        print(f"{path.stem:8} {numbers[0]:6} passed {numbers[1]:4} failed {numbers[2]:4} skipped")
        totals = [a + b for a, b in zip(totals, numbers)]
    passed, failed, skipped = totals
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
