"""Fumi itself as a fixture, by its contract with the outside: programs, ports, HTTP paths.

    class Mine(FumiTest):
        def test_x(self):
            self.fumi.send(...)

FumiTest starts one server for the class, with tenant acme, domain acme.example, accounts hanako and
taro, and API user app@acme.example. FUMI_BUILD names the build folder (default build/dev);
FUMI_E2E_KEEP=1 keeps data and logs.
"""
import imaplib
import json
import os
import pathlib
import re
import smtplib
import ssl
import subprocess
import unittest
import urllib.error
import urllib.request
from email.message import EmailMessage

from peers import Authority
from processes import HOST, PortBlock, Process, remove, run, scratch, wait_until

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("FUMI_BUILD", "build/dev")
PROGRAM = BUILD / "fumi"

OFFSETS = {"smtp": 25, "submission": 587, "submissions": 465, "relay": 10, "imap": 143, "imaps": 993, "pop3": 110,
           "pop3s": 995, "managesieve": 190, "http": 80, "operator": 81}

# The options that tests set, by what they are for: the one place that knows their names.
OPTIONS = {
    "certificates": "tls.certificates",  # ["chain.pem:key.pem"]
    "hostname": "server.hostname",
    "drain": "server.drain",
    "dns": "dns.forwarders",             # ["127.0.0.1@5353"]
    "remote_port": "deliver.port",       # where remote MXs listen: 25 outside tests
    "routes": "deliver.routes",          # ["*=127.0.0.1:2600"]
    "site_pause": "deliver.site_pause",
    "retry": "spool.retry_waits",        # waits after the first, second ... failed attempt
    "poll": "spool.poll_interval",
    "search_interval": "search.interval",
    "engine": "store.engine",
    "postgres": "store.postgres",        # a file with the connection string
    "proxies": "listen.proxy_from",
    "trusted": "relay.trusted",          # ["127.0.0.0/8=acme"]
    "login_failures": "access.failures_max",
    "recipients_max": "smtp.in.recipients_max",
    "command_timeout": "smtp.in.command_timeout",
    "size_max": "smtp.in.size_max",
    "imap_plaintext": "imap.plaintext",
}

PASSWORD = "correct horse battery staple"


def require_fumi():
    """Skips while the tree has no server program; a program that should be built and isn't is a failure."""
    if PROGRAM.exists():
        return
    if (ROOT / "src/app/CMakeLists.txt").exists():
        raise AssertionError(f"{PROGRAM} is not built")
    raise unittest.SkipTest("the tree has no server program yet (src/app)")


def toml(options):
    """{"a.b.c": value} as TOML with dotted keys; JSON's strings, numbers and lists are TOML's too."""
    return "".join(f"{name} = {json.dumps(value, ensure_ascii=False)}\n" for name, value in options.items())


