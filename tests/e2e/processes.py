"""Ports, deadlines, temporary folders and child processes: what every fixture stands on."""
import contextlib
import fcntl
import os
import pathlib
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time

HOST = "127.0.0.1"


class Timeout(AssertionError):
    pass


def wait_until(condition, what, seconds=20.0):
    """Polls until condition() is truthy, and returns that; raises Timeout with `what` otherwise."""
    deadline = time.monotonic() + seconds
    pause = 0.01
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Timeout(f"waited {seconds:g} s for {what}")
        time.sleep(pause)
        pause = min(pause * 1.5, 0.2)


def is_free(port, host=HOST):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def answers(port, host=HOST):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((host, port)) == 0


class PortBlock:
    """A base whose base+offset are all free; held against other test processes by a lock file."""

    def __init__(self, offsets):
        folder = pathlib.Path(tempfile.gettempdir()) / "fumi-e2e-ports"
        folder.mkdir(exist_ok=True, mode=0o777)
        for _ in range(200):
            self.base = random.randrange(10, 31) * 1000  # below the ephemeral range
            handle = open(folder / str(self.base), "w")  # pylint: disable=consider-using-with
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                handle.close()
                continue
            if all(is_free(self.base + offset) for offset in offsets):
                self._handle = handle
                return
            handle.close()
        raise Timeout("no block of free ports")

    def release(self):
        self._handle.close()


_ports = None
_next_port = 0


def free_port():
    """A port below the ephemeral range that no other test process is given while this one lives."""
    global _ports, _next_port  # pylint: disable=global-statement
    if _ports is None:
        _ports = PortBlock(())
    while True:
        _next_port += 1
        if _next_port > 700:
            raise Timeout("too many ports were asked for")
        port = _ports.base + 299 + _next_port
        if is_free(port):
            return port


class Process:
    """A child in a session of its own, with its output in a file; stop() ends exactly that session."""

    def __init__(self, command, log, *, environment=None, folder=None):
        self.command = [str(part) for part in command]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.child = subprocess.Popen(  # pylint: disable=consider-using-with
                self.command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=folder,
                env={**os.environ, **(environment or {})}, start_new_session=True)

    @property
    def pid(self):
        return self.child.pid

    def is_running(self):
        return self.child.poll() is None

    def output(self):
        return self.log.read_text("utf-8", "replace")

    def wait_port(self, port, seconds=30.0):
        def up():
            if not self.is_running():
                raise AssertionError(f"{self.command[0]} ended with {self.child.returncode}:\n{self.output()[-4000:]}")
            return answers(port)
        wait_until(up, f"{self.command[0]} on port {port}", seconds)

    def stop(self, seconds=15.0):
        """SIGTERM, then SIGKILL to what is left of the session; returns the exit code."""
        if self.is_running():
            self.child.terminate()
            try:
                self.child.wait(seconds)
            except subprocess.TimeoutExpired:
                pass
        self.kill()
        return self.child.returncode

    def kill(self):
        """SIGKILL to the whole session: a crash."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.child.pid, signal.SIGKILL)
        self.child.wait()


def run(command, *, stdin="", seconds=60, environment=None, check=True, folder=None):
    """Runs a program to its end; returns (exit code, stdout + stderr). With check, a failure raises."""
    text = stdin.encode() if isinstance(stdin, str) else stdin
    done = subprocess.run([str(part) for part in command], input=text, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, timeout=seconds, check=False, cwd=folder,
                          env={**os.environ, **(environment or {})})
    output = done.stdout.decode("utf-8", "replace")
    if check and done.returncode != 0:
        raise AssertionError(f"{' '.join(str(p) for p in command)}: exit code {done.returncode}\n{output[-4000:]}")
    return done.returncode, output


def scratch(name):
    """A temporary folder that other users may enter (PostgreSQL and Postfix run as their own)."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix=f"fumi-e2e-{name}-"))
    folder.chmod(0o755)
    return folder


def remove(folder):
    if not os.environ.get("FUMI_E2E_KEEP"):
        shutil.rmtree(folder, ignore_errors=True)
