"""The wire scripts (tests/wire) against the real server over TCP."""
import imaplib
import pathlib
import sys
import unittest

from harness import Fumi, require_fumi
from processes import HOST

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "wire"))
import run_jmap  # noqa: E402  pylint: disable=wrong-import-position
import run_tcp  # noqa: E402  pylint: disable=wrong-import-position

# Scripts that a real server answers differently for a reason of its own.
SMTP_SKIPS = {
    "futurerelease.t": "its clock stands still",
    "auth_scram.t": "it names the fixture's nonce",
    "auth_plain.t": "its message has no From field, which a submission needs",
    "relay.t": "the relay port offers AUTH in clear",
    "relay_trusted.t": "the relay port offers AUTH in clear",
}
IMAP_SKIPS = {
    "capability.t": "the server announces SCRAM-SHA-256 before TLS",
    "login.t": "its literals have the lengths of the fixture's name and password",
    "unauthenticate.t": "its literals have the lengths of the fixture's name and password",
    "fetch-body.t": "the server tells \\Seen behind the body, once",
    "qresync.t": "the server tells the new MODSEQ of a silent STORE (RFC 7162 §3.1.3)",
    "quota.t": "the server's quota root has the empty name",
}
CONFIGURABLE = {"errors_max": range(1, 1001), "transactions_max": range(1, 1_000_001), "recipients_max": range(100, 50_001)}


class WireTest(unittest.TestCase):
    def setUp(self):
        require_fumi()
        self.passed, self.skipped = [], {}

    def server(self, options=None):
        fumi = Fumi({"size_max": "1000000B", "recipients_max": 100, "login_failures": 10_000,
                     "smtp.in.postmaster": "postmaster@a.example", **(options or {})},
                    hostname="mx.a.example")
        self.addCleanup(fumi.stop)
        return fumi.start()

    def each(self, scripts, skips, run):
        for script in scripts:
            with self.subTest(script.name):
                try:
                    if script.name in skips:
                        raise run_tcp.Skip(skips[script.name])
                    run(script)
                    self.passed.append(script.name)
                except run_tcp.Skip as skip:
                    self.skipped.setdefault(str(skip), []).append(script.name)
        print(f"wire scripts over TCP: {len(self.passed)} passed of {len(scripts)}; skipped:", flush=True)
        for why, names in sorted(self.skipped.items()):
            print(f"  {why}: {', '.join(names)}", flush=True)


class Smtp(WireTest):
    def prepare(self, options):
        fumi = self.server({"smtp.in.hold_max": "0s", **options})  # as the fixture: FUTURERELEASE is its own script's
        fumi.populate("wire", "a.example", {"alice": "wonderland", "bob": "builderbuilder", "postmaster": "postmaster postmaster"})
        return fumi

    def test_scripts(self):
        servers = {"[]": self.prepare({})}

        def run(script):
            port, _ = script.port()
            options = {}
            for name, value in script.limits.items():
                if int(value) not in CONFIGURABLE.get(name, ()) if value.isdigit() else True:
                    raise run_tcp.Skip(f"limit {name}={value}")
                options[f"smtp.in.{name}"] = int(value)
            if script.listener["peer"] == "trusted":
                options["trusted"] = ["127.0.0.0/8=wire"]
            key = repr(sorted(options.items()))
            if key not in servers:
                servers[key] = self.prepare(options)
            script.run(servers[key].ports[port], servers[key].tls())

        self.each(run_tcp.scripts("smtp"), SMTP_SKIPS, run)
        self.assertGreater(len(self.passed), 40)


class Imap(WireTest):
    def test_scripts(self):
        scripts = run_tcp.scripts("imap")
        servers = {}
        accounts = {script.name: f"alice{n}@a.example" for n, script in enumerate(scripts)}

        def run(script):
            secured = script.secured()
            key = repr(script.settings())
            if key not in servers:
                servers[key] = self.server(script.settings())
                people = {f"alice{n}": run_tcp.IMAP_PASSWORD for n in range(len(scripts))}
                servers[key].populate("wire", "a.example", people)
            fumi = servers[key]
            account = accounts[script.name]
            session = imaplib.IMAP4_SSL(HOST, fumi.ports["imaps"], ssl_context=fumi.tls(), timeout=20)
            session.login(account, run_tcp.IMAP_PASSWORD)
            numbers = run_tcp.lay_out(session)
            session.logout()
            script.run(fumi.ports["imaps" if secured else "imap"], fumi.tls(), account, numbers)

        self.each(scripts, IMAP_SKIPS, run)
        self.assertGreater(len(self.passed), 20)


class Pop3(WireTest):
    def test_scripts(self):
        scripts = run_tcp.scripts("pop3")
        fumi = self.server()
        fumi.populate("wire", "a.example", {f"alice{n}": run_tcp.IMAP_PASSWORD for n in range(len(scripts))})
        accounts = {script.name: f"alice{n}@a.example" for n, script in enumerate(scripts)}

        def run(script):
            secured = script.secured()
            account = accounts[script.name]
            session = imaplib.IMAP4_SSL(HOST, fumi.ports["imaps"], ssl_context=fumi.tls(), timeout=20)
            session.login(account, run_tcp.IMAP_PASSWORD)
            run_tcp.lay_out_pop3(session)
            session.logout()
            script.run(fumi.ports["pop3s" if secured else "pop3"], fumi.tls(), account)

        self.each(scripts, {}, run)
        self.assertGreater(len(self.passed), 20)


class Jmap(WireTest):
    def test_scripts(self):
        scripts = sorted((pathlib.Path(run_jmap.__file__).parent / "jmap").glob("*.t"))
        fumi = self.server()
        names = {script.name: f"alice{n}" for n, script in enumerate(scripts)}
        fumi.populate("wire", "a.example", {name: run_tcp.IMAP_PASSWORD for name in [*names.values(), "bob"]})
        other = run_jmap.Script(scripts[0], fumi.ports["http"], "bob@a.example", run_tcp.IMAP_PASSWORD, "").known["account"]

        def run(script):
            user = names[script.name] + "@a.example"
            run_jmap.Script(script, fumi.ports["http"], user, run_tcp.IMAP_PASSWORD, other).run()

        self.each(scripts, {}, run)
        self.assertEqual(len(self.passed), len(scripts))


if __name__ == "__main__":
    unittest.main()
