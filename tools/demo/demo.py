#!/usr/bin/env python3
"""Starts Fumi for a first look: two tenants, three people, sample mail and a world outside, on loopback.

    demo.py [--ports-base N] [--folder DIR] [--program FUMI] [--fresh]

Ctrl-C stops everything that was started. A second start finds the data of the first. Standard
library only.
"""
import argparse
import contextlib
import ctypes
import imaplib
import os
import pathlib
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

import guide
import mails

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HOST = "127.0.0.1"

# Name: (standard port of the demo, offset from --ports-base, what it is for).
PORTS = {
    "smtp": (2525, 25, "SMTP"), "submission": (2587, 587, "submission"), "submissions": (2465, 465, "submission, TLS"),
    "relay": (10025, 10, "relay"), "imap": (2143, 143, "IMAP"), "imaps": (2993, 993, "IMAP, TLS"),
    "pop3": (2110, 110, "POP3"), "pop3s": (2995, 995, "POP3, TLS"),
    "http": (8080, 80, "HTTP"), "operator": (8081, 81, "operator HTTP"), "outside": (2626, 26, "the world outside"),
}
PASSWORDS = {"hanako": "hanako-no-tegami", "taro": "taro-no-tegami", "alice": "alice-writes-letters"}
ACCOUNTS = {"hanako": "hanako@acme.example", "taro": "taro@acme.example", "alice": "alice@globex.example"}
NAMES = {"hanako": "佐藤 花子", "taro": "鈴木 太郎", "alice": "Alice Martin"}

CONFIGURATION = """# The demo's configuration; `fumi config show` prints every option.
server.hostname = "mail.acme.example"

# All mail that leaves goes to the demo's own "outside", never to the internet.
deliver.routes = ["*={host}:{outside}"]

# A person who watches doesn't want to wait a minute for the first retry.
spool.retry_waits = ["5s", "10s", "30s", "1m"]
"""


class Failed(Exception):
    """Its text is for the person at the terminal."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM."""


def note(japanese, english):
    print(f"  {japanese} / {english}", flush=True)


