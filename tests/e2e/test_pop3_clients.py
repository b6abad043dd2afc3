"""The inbox as poplib, curl, fetchmail and getmail use it, and what a crash leaves of a QUIT."""
import os
import poplib
import random
import socket
import ssl
import threading
import unittest

from harness import HOST, PASSWORD, Fumi, FumiTest, message, octets, require_fumi
from processes import remove, run, scratch


def pop(fumi, account, password=PASSWORD):
    """A logged-in session, TLS at once."""
    session = poplib.POP3_SSL(HOST, fumi.ports["pop3s"], context=fumi.tls(), timeout=20)
    session.user(account)
    session.pass_(password)
    return session


class Pop3Test(FumiTest):
    """Each test has an account of its own."""

    def setUp(self):
        self.account = self.id().rpartition(".")[2].replace("_", "-") + "@acme.example"
        password = self.fumi.folder / "password"
        password.write_text(PASSWORD + "\n")
        self.fumi.cli("account", "create", self.account, "--password-file", password)
        self.folder = scratch("pop3")
        self.addCleanup(remove, self.folder)

    def fill(self, *subjects, text="Hello.\n"):
        """Puts messages into the inbox; returns their octets."""
        session = self.fumi.imap(self.account)
        mails = [octets(message(subject, text=text)) for subject in subjects]
        for mail in mails:
            self.assertEqual(session.append("INBOX", "", None, mail)[0], "OK")
        session.logout()
        return mails

    def subjects(self):
        return self.fumi.subjects(self.account)

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        path.chmod(0o600)
        return path


