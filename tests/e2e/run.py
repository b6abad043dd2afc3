#!/usr/bin/env python3
"""The end-to-end tests: run.py [-k PATTERN] [-j N] [-v]; see harness.py for the environment."""
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools/testing"))
import run_python  # noqa: E402  pylint: disable=wrong-import-position

if __name__ == "__main__":
    sys.argv[1:1] = [str(HERE)]
    sys.exit(run_python.main())
