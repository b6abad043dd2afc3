"""Each header compiles alone. Results are remembered by the content of the header and of ours that it includes."""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import subprocess

from source import Finding

COMPILER = "clang++-19"
FLAGS = ["-std=c++23", "-fsyntax-only", "-x", "c++", "-Wall", "-Wextra", "-Wno-pragma-once-outside-header",
         "-DBOOST_ASIO_NO_DEPRECATED", "-DBOOST_ASIO_NO_TS_EXECUTORS",
         "-isystem/usr/include/postgresql"]  # libpq-fe.h, where Debian puts it


def closure_hash(name, files, memo):
    """A hash over the header and all of our headers that it reaches."""
    reached, stack = set(), [name]
    while stack:
        current = stack.pop()
        if current in reached or current not in files:
            continue
        reached.add(current)
        stack += ["src/" + included for _, kind, included in files[current].includes() if kind == '"']
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for one in sorted(reached):
        if one not in memo:
            memo[one] = hashlib.sha256(files[one].text.encode()).hexdigest()
        digest.update((one + memo[one]).encode())
    return digest.hexdigest()


def _compile(root, name):
    command = [COMPILER, *FLAGS, f"-I{root}/src", "-include", str(root / name), "/dev/null"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return name, done.returncode, done.stderr


def check(root, files):
    """`files`: {path: SourceFile} of everything under src/."""
    cache_path = pathlib.Path(root) / "build/lint-headers.json"
    try:
        cache = set(json.loads(cache_path.read_text()))
    except (OSError, ValueError):
        cache = set()
    memo, wanted = {}, {}
    for name, file in files.items():
        if file.is_header and name.startswith("src/"):
            wanted[name] = closure_hash(name, files, memo)
    todo = [name for name, digest in wanted.items() if digest not in cache]
    findings = []
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        for name, code, errors in pool.map(lambda n: _compile(pathlib.Path(root), n), todo):
            if code == 0:
                cache.add(wanted[name])
                continue
            first = next((line for line in errors.splitlines() if "error:" in line), "does not compile")
            findings.append(Finding(name, 1, "self-contained", "does not compile alone: " + first.split("error:")[-1].strip()))
    cache_path.parent.mkdir(exist_ok=True)
    cache_path.write_text(json.dumps(sorted(cache & set(wanted.values()))))
    return findings
