"""`fumi mail import --imap` from real servers: everything comes, once, whatever interrupts it."""
import base64
import calendar
import imaplib
import json
import re
import socket
import subprocess
import threading
import unittest

import imap_peers
from harness import PASSWORD, PROGRAM, FumiTest, message, octets
from processes import HOST, remove, scratch, wait_until

JAPANESE = "&ZeVnLGpfMG4-"  # 日本機の
MANY = 2000


def text(number, size=200):
    mail = message(f"件名 {number}", text=f"From {number}\n" + "本文 x\n" * (size // 8))
    mail["Message-ID"] = f"<{number}@old.example>"
    return octets(mail)


def contents(session, name_of=lambda name: name):
    """{folder: [(octets, flags, INTERNALDATE in seconds)]}, sorted, without empty folders."""
    found = {}
    for row in session.list()[1]:
        attributes, name = re.match(rb'\(([^)]*)\) (?:"."|NIL) (.*)', row).groups()
        name = name.decode().strip('"')
        if b"noselect" in attributes.lower():
            continue
        count = int(session.select(f'"{name}"', readonly=True)[1][0])
        rows = []
        for first in range(1, count + 1, 500):
            for part in session.fetch(f"{first}:{min(count, first + 499)}", "(FLAGS INTERNALDATE BODY.PEEK[])")[1]:
                if not isinstance(part, tuple):
                    continue
                head = part[0].decode()
                flags = set(head.partition("FLAGS (")[2].partition(")")[0].lower().split()) - {"\\recent"}
                rows.append((part[1], sorted(flags), calendar.timegm(imaplib.Internaldate2tuple(part[0]))))
        if rows:
            found[name_of(name)] = sorted(rows)
    session.logout()
    return found


class FromPeer:
    """The same for each server; a subclass says which."""

    maxDiff = 2000
    peer_class = None
    many = MANY

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = cls.peer_class()
        cls.addClassCleanup(cls.peer.stop)
        session = cls.peer.session()
        cls.japanese = cls.peer.prefix + JAPANESE + cls.peer.separator + "2026"
        session.create(f'"{cls.japanese}"')
        for number in range(cls.many):
            cls.append(session, "INBOX", number)
        for number in (1, 2, 3, 3):  # one is there twice, to the octet
            cls.append(session, cls.japanese, number)
        session.logout()

    @staticmethod
    def append(session, folder, number):
        flags = ["(\\Seen $Forwarded)", "(\\Flagged \\Answered work)", "(\\Draft)", None][number % 4]
        date = f'"{number % 28 + 1:02d}-Nov-2026 10:00:{number % 60:02d} +0900"'
        done = session.append(f'"{folder}"', flags, date, text(number))
        assert done[0] == "OK", done

    def setUp(self):
        self.folder = scratch("import")
        self.addCleanup(remove, self.folder)
        (self.folder / "password").write_text(PASSWORD + "\n")
        (self.folder / "old").write_text(imap_peers.PASSWORD + "\n")

    def account(self, name):
        self.fumi.cli("account", "create", f"{name}@acme.example", "--password-file", self.folder / "password")
        return f"{name}@acme.example"

    def here(self, name):
        """The name that a mailbox of the peer has here."""
        name = name.removeprefix(self.peer.prefix) if name != "INBOX" else name
        return name.replace(self.peer.separator, "/")

    def arguments(self, user, *more, scheme="imaps", password="old", authority=None):
        port = self.peer.tls_port if scheme == "imaps" else self.peer.port
        return ("mail", "import", user, "--imap", f"{scheme}://hanako@localhost:{port}", "--password-file", self.folder / password,
                "--ca-file", authority or self.peer.authority.ca, *more)

    def test_kill_in_the_middle_and_again(self):
        user = self.account("killed")
        before = contents(self.peer.session(), self.here)
        self.assertEqual(len(before["INBOX"]), self.many)

        def count():
            session = self.fumi.imap(user)
            try:
                return int(session.select("INBOX", readonly=True)[1][0])
            finally:
                session.logout()
        environment = {"FUMI_URL": self.fumi.operator_url, "FUMI_TOKEN": self.fumi.token, "PATH": "/usr/bin"}
        kills = 0
        for victim in ("client", "server"):
            had = count()
            with subprocess.Popen([PROGRAM, *map(str, self.arguments(user))], env=environment, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL) as importer:
                wait_until(lambda: count() > had or importer.poll() is not None, "the import has begun", 60)
                kills += importer.poll() is None
                if victim == "server":
                    self.fumi.crash()
                    self.assertNotEqual(importer.wait(60), 0)
                    self.fumi.start()
                else:
                    importer.kill()
        self.assertGreater(kills, 0)
        had = count()
        done = self.fumi.json(*self.arguments(user))
        self.assertEqual(done["state"], "done")
        # What had come was not even fetched again, but for what was on its way.
        self.assertLessEqual(done["skipped"], 400)
        self.assertEqual(contents(self.fumi.imap(user)), before)
        again = self.fumi.json(*self.arguments(user, "--sync-flags"))
        self.assertEqual((again["imported"], again["skipped"], again["updated"]), (0, 0, 0))

    def test_what_is_new_and_flags(self):
        user = self.account("later")
        only = ("--only", self.listed(self.japanese), "--map", f"{self.listed(self.japanese)}=箱/年")
        self.assertEqual(self.fumi.json(*self.arguments(user, *only, scheme="imap"))["imported"], 4)
        session = self.peer.session()
        session.select(f'"{self.japanese}"')
        session.store("1", "+FLAGS", "(\\Deleted new)")
        session.store("2", "-FLAGS", "(\\Draft)")
        self.append(session, self.japanese, 9)
        self.addCleanup(self.restore)
        session.logout()
        here = self.fumi.imap(user)
        folder = '"&e7E-/&XnQ-"'
        here.select(folder)
        here.store("1", "+FLAGS", "(mine)")
        done = self.fumi.json(*self.arguments(user, *only, "--sync-flags"))
        # The other port is another source: the messages are found by their octets.
        self.assertEqual((done["imported"], done["skipped"]), (1, 4))
        here.select(folder)
        session = self.peer.session()
        session.select(f'"{self.japanese}"')
        session.store("3", "+FLAGS", "(\\Seen)")
        session.logout()
        done = self.fumi.json(*self.arguments(user, *only, "--sync-flags"))
        self.assertEqual((done["imported"], done["skipped"], done["updated"]), (0, 0, 1))
        here.select(folder, readonly=True)
        self.assertIn(b"mine", here.fetch("1", "(FLAGS)")[1][0])
        self.assertIn(b"\\Seen", here.fetch("3", "(FLAGS)")[1][0])
        here.logout()

    def restore(self):
        session = self.peer.session()
        session.select(f'"{self.japanese}"')
        session.store("5", "+FLAGS", "(\\Deleted)")
        session.store("1", "-FLAGS", "(\\Deleted new)")
        session.store("2", "+FLAGS", "(\\Draft)")
        session.store("3", "-FLAGS", "(\\Seen)")
        session.expunge()
        session.logout()

    @staticmethod
    def listed(name):
        return name.replace(JAPANESE, "日本機の")

    def test_refusals(self):
        user = self.account("refused")
        (self.folder / "wrong").write_text("wrong\n")
        for arguments, why in (
                (self.arguments(user, password="wrong"), "refuses the password"),
                (self.arguments(user, authority="/etc/ssl/certs/ca-certificates.crt"), "certificate"),
                (self.arguments(user, "--only", "nothing"), "no mailbox nothing"),
                (self.arguments("nobody@acme.example"), "no account nobody")):
            with self.subTest(why=why):
                code, output = self.fumi.cli(*arguments, check=False)
                self.assertEqual(code, 1, output)
                self.assertIn(why, output)
        self.assertEqual(contents(self.fumi.imap(user)), {})


class FromDovecot(FromPeer, FumiTest):
    peer_class = imap_peers.Dovecot

    def test_special_use(self):
        user = self.account("special")
        session = self.peer.session()
        self.append(session, "Sent Items", 1)
        self.addCleanup(self.empty_sent)
        session.logout()
        self.fumi.cli(*self.arguments(user, "--only", "Sent Items"))
        roles = self.fumi.imap(user)
        listed = b"\n".join(roles.list()[1])
        roles.logout()
        self.assertEqual(listed.count(b"\\Sent"), 1, listed)
        name = re.search(rb'\\Sent[^)]*\) "/" "?([^"\n]*)', listed)[1].decode()
        self.assertEqual(len(contents(self.fumi.imap(user))[name]), 1)

    def empty_sent(self):
        session = self.peer.session()
        session.select('"Sent Items"')
        session.store("1:*", "+FLAGS", "(\\Deleted)")
        session.expunge()
        session.logout()


@unittest.skipUnless(imap_peers.CYRUS, "Cyrus's imapd and saslpasswd2 are not installed")
class FromCyrus(FromPeer, FumiTest):
    peer_class = imap_peers.Cyrus


class Liar:
    """An IMAP server that answers as it is told: {start of a command: lines, "TAG" for its tag; None hangs up}."""

    def __init__(self, answers, capabilities):
        self.answers = answers
        self.capabilities = capabilities
        self.asked = []
        self.listener = socket.create_server((HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection, connection.makefile("rb") as lines:
                connection.settimeout(30)
                try:
                    self.serve(connection, lines)
                except OSError:
                    pass

    def serve(self, connection, lines):
        connection.sendall(f"* OK [CAPABILITY {self.capabilities}] hello\r\n".encode())
        for line in lines:
            tag, _, command = line.strip().partition(b" ")
            self.asked.append(command.decode())
            answer = next((answer for start, answer in self.answers if command.startswith(start.encode())), b"TAG OK\r\n")
            if callable(answer):
                answer = answer(self)
            hang_up = answer.endswith(b"HANG UP")
            connection.sendall(answer.removesuffix(b"HANG UP").replace(b"TAG", tag))
            if hang_up:
                return

    def stop(self):
        self.listener.close()


class FromLiars(FumiTest):
    LIST = ("LIST", b'* LIST () "/" INBOX\r\nTAG OK\r\n')
    EXAMINE = ("EXAMINE", b"* 2 EXISTS\r\n* OK [UIDVALIDITY 5] x\r\nTAG OK\r\n")
    PLAN = ("UID FETCH 1:*", b"* 1 FETCH (UID 1 FLAGS () RFC822.SIZE 1)\r\n* 2 FETCH (UID 2 FLAGS () RFC822.SIZE 1)\r\nTAG OK\r\n")

    def run_import(self, *answers, code=0, capabilities="IMAP4rev1", secret="--password-file", tls="--no-tls"):
        answers = [*answers, ("CAPABILITY", f"* CAPABILITY {capabilities}\r\nTAG OK\r\n".encode())]
        liar = Liar([*answers, self.LIST, self.EXAMINE, self.PLAN], capabilities)
        self.addCleanup(liar.stop)
        folder = scratch("liar")
        self.addCleanup(remove, folder)
        (folder / "password").write_text("x\n")
        got, output = self.fumi.cli("mail", "import", "hanako@acme.example", "--imap", f"imap://x@{HOST}:{liar.port}", *([tls] if tls else []),
                                    secret, folder / "password", "--json", check=False)
        self.assertEqual(got, code, output)
        self.assertEqual("warning: without TLS" in output, tls == "--no-tls")
        results = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
        return liar, output, results[-1] if results else None

    @staticmethod
    def mail(number, octets_of_it):
        return (b"* %d FETCH (UID %d FLAGS () INTERNALDATE \"23-Nov-2026 01:02:03 +0900\" BODY[] {%d}\r\n" %
                (number, number, len(octets_of_it))) + octets_of_it + b")\r\n"

    def test_sizes_that_lie_and_data_that_nobody_asked_for(self):
        body = self.mail(1, b"A: big\r\n\r\n" + b"x" * 100000)
        noise = b"* 77 EXISTS\r\n* 1 FETCH (FLAGS (\\Seen))\r\n* 9 FETCH (UID 9 BODY[] {3}\r\nabc)\r\n* VANISHED 1:5\r\n* X-NEW (a)\r\n"
        _, _, done = self.run_import(("UID FETCH 1:2", noise + body + self.mail(2, b"A: two\r\n\r\n") + b"TAG OK\r\n"))
        self.assertEqual(done["imported"], 2)

    def test_one_mail_that_it_never_gives(self):
        _, output, done = self.run_import(
            ("UID FETCH 1:2", b"TAG NO backend says no\r\n"),
            ("UID FETCH 1 ", self.mail(1, b"A: other\r\n\r\n") + b"TAG OK\r\n"),
            ("UID FETCH 2 ", b"TAG NO damaged\r\n"), code=1)
        self.assertEqual(done["imported"], 1)
        self.assertIn("INBOX UID 2: NO damaged", output)

    def test_hangs_up_in_a_literal_and_goes_on(self):
        whole = self.mail(1, b"A: cut\r\n\r\n" + b"x" * 1000)
        turns = [whole[:300] + b"HANG UP", whole + self.mail(2, b"A: second\r\n\r\n") + b"TAG OK\r\n"]
        liar, _, done = self.run_import(("UID FETCH 1:2", lambda _: turns.pop(0)))
        self.assertEqual(done["imported"], 2)
        self.assertEqual(sum(command.startswith("EXAMINE") for command in liar.asked), 2)

    BOTH = ("UID FETCH 1:2", b"* 1 FETCH (UID 1 FLAGS () BODY[] {8}\r\nA: 1\r\n\r\n)\r\n* 2 FETCH (UID 2 FLAGS () BODY[] {8}\r\nA: 2\r\n\r\n)\r\nTAG OK\r\n")

    def test_oauth_tokens(self):
        for mechanism, wanted in (("OAUTHBEARER", "n,a=x,\x01host=127.0.0.1\x01port={}\x01auth=Bearer x\x01\x01"),
                                  ("XOAUTH2", "user=x\x01auth=Bearer x\x01\x01")):
            with self.subTest(mechanism=mechanism):
                liar, _, _ = self.run_import(self.BOTH, capabilities=f"IMAP4rev1 SASL-IR AUTH={mechanism}", secret="--oauth-token-file")
                said = next(command for command in liar.asked if command.startswith("AUTHENTICATE")).split()
                self.assertEqual(said[1], mechanism)
                self.assertEqual(base64.b64decode(said[2]).decode(), wanted.format(liar.port))
                # RFC 7628 §3.2.3: the reason comes as a challenge, to be answered before the refusal.
                liar, output, _ = self.run_import(("AUTHENTICATE", b"+ eyJzdGF0dXMiOiI0MDEifQ==\r\n"), ("AQ==", b"F1 NO bad token\r\n"),
                                                  ("", b"F1 NO bad token\r\n"), capabilities=f"IMAP4rev1 SASL-IR AUTH={mechanism}",
                                                  secret="--oauth-token-file", code=1)
                self.assertIn("NO bad token", output)
        _, output, _ = self.run_import(secret="--oauth-token-file", code=1)
        self.assertIn("takes no OAuth tokens", output)

    def test_starttls_is_not_optional(self):
        for answer, why in ((b"TAG NO not today\r\n", "has no TLS"), (b"TAG OK go\r\n* OK [CAPABILITY IMAP4rev1] trust me\r\n", "before TLS began"),
                            (b"TAG OK go\r\nHANG UP", "")):
            with self.subTest(why=why):
                liar, output, _ = self.run_import(("STARTTLS", answer), code=1, tls=None)
                self.assertIn(why, output)
                self.assertFalse([command for command in liar.asked if command.startswith(("LOGIN", "AUTHENTICATE"))])

    def test_names_in_utf8(self):
        liar, _, done = self.run_import(("LIST", '* LIST () "/" "日本&"\r\nTAG OK\r\n'.encode()),
                                        ("UID FETCH 1:2", self.BOTH[1].replace(b"A: ", b"U: ")), capabilities="IMAP4rev2")
        self.assertEqual(done["imported"], 2)
        self.assertIn('EXAMINE "日本&"', liar.asked)
        here = self.fumi.imap()
        self.assertIn(b"&ZeVnLA-&-", b"".join(here.list()[1]))
        here.logout()

    def test_breaks_the_protocol(self):
        for answer, why in ((b"* 1 FETCH (UID 1 (((\r\nTAG OK\r\n", "a list has no end"), (b"WRONG OK\r\n", "not given"),
                            (b"* LIST " + b"x" * (2 << 20) + b"\r\n", "too long"), (b"+ more\r\n", "waits for something")):
            with self.subTest(why=why):
                _, output, _ = self.run_import(("UID FETCH 1:2", answer), code=1)
                self.assertIn(why, output)

    def test_a_literal_over_the_limit_is_passed_over(self):
        size = (64 << 20) + 1
        large = b"* 1 FETCH (UID 1 BODY[] {%d}\r\n" % size + b"x" * size + b")\r\n"
        _, output, done = self.run_import(("UID FETCH 1:2", large + self.mail(2, b"A: after\r\n\r\n") + b"TAG OK\r\n"), code=1)
        self.assertEqual(done["imported"], 1)
        self.assertIn("UID 1: over 64 MiB", output)


if __name__ == "__main__":
    unittest.main()