class Poplib(Pop3Test):
    def test_stls_then_login(self):
        session = poplib.POP3(HOST, self.fumi.ports["pop3"], timeout=10)
        capabilities = session.capa()
        self.assertNotIn("USER", capabilities)
        with self.assertRaises(poplib.error_proto):
            session.user(self.account)
        session.stls(self.fumi.tls())
        self.assertIn("USER", session.capa())
        session.user(self.account)
        session.pass_(PASSWORD)
        self.assertEqual(session.stat(), (0, 0))
        session.quit()

    def test_wrong_password(self):
        with self.assertRaisesRegex(poplib.error_proto, r"-ERR \[AUTH\]"):
            pop(self.fumi, self.account, "wrong")
        self.fumi.cli("audit", "export", "--tenant", "acme", "--stream", "login", "--out", self.folder / "audit")
        failed = [line for line in (self.folder / "audit").read_text().splitlines() if '"login_failed"' in line]
        self.assertTrue(any("pop3" in line and self.account in line for line in failed), failed)

    def test_octets_are_exact(self):
        mails = self.fill("one", "日本語の件名", text=".\n..two\nlast line 漢字\n")
        session = pop(self.fumi, self.account)
        self.assertEqual(session.stat(), (2, sum(map(len, mails))))
        self.assertEqual(session.list()[1], [f"{n} {len(mail)}".encode() for n, mail in enumerate(mails, 1)])
        for number, mail in enumerate(mails, 1):
            _, lines, _ = session.retr(number)
            self.assertEqual(b"".join(line + b"\r\n" for line in lines), mail)
        _, top, _ = session.top(1, 1)
        header = mails[0].partition(b"\r\n\r\n")[0]
        self.assertEqual(b"\r\n".join(top), header + b"\r\n\r\n.")
        session.quit()

    def test_large_message(self):
        mail, = self.fill("large", text="".join(f".{n} {'x' * (n % 70)}\n" for n in range(100_000)))
        session = pop(self.fumi, self.account)
        _, lines, _ = session.retr(1)
        self.assertEqual(sum(len(line) + 2 for line in lines), len(mail))
        session.quit()

    def test_deleted_mail_is_gone_for_imap(self):
        self.fill("kept", "removed")
        watcher = self.fumi.imap(self.account)
        watcher.select("INBOX")
        session = pop(self.fumi, self.account)
        session.dele(2)
        self.assertEqual(watcher.noop()[0], "OK")
        self.assertEqual(self.subjects(), ["kept", "removed"])
        session.quit()
        watcher.untagged_responses.clear()
        watcher.noop()
        self.assertEqual(watcher.response("EXPUNGE")[1], [b"2"])
        self.assertEqual(self.subjects(), ["kept"])
        watcher.logout()

    def test_expunged_by_imap_meanwhile(self):
        self.fill("one", "two")
        session = pop(self.fumi, self.account)
        other = self.fumi.imap(self.account)
        other.select("INBOX")
        other.store("1", "+FLAGS", r"(\Deleted)")
        other.expunge()
        other.logout()
        with self.assertRaisesRegex(poplib.error_proto, "removed meanwhile"):
            session.retr(1)
        self.assertIn(b"Subject: two", session.retr(2)[1])
        session.dele(1)
        session.quit()
        self.assertEqual(self.subjects(), ["two"])

    def test_two_sessions_at_once(self):
        self.fill("one")
        first = pop(self.fumi, self.account)
        with self.assertRaisesRegex(poplib.error_proto, r"-ERR \[IN-USE\]"):
            pop(self.fumi, self.account)
        first.quit()
        pop(self.fumi, self.account).quit()

    def test_without_quit_nothing_is_removed(self):
        self.fill("one")
        session = pop(self.fumi, self.account)
        session.dele(1)
        session.close()
        self.assertEqual(self.subjects(), ["one"])

    def test_utf8(self):
        session = poplib.POP3_SSL(HOST, self.fumi.ports["pop3s"], context=self.fumi.tls(), timeout=20)
        self.assertTrue(session.utf8().startswith(b"+OK"))
        session.user(self.account)
        session.pass_(PASSWORD)
        session.quit()

    def test_mail_stays_unread(self):
        self.fill("one")
        session = pop(self.fumi, self.account)
        session.retr(1)
        session.quit()
        imap = self.fumi.imap(self.account)
        imap.select("INBOX")
        self.assertEqual(imap.search(None, "UNSEEN")[1], [b"1"])
        imap.logout()

    def test_many_sessions_of_one_account_race(self):
        """Whoever gets in removes one message: each goes once, and nobody sees half."""
        self.fill(*[f"m{n}" for n in range(8)])
        removed, lock = [], threading.Lock()

        def work():
            while True:
                try:
                    session = pop(self.fumi, self.account)
                except poplib.error_proto:
                    continue
                if session.stat()[0] == 0:
                    session.quit()
                    return
                subject = next(line for line in session.retr(1)[1] if line.startswith(b"Subject"))
                session.dele(1)
                session.quit()
                with lock:
                    removed.append(subject)

        threads = [threading.Thread(target=work) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        self.assertEqual(len(removed), 8)
        self.assertEqual(len(set(removed)), 8)
        self.assertEqual(self.subjects(), [])


class Programs(Pop3Test):
    def curl(self, url, *more):
        return run(["curl", "-s", "--cacert", self.fumi.authority.ca, "-u", f"{self.account}:{PASSWORD}", url, *more])[1]

    def test_curl(self):
        mails = self.fill("one", "two")
        listing = self.curl(f"pop3s://localhost:{self.fumi.ports['pop3s']}/")
        self.assertEqual(listing.split(), ["1", str(len(mails[0])), "2", str(len(mails[1]))])
        got = self.curl(f"pop3://localhost:{self.fumi.ports['pop3']}/2", "--ssl-reqd")
        self.assertEqual(got.encode(), mails[1])
        self.curl(f"pop3s://localhost:{self.fumi.ports['pop3s']}/1", "-X", "DELE", "-l")
        self.assertEqual(self.subjects(), ["two"])

    def test_curl_sasl(self):
        self.fill("one")
        got = self.curl(f"pop3s://localhost:{self.fumi.ports['pop3s']}/1", "--login-options", "AUTH=PLAIN")
        self.assertIn("Subject: one", got)

    def fetchmail(self, options):
        config = self.file("fetchmailrc", f"""
            poll localhost with protocol pop3 service {self.fumi.ports['pop3s']} {options['server']}
              user "{self.account}" password "{PASSWORD}" ssl sslcertck sslcertfile "{self.fumi.authority.ca}"
              {options['user']} mda "/bin/sh -c 'cat >> {self.folder}/got; echo >> {self.folder}/got'"
            """)
        return run(["fetchmail", "--nodetach", "--nosyslog", "-f", config, "--pidfile", self.folder / "pid",
                    "--idfile", self.folder / "ids"], environment={"HOME": str(self.folder)}, check=False)

    def count(self):
        return (self.folder / "got").read_text().count("\nSubject: ")

    def test_fetchmail_leaves_and_comes_again(self):
        self.fill("one", "two")
        options = {"server": "uidl", "user": "keep"}
        code, output = self.fetchmail(options)
        self.assertEqual(code, 0, output)
        self.assertEqual(self.count(), 2)
        code, output = self.fetchmail(options)
        self.assertEqual(code, 1, output)  # no new mail
        self.fill("three")
        self.assertEqual(self.fetchmail(options)[0], 0)
        self.assertEqual(self.count(), 3)
        self.assertEqual(self.subjects(), ["one", "two", "three"])

    def test_fetchmail_removes(self):
        self.fill("one", "two")
        code, output = self.fetchmail({"server": "", "user": "fetchall nokeep"})
        self.assertEqual(code, 0, output)
        self.assertEqual(self.count(), 2)
        self.assertEqual(self.subjects(), [])

    def getmail(self, delete):
        for name in ("new", "cur", "tmp"):
            (self.folder / "Maildir" / name).mkdir(parents=True, exist_ok=True)
        config = self.file("getmailrc", f"""
[retriever]
type = SimplePOP3SSLRetriever
server = localhost
port = {self.fumi.ports['pop3s']}
username = {self.account}
password = {PASSWORD}
ca_certs = {self.fumi.authority.ca}
[destination]
type = Maildir
path = {self.folder}/Maildir/
[options]
read_all = false
delete = {delete}
delivered_to = false
received = false
""")
        command = ["getmail", "--getmaildir", self.folder, "--rcfile", config]
        if os.getuid() == 0:  # getmail delivers nothing as root
            run(["chown", "-R", "nobody:nogroup", self.folder])
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        run(command)
        return sorted((self.folder / "Maildir/new").iterdir())

    def test_getmail_leaves_and_comes_again(self):
        self.fill("one", "two")
        self.assertEqual(len(self.getmail("false")), 2)
        self.assertEqual(len(self.getmail("false")), 2)
        self.fill("three")
        self.assertEqual(len(self.getmail("false")), 3)
        self.assertEqual(len(self.subjects()), 3)
        self.getmail("true")
        self.assertEqual(self.subjects(), [])

    def test_getmail_octets(self):
        mail, = self.fill("dots", text=".\n..two\n")
        file, = self.getmail("true")
        self.assertEqual(file.read_bytes().partition(b"\n\n")[2], mail.partition(b"\r\n\r\n")[2].replace(b"\r\n", b"\n"))


class Hostile(Pop3Test):
    def raw(self, port, secured=True):
        plain = socket.create_connection((HOST, self.fumi.ports[port]), timeout=20)
        self.addCleanup(plain.close)
        wire = self.fumi.tls().wrap_socket(plain, server_hostname="localhost") if secured else plain
        self.addCleanup(wire.close)
        return wire

    @staticmethod
    def rest(wire):
        got = b""
        try:
            while part := wire.recv(65536):
                got += part
        except (ConnectionResetError, ssl.SSLError):
            pass
        return got

    def test_floods_end(self):
        for flood in (b"x" * 1_000_000, b"FOO\r\n" * 10_000, b"\0" * 500_000 + b"\r\n"):
            with self.subTest(flood[:5]):
                wire = self.raw("pop3s")
                try:
                    wire.sendall(flood)
                except OSError:
                    pass  # it was closed already
                self.assertLess(len(self.rest(wire)), 4_000)

    def test_guessing_ends_the_connection(self):
        wire = self.raw("pop3s")
        wire.sendall(b"".join(b"USER %s\r\nPASS guess%d\r\n" % (self.account.encode(), n) for n in range(50)))
        self.assertLessEqual(self.rest(wire).count(b"-ERR [AUTH]"), 5)

    def test_a_thousand_pipelined_listings(self):
        self.fill("one", "two")
        wire = self.raw("pop3s")
        wire.sendall(b"USER %s\r\nPASS %s\r\n" % (self.account.encode(), PASSWORD.encode()) + b"LIST\r\nUIDL\r\n" * 1000 + b"QUIT\r\n")
        got = self.rest(wire)
        self.assertEqual(got.count(b"\r\n.\r\n"), 2000)
        self.assertTrue(got.endswith(b"+OK Goodbye\r\n"))

    def test_stls_injection(self):
        wire = self.raw("pop3", secured=False)
        reader = wire.makefile("rb")
        reader.readline()
        wire.sendall(b"STLS\r\nUSER %s\r\nPASS %s\r\n" % (self.account.encode(), PASSWORD.encode()))
        self.assertTrue(reader.readline().startswith(b"+OK"))
        reader.close()
        secured = self.fumi.tls().wrap_socket(wire, server_hostname="localhost")
        self.addCleanup(secured.close)
        secured.sendall(b"STAT\r\nQUIT\r\n")
        lines = self.rest(secured).split(b"\r\n")
        self.assertTrue(lines[0].startswith(b"-ERR"), lines)
        self.assertEqual(len(lines), 3, lines)


class Crash(unittest.TestCase):
    ROUNDS = 12
    MAILS, MARKED = 60, 40

    def test_kill_in_the_middle_of_quit(self):
        """All or nothing, and all of it once +OK was said."""
        require_fumi()
        fumi = Fumi()
        self.addCleanup(fumi.stop)
        fumi.start().populate()
        account = "hanako@acme.example"
        seed = random.randrange(1 << 30)
        chance = random.Random(seed)
        outcomes = {"nothing": 0, "all": 0, "answered": 0}
        for number in range(self.ROUNDS):
            self.lay_out(fumi, account)
            session = pop(fumi, account)
            self.assertEqual(session.stat()[0], self.MAILS)
            for n in range(1, self.MARKED + 1):
                session.dele(n)
            killer = threading.Timer(chance.uniform(0, 0.008), fumi.crash)
            killer.start()
            session.sock.sendall(b"QUIT\r\n")
            try:
                answered = session.file.readline().startswith(b"+OK")
            except OSError:
                answered = False
            killer.join()
            session.close()
            fumi.start()
            left = len(fumi.subjects(account))
            self.assertIn(left, (self.MAILS, self.MAILS - self.MARKED), f"round {number}, seed {seed}")
            if answered:
                self.assertEqual(left, self.MAILS - self.MARKED, f"round {number}, seed {seed}")
            outcomes["answered" if answered else "nothing" if left == self.MAILS else "all"] += 1
        fumi.process.stop()
        self.assertEqual(fumi.store_check()[0], 0)
        print(f"kills in QUIT: {outcomes}", flush=True)

    def lay_out(self, fumi, account):
        session = fumi.imap(account)
        count = int(session.select("INBOX")[1][0])
        for n in range(self.MAILS - count):
            session.append("INBOX", "", None, octets(message(f"m{n}")))
        session.logout()


if __name__ == "__main__":
    unittest.main()
