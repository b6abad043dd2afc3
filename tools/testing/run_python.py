#!/usr/bin/env python3
"""Runs unittest files, each in a process of its own, -j at a time, and prints one summary line.

    run_python.py ROOT [-k PATTERN] [-j N] [--counts FILE] [-v]

PATTERN is a part of "file.Class.test". A file that does not load counts as one failure.
"""
import argparse
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

FILE_TIMEOUT_S = 1200


class CountingResult(unittest.TextTestResult):
    """Counts what passed; the base class counts only what ran."""

    passed = 0

    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed += 1


def run_one(path, pattern, verbosity):
    """In the child: runs one file and returns its counts."""
    sys.path.insert(0, str(path.parent))
    sys.path.insert(0, str(pathlib.Path(__file__).parent))
    loader = unittest.TestLoader()
    if pattern:
        wild = f"*{pattern}*"
        loader.testNamePatterns = None if pattern in path.stem else [wild]
    suite = loader.loadTestsFromName(path.stem)
    runner = unittest.TextTestRunner(stream=sys.stdout, verbosity=verbosity, resultclass=CountingResult)
    result = runner.run(suite)
    return {
        "passed": result.passed,
        "failed": len(result.failures) + len(result.errors) + len(result.unexpectedSuccesses),
        "skipped": len(result.skipped) + len(result.expectedFailures),
    }


def spawn(path, options):
    with tempfile.NamedTemporaryFile("r", suffix=".json") as counts:
        command = [sys.executable, __file__, str(path), "--child", "--counts", counts.name]
        if options.k:
            command += ["-k", options.k]
        if options.verbose:
            command += ["-v"]
        try:
            done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, timeout=FILE_TIMEOUT_S, check=False)
            output = done.stdout.decode("utf-8", "replace")
        except subprocess.TimeoutExpired as expired:
            output = (expired.stdout or b"").decode("utf-8", "replace") + "\nTIMED OUT\n"
        text = counts.read()
    if text:
        return output, json.loads(text)
    return output, {"passed": 0, "failed": 1, "skipped": 0}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("-k", default="", metavar="PATTERN")
    parser.add_argument("-j", type=int, default=min(2, os.cpu_count() or 1))
    parser.add_argument("--counts", type=pathlib.Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        counts = run_one(options.root, options.k, 2)
        options.counts.write_text(json.dumps(counts))
        return 0
    files = sorted(p for p in options.root.rglob("test_*.py") if "node_modules" not in p.parts)
    totals = {"passed": 0, "failed": 0, "skipped": 0}
    with concurrent.futures.ThreadPoolExecutor(max(1, options.j)) as pool:
        waiting = {pool.submit(spawn, path, options): path for path in files}
        for done in concurrent.futures.as_completed(waiting):
            output, counts = done.result()
            ran = sum(counts.values())
            if ran or not options.k:
                print(f"-- {waiting[done].name}: {counts['passed']} passed, {counts['failed']} failed, "
                      f"{counts['skipped']} skipped", flush=True)
            if counts["failed"] or options.verbose:
                print(output, flush=True)
            for key in totals:
                totals[key] += counts[key]
    print(f"{totals['passed']} passed, {totals['failed']} failed"
          + (f", {totals['skipped']} skipped" if totals["skipped"] else ""))
    if options.counts:
        options.counts.write_text(json.dumps({"name": options.root.name, **totals}))
    return 1 if totals["failed"] or not any(totals.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