class Fumi:
    """A server with data, configuration and certificate of its own.

    `options` is keyed as OPTIONS, or by full option names; "postgres" takes a connection string.
    `program` is what runs: fumi, or fumi-powercut with `environment` for it.
    """

    def __init__(self, options=None, hostname="mx.acme.example", program=PROGRAM):
        self.folder = scratch("fumi")
        self.data = self.folder / "data"
        self.program = program
        self.environment = {}
        self.block = PortBlock(OFFSETS.values())
        self.ports = {name: self.block.base + offset for name, offset in OFFSETS.items()}
        self.authority = Authority()
        self.certificate, self.key = self.authority.issue(hostname)
        wanted = {"certificates": [f"{self.certificate}:{self.key}"], "hostname": hostname, **(options or {})}
        if "postgres" in wanted:
            connection = self.folder / "postgres"
            connection.write_text(wanted["postgres"])
            connection.chmod(0o600)
            wanted.update(engine="postgres", postgres=str(connection))
        self.config = self.folder / "fumi.toml"
        self.config.write_text(toml({OPTIONS.get(name, name): value for name, value in wanted.items()}))
        made = subprocess.run([program, "init", "--config", self.config, "--data", self.data], capture_output=True,
                              text=True, timeout=60, check=False)
        if made.returncode != 0:
            raise AssertionError(f"fumi init: exit code {made.returncode}\n{made.stderr}")
        self.token = made.stdout.strip()  # the token alone
        self.process = None
        self.apiuser_key = None

    @property
    def operator_url(self):
        return f"http://{HOST}:{self.ports['operator']}"

    def launch(self, line):
        """Starts without waiting for more than a line in the log."""
        self.process = Process([self.program, "serve", "--config", self.config, "--data", self.data, "--ports-base",
                                self.block.base], self.folder / "fumi.log", environment=self.environment)
        wait_until(lambda: line in self.log() or not self.process.is_running(), f'"{line}" in the log', 60)
        return self

    def start(self):
        self.launch("")
        self.process.wait_port(self.ports["operator"])
        wait_until(self.is_ready, "/health/ready", 60)
        return self

    def log(self):
        return (self.folder / "fumi.log").read_text("utf-8", "replace")

    def store_check(self):
        """(number of findings, output) of `fumi store check`; the server must be stopped."""
        code, output = run([PROGRAM, "store", "check", "--config", self.config, "--data", self.data], check=False, seconds=300)
        found = re.search(r"(\d+) findings", output)
        if not found or (code == 0) != (found.group(1) == "0"):
            raise AssertionError(f"store check ended with {code}:\n{output[-4000:]}")
        return int(found.group(1)), output

    def is_ready(self):
        try:
            with urllib.request.urlopen(f"{self.operator_url}/health/ready", timeout=2) as answer:
                return answer.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def crash(self):
        self.process.kill()

    def restart(self):
        self.process.stop()
        return self.start()

    def stop(self):
        code = self.process.stop() if self.process else 0
        self.authority.stop()
        self.block.release()
        output = self.process.output() if self.process else ""
        remove(self.folder)
        # A sanitizer's report is a failure even where the test saw nothing.
        if "ERROR: AddressSanitizer" in output or "runtime error:" in output or "ERROR: LeakSanitizer" in output:
            raise AssertionError("sanitizer report:\n" + output[-6000:])
        return code

    def cli(self, *arguments, stdin="", check=True, seconds=60):
        """(exit code, output) of the command-line client against this server."""
        environment = {"FUMI_URL": self.operator_url, "FUMI_TOKEN": self.token}
        return run([PROGRAM, *arguments], stdin=stdin, environment=environment, check=check, seconds=seconds)

    def json(self, *arguments):
        return json.loads(self.cli(*arguments, "--json")[1])

    def populate(self, tenant="acme", domain="acme.example", users=("hanako", "taro")):
        """Makes a tenant with a domain, accounts, and the API user app@; `users` may map names to passwords."""
        passwords = users if isinstance(users, dict) else dict.fromkeys(users, PASSWORD)
        self.cli("tenant", "create", tenant)
        self.cli("domain", "create", domain, "--tenant", tenant)
        file = self.folder / "password"
        for name, password in passwords.items():
            file.write_text(password + "\n")
            self.cli("account", "create", f"{name}@{domain}", "--password-file", file)
        self.apiuser_key = self.json("apiuser", "create", f"app@{domain}", "--tenant", tenant)["key"]

    def tls(self):
        return ssl.create_default_context(cafile=str(self.authority.ca))

    def smtp(self, user="hanako@acme.example", password=PASSWORD):
        """A logged-in submission session (STARTTLS)."""
        session = smtplib.SMTP(HOST, self.ports["submission"], timeout=20)
        session.starttls(context=self.tls())
        session.login(user, password)
        return session

    def imap(self, user="hanako@acme.example", password=PASSWORD):
        session = imaplib.IMAP4_SSL(HOST, self.ports["imaps"], ssl_context=self.tls(), timeout=20)
        session.login(user, password)
        return session

    def subjects(self, user="hanako@acme.example", mailbox="INBOX"):
        """The subjects in a mailbox, as raw header text."""
        session = self.imap(user)
        try:
            if session.select(mailbox, readonly=True)[1] == [b"0"]:
                return []
            _, parts = session.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
            return [part[1].decode().partition(":")[2].strip() for part in parts if isinstance(part, tuple)]
        finally:
            session.logout()

    def wait_subject(self, subject, user="hanako@acme.example", mailbox="INBOX", seconds=20):
        wait_until(lambda: subject in self.subjects(user, mailbox), f'"{subject}" in {mailbox} of {user}', seconds)

    def raw(self, subject, user="hanako@acme.example", mailbox="INBOX"):
        """The octets of the one message with that subject."""
        session = self.imap(user)
        try:
            session.select(mailbox, readonly=True)
            _, found = session.search(None, "SUBJECT", f'"{subject}"')
            numbers = found[0].split()
            if len(numbers) != 1:
                raise AssertionError(f"{len(numbers)} messages with the subject {subject}")
            return session.fetch(numbers[0], "(BODY.PEEK[])")[1][0][1]
        finally:
            session.logout()


def message(subject, *, sender="hanako@acme.example", to="taro@acme.example", text="Hello.\n"):
    mail = EmailMessage()
    mail["From"], mail["To"], mail["Subject"] = sender, to, subject
    mail.set_content(text)
    return mail


def octets(mail):
    """The message as it stands on the wire: with CRLF."""
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


class FumiTest(unittest.TestCase):
    """One populated server for all tests of a class; subclasses may set OPTIONS (see Fumi) and ENVIRONMENT."""

    OPTIONS = {}
    ENVIRONMENT = {}
    fumi = None

    @classmethod
    def options(cls):
        return cls.OPTIONS

    @classmethod
    def setUpClass(cls):
        require_fumi()
        super().setUpClass()
        cls.fumi = Fumi(cls.options())
        cls.fumi.environment = dict(cls.ENVIRONMENT)
        cls.addClassCleanup(cls.fumi.stop)
        try:
            cls.fumi.start().populate()
        except BaseException:
            if cls.fumi.process:
                print(cls.fumi.process.output()[-4000:])
            raise