def die_with_parent():
    """Runs in the child: it ends when the demo does, however that ends."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


class Child:
    """A process of ours, in a session of its own so that Ctrl-C reaches it through us, in order."""

    def __init__(self, name, command, log):
        self.name, self.log = name, log
        with open(log, "ab") as output:
            self.process = subprocess.Popen(  # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
                [str(part) for part in command], cwd=ROOT, stdin=subprocess.DEVNULL, stdout=output, stderr=output,
                start_new_session=True, preexec_fn=die_with_parent)

    def check(self):
        if self.process.poll() is not None:
            tail = "\n".join(self.log.read_text("utf-8", "replace").splitlines()[-12:])
            raise Failed(f"{self.name} ended with {self.process.returncode}; the end of {self.log}:\n{tail}")

    def stop(self):
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


class Demo:
    def __init__(self, arguments):
        self.folder = arguments.folder
        self.program = arguments.program
        self.base = arguments.ports_base
        self.ports = {name: self.base + offset if self.base else port for name, (port, offset, _) in PORTS.items()}
        self.data = self.folder / "data"
        self.certificate = self.data / "self-signed.pem"
        self.children = []

    # ---- before the start ----
    def check_program(self):
        if not os.access(self.program, os.X_OK):
            raise Failed(f"{self.program} is missing / がありません: ./dev build release")

    def check_ports(self):
        taken = []
        for name, (_, _, purpose) in PORTS.items():
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind((HOST, self.ports[name]))
                except OSError as error:
                    taken.append(f"  {self.ports[name]} ({purpose}): {error.strerror}")
        if taken:
            raise Failed("these ports are in use / 次のポートは使用中です:\n" + "\n".join(taken)
                         + "\nIs another demo running? Stop it, or take other ports / 別のデモが動いていませんか。止めるか、ほかのポートで:\n"
                         "  ./dev run --ports-base 20000")

    # ---- running ----
    def values(self):
        return {**self.ports, **PASSWORDS, "fumi": shown(self.program), "folder": shown(self.folder), "root": ROOT,
                "certificate": shown(self.certificate), "api_key": self.read("api-key"),
                "operator_url": f"http://{HOST}:{self.ports['operator']}"}

    def read(self, name):
        path = self.folder / name
        return path.read_text("utf-8").strip() if path.exists() else ""

    def fumi(self, *arguments):
        """The command-line client; its output."""
        environment = {**os.environ, "FUMI_URL": f"http://{HOST}:{self.ports['operator']}", "FUMI_TOKEN": self.read("operator-token")}
        done = subprocess.run([self.program, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode != 0:
            raise Failed(f"fumi {' '.join(arguments)}: {done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def initialise(self):
        note("データを作ります", "making the data folder")
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        done = subprocess.run([self.program, "init", "--data", self.data], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f"fumi init: {done.stderr.strip()}")
        self.write_secret("operator-token", done.stdout.strip())

    def write_secret(self, name, text):
        path = self.folder / name
        path.touch(mode=0o600)
        path.write_text(text + "\n", "utf-8")

    def start(self):
        (self.folder / "fumi.toml").write_text(CONFIGURATION.format(host=HOST, outside=self.ports["outside"]), "utf-8")
        note("外の世界を起動します", f"starting the world outside on port {self.ports['outside']}")
        sink = Child("the world outside", [sys.executable, HERE / "sink.py", "--port", self.ports["outside"], "--folder",
                                           self.folder / "outside"], self.folder / "outside.log")
        self.children.append(sink)
        note("サーバーを起動します", "starting the server")
        command = [self.program, "serve", "--config", self.folder / "fumi.toml", "--data", self.data]
        if self.base:
            command += ["--ports-base", self.base]
        self.children.append(Child("the server", command, self.folder / "fumi.log"))
        self.wait("ready", self.is_ready)

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.ports['operator']}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def wait(self, what, condition, seconds=60):
        deadline = time.monotonic() + seconds
        while not condition():
            for child in self.children:
                child.check()
            if time.monotonic() > deadline:
                raise Failed(f"waited {seconds} s for: {what}; see {self.folder}/fumi.log")
            time.sleep(0.1)

    # ---- the first time ----
    def populate(self):
        note("契約・ドメイン・利用者を作ります", "creating tenants, domains, people")
        passwords = self.folder / "password.new"
        for tenant in ("acme", "globex"):
            self.fumi("tenant", "create", tenant)
            self.fumi("domain", "create", f"{tenant}.example", "--tenant", tenant)
        for name, address in ACCOUNTS.items():
            self.write_secret(passwords.name, PASSWORDS[name])
            self.fumi("account", "create", address, "--name", NAMES[name], "--password-file", str(passwords))
        passwords.unlink()
        self.write_secret("api-key", self.fumi("apiuser", "create", "app@acme.example", "--tenant", "acme").split()[-1])
        (self.folder / "README.txt").write_text(guide.readme(self.values()), "utf-8")
        self.send_samples()
        (self.folder / "populated").touch()

    def tls(self):
        # The certificate is the server's own, made at its first start: it is its own authority.
        return ssl.create_default_context(cafile=str(self.certificate))

    def send_samples(self):
        folder = self.folder / "mail"
        folder.mkdir(exist_ok=True)
        outside, inside, kept = list(mails.from_outside()), list(mails.from_inside()), list(mails.for_folder())
        note("見本のメールを送ります", f"sending {len(outside) + len(inside) + len(kept)} sample mails")
        for number, (sender, recipient, data) in enumerate(outside, 1):
            (folder / f"from-outside-{number}.eml").write_bytes(data)
            with smtplib.SMTP(HOST, self.ports["smtp"], timeout=20) as session:
                session.sendmail(sender, [recipient], data)
        for number, (sender, recipient, data) in enumerate(inside, 1):
            (folder / f"from-inside-{number}.eml").write_bytes(data)
            with smtplib.SMTP("localhost", self.ports["submission"], timeout=20) as session:
                session.starttls(context=self.tls())
                session.login(sender, PASSWORDS[sender.partition("@")[0]])
                session.sendmail(sender, [recipient], data)
        for login, mailbox, data in kept:
            session = imaplib.IMAP4_SSL("localhost", self.ports["imaps"], ssl_context=self.tls(), timeout=20)
            session.login(login, PASSWORDS[login.partition("@")[0]])
            session.create(mailbox)
            code, answer = session.append(mailbox, "(\\Seen)", None, data)
            if code != "OK":
                raise Failed(f"APPEND: {answer}")
            session.logout()
        self.wait("mail for the world outside", lambda: any((self.folder / "outside").glob("*.eml")))

    def run(self):
        self.check_program()
        self.check_ports()
        if (self.folder / "operator-token").exists() and not (self.folder / "populated").exists():
            note("前回の準備は途中で終わったので、最初から作り直します", "the last start was interrupted; beginning anew")
            shutil.rmtree(self.folder)
        if not (self.folder / "operator-token").exists():
            self.initialise()
        else:
            note(f"{shown(self.folder)} を引き続き使います", f"going on with {shown(self.folder)}")
        self.start()
        if not (self.folder / "populated").exists():
            self.populate()
        print(guide.guide(self.values()), end="", flush=True)
        print(" Ctrl-C で終わります / Ctrl-C stops everything", flush=True)
        while True:
            for child in self.children:
                child.check()
            time.sleep(0.5)

    def stop(self):
        for child in reversed(self.children):
            child.stop()


def shown(path):
    """Relative to the folder where commands are pasted, if it lies below."""
    with contextlib.suppress(ValueError):
        return path.resolve().relative_to(ROOT)
    return path


def interrupted(*_):
    raise Stopped


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ports-base", type=int, default=0, metavar="N", help="ports N+25, N+587, ...; the world outside is at N+26")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "demo-data")
    parser.add_argument("--program", type=pathlib.Path, default=ROOT / "build/release/fumi")
    parser.add_argument("--fresh", action="store_true", help="remove the folder first")
    arguments = parser.parse_args()
    if arguments.fresh and (arguments.folder / "data").is_dir():
        shutil.rmtree(arguments.folder)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    demo = Demo(arguments)
    try:
        demo.run()
    except Stopped:
        print(flush=True)
        note("終了します", "stopping")
        return 0
    except Failed as failure:
        print(f"demo: {failure}", file=sys.stderr)
        return 1
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        demo.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
