"""Hostile and unlucky input: each gets its clear answer, the server stays up and small, nothing is lost."""
import base64
import contextlib
import os
import re
import signal
import socket
import threading
import time
import unittest

from harness import BUILD, PASSWORD, PROGRAM, Fumi, FumiTest, message, octets, require_fumi
from peers import Postgres
from processes import HOST, remove, run, scratch, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
PEER = "jiro@peer.example"


class Talk:
    """A raw conversation: lines out, replies in; nothing between the octets and the test."""

    def __init__(self, port, timeout=20):
        self.socket = socket.create_connection((HOST, port), timeout=timeout)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.file.close()
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        return self.file.readline(100_000).decode("utf-8", "replace").rstrip("\r\n")

    def reply(self):
        """One SMTP reply, its lines joined; "" at the end of the connection."""
        lines = []
        while True:
            try:
                line = self.line()
            except ConnectionResetError:
                line = ""
            lines.append(line)
            if line[3:4] != "-":
                return "\n".join(lines)

    def say(self, text):
        self.send(text + "\r\n")
        return self.reply()

    def start_tls(self, context):
        self.file.close()
        self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")


def resident_mb(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+) kB", status.read()).group(1)) / 1024


def is_sanitized(process):
    """A sanitizer maps terabytes, keeps what was freed, and pads: memory then says less."""
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmSize:\s+(\d+) kB", status.read()).group(1)) > 1 << 30


class Hostile(FumiTest):
    """On the MX port, where anybody may come; after each test the server still works, and is not bigger."""

    OPTIONS = {"command_timeout": "100s"}

    def setUp(self):
        self.pid = self.fumi.process.pid
        self.before = resident_mb(self.fumi.process)
        self.most = 600 if is_sanitized(self.fumi.process) else 150

    def tearDown(self):
        self.assertTrue(self.fumi.process.is_running())
        self.assertEqual(self.fumi.process.pid, self.pid)
        grown = resident_mb(self.fumi.process) - self.before
        self.assertLess(grown, self.most, "MB of memory more than before")
        subject = f"after {self.id().rpartition('.')[2]}"
        with self.greeted() as talk:
            self.assertRegex(self.transact(talk, octets(message(subject, sender=PEER))), "^250 ")
        self.fumi.wait_subject(subject, TARO)

    def greeted(self, port="smtp"):
        talk = Talk(self.fumi.ports[port])
        self.assertRegex(talk.reply(), "^220 ")
        self.assertRegex(talk.say("EHLO client.example"), "^250-")
        return talk

    def begin(self, talk):
        self.assertRegex(talk.say(f"MAIL FROM:<{PEER}>"), "^250 ")
        self.assertRegex(talk.say(f"RCPT TO:<{TARO}>"), "^250 ")

    def transact(self, talk, data):
        self.begin(talk)
        self.assertRegex(talk.say("DATA"), "^354 ")
        talk.send(data)
        return talk.say("\r\n." if not data.endswith(b"\r\n") else ".")

    def test_bare_cr_and_lf_are_refused(self):
        for name, inside in (("lf", b"a\nb"), ("cr", b"a\rb"), ("lf dot lf", b"a\n.\nMAIL FROM:<evil@x.example>"),
                             ("cr dot crlf", b"a\r.\r\nMAIL"), ("lf dot crlf", b"a\n.\r\nMAIL")):
            with self.subTest(name), self.greeted() as talk:
                answer = self.transact(talk, b"Subject: bare " + name.encode() + b"\r\n\r\n" + inside + b"\r\n")
                self.assertRegex(answer, "^554 5.6.0 ")
                self.assertRegex(talk.say("NOOP"), "^250 ")  # in step: one answer for one message
        self.assertFalse([s for s in self.fumi.subjects(TARO) if s.startswith("bare")])

    def test_nul_is_kept_or_refused_never_cut(self):
        with self.greeted() as talk:
            answer = self.transact(talk, b"Subject: a nul\r\n\r\nbefore\0after\r\n")
        self.assertRegex(answer, "^(250|5..) ")
        if answer.startswith("250"):
            self.fumi.wait_subject("a nul", TARO)
            self.assertIn(b"before\0after\r\n", self.fumi.raw("a nul", TARO))

    def test_long_line(self):
        with self.greeted() as talk:
            answer = self.transact(talk, b"Subject: long line\r\n\r\n" + b"x" * 10_000_000 + b"\r\n")
            self.assertRegex(answer, "^(250|5..) ")
            self.assertRegex(talk.say("NOOP"), "^250 ")
        if answer.startswith("250"):
            self.fumi.wait_subject("long line", TARO)
            self.assertIn(b"x" * 10_000_000, self.fumi.raw("long line", TARO))

    def test_endless_command(self):
        with self.greeted() as talk:
            with contextlib.suppress(ConnectionError):
                for _ in range(160):
                    talk.send(b"x" * 65536)
            self.assertRegex(talk.reply(), "^(500|421|$)")

    def test_hundred_thousand_recipients(self):
        with self.greeted() as talk:
            self.assertRegex(talk.say(f"MAIL FROM:<{PEER}>"), "^250 ")
            codes = {}

            def read():
                while answer := talk.reply():
                    codes[answer[:9]] = codes.get(answer[:9], 0) + 1

            reader = threading.Thread(target=read)
            reader.start()
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    talk.send(f"RCPT TO:<{TARO}>\r\n" * 1000)
                talk.socket.shutdown(socket.SHUT_WR)
            reader.join(60)
        self.assertEqual(codes.get("250 2.1.5"), 1000)
        self.assertGreater(codes.get("452 4.5.3", 0), 0)
        self.assertEqual(codes.get("421 4.7.0"), 1)

    def test_header_bombs(self):
        for name, header in (("lines", b"".join(b"X-%d: y\r\n" % n for n in range(100_000))),
                             ("octets", b"X-Big: " + b"\r\n ".join([b"z" * 900] * 11_000) + b"\r\n"),
                             ("addresses", b"To: " + b",\r\n ".join([b"a@x.example"] * 50_000) + b"\r\n")):
            with self.subTest(name), self.greeted() as talk:
                started = time.monotonic()
                answer = self.transact(talk, b"Subject: bomb " + name.encode() + b"\r\n" + header + b"\r\nbody\r\n")
                self.assertRegex(answer, "^(250|5..) ")
                self.assertLess(time.monotonic() - started, 20)
                if answer.startswith("250"):
                    self.fumi.wait_subject(f"bomb {name}", TARO)

    def test_nested_multiparts(self):
        head = b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n) for n in range(5_000))
        with self.greeted() as talk:
            self.assertRegex(self.transact(talk, b"Subject: nested\r\n" + head + b"\r\nx\r\n"), "^(250|5..) ")
        box = self.fumi.imap(TARO)
        box.select("INBOX", readonly=True)
        self.assertEqual(box.fetch("*", "(BODYSTRUCTURE ENVELOPE)")[0], "OK")
        box.logout()

    def test_flood_of_bad_commands(self):
        with self.greeted() as talk:
            talk.send("NONSENSE\r\n" * 1000)
            answers = []
            while answer := talk.reply():
                answers.append(answer[:9])
        self.assertEqual(set(answers[:-1]), {"500 5.5.1"})
        self.assertLess(len(answers), 30)
        self.assertEqual(answers[-1], "421 4.7.0")

    def test_truncated_bdat_leaves_nothing(self):
        with self.greeted() as talk:
            self.begin(talk)
            talk.send(b"BDAT 1000 LAST\r\nSubject: truncated\r\n\r\nonly this much")
        with self.greeted() as talk:
            self.begin(talk)
            self.assertRegex(talk.say("BDAT nonsense"), "^501 ")
        self.assertNotIn("truncated", self.fumi.subjects(TARO))

    def test_cut_off_in_data_leaves_nothing(self):
        with self.greeted() as talk:
            self.begin(talk)
            self.assertRegex(talk.say("DATA"), "^354 ")
            talk.send(b"Subject: cut off\r\n\r\nonly this much\r\n")
        self.assertNotIn("cut off", self.fumi.subjects(TARO))

    def test_injection_behind_starttls(self):
        with self.greeted() as talk:
            talk.send(f"STARTTLS\r\nMAIL FROM:<{PEER}>\r\nRCPT TO:<{TARO}>\r\n")
            self.assertRegex(talk.reply(), "^220 ")
            talk.start_tls(self.fumi.tls())
            self.assertRegex(talk.say("DATA"), "^503 ")
            self.assertRegex(talk.say("EHLO client.example"), "^250-")
        with Talk(self.fumi.ports["imap"]) as talk:
            talk.line()
            talk.send(f'a STARTTLS\r\nb LOGIN {HANAKO} "{PASSWORD}"\r\n')
            self.assertRegex(talk.line(), "^a OK ")
            talk.start_tls(self.fumi.tls())
            talk.send("c SELECT INBOX\r\n")
            self.assertRegex(talk.line(), "^c (BAD|NO) ")

    def test_pipelined_auth(self):
        plain = base64.b64encode(f"\0{HANAKO}\0{PASSWORD}".encode()).decode()
        with Talk(self.fumi.ports["submissions"]) as talk:
            talk.start_tls(self.fumi.tls())
            self.assertRegex(talk.reply(), "^220 ")
            self.assertRegex(talk.say("EHLO client.example"), "^250-")
            talk.send(f"AUTH PLAIN {plain}\r\nMAIL FROM:<{HANAKO}>\r\nRCPT TO:<{TARO}>\r\nRSET\r\n")
            self.assertEqual([talk.reply()[:3] for _ in range(4)], ["235", "250", "250", "250"])
            self.assertRegex(talk.say(f"AUTH PLAIN {plain}"), "^503 ")

    def test_garbage_instead_of_tls(self):
        for port in ("submissions", "imaps"):
            with self.subTest(port), Talk(self.fumi.ports[port]) as talk:
                talk.send(os.urandom(2000))
                with contextlib.suppress(ConnectionError):
                    while talk.file.read(1000):
                        pass

    def test_imap_floods(self):
        with Talk(self.fumi.ports["imap"]) as talk:
            talk.line()
            talk.send("x NONSENSE\r\n" * 1000)
            lines = []
            with contextlib.suppress(ConnectionError):
                while line := talk.line():
                    lines.append(line)
            self.assertLess(len(lines), 40)
            self.assertTrue(any(line.startswith("* BYE") for line in lines), lines[-3:])
        with Talk(self.fumi.ports["imap"]) as talk:
            talk.line()
            talk.send(f"a LOGIN {{{1 << 40}}}\r\n")
            self.assertRegex(talk.line(), "^(a (BAD|NO)|\\* BYE) ")

    def imap_talk(self, user=HANAKO):
        """A raw IMAP session, logged in, with INBOX selected."""
        talk = Talk(self.fumi.ports["imaps"])
        talk.start_tls(self.fumi.tls())
        self.assertRegex(talk.line(), r"^\* OK ")
        talk.send(f'l LOGIN {user} "{PASSWORD}"\r\ns SELECT INBOX\r\n')
        while not (line := talk.line()).startswith("s "):
            self.assertTrue(line)
        self.assertRegex(line, "^s OK ")
        return talk

    def test_imap_asks_too_much(self):
        with self.imap_talk() as talk:
            for command in ("SEARCH" + " SEEN" * 10_000, "SEARCH" + " NOT" * 10_000 + " SEEN", "SEARCH " + "(" * 10_000 + "ALL",
                            "UID FETCH " + ",".join(str(n) for n in range(1, 10_002)) + " FLAGS"):
                talk.send(f"a {command}\r\n")
                self.assertRegex(talk.line(), "^a BAD ", command[:30])
            for announced in ("APPEND INBOX {%d}", "SEARCH TEXT {%d}", "SETMETADATA INBOX (/private/a {%d}", "APPEND {%d}"):
                talk.send("b " + announced % (1 << 40) + "\r\n")
                self.assertRegex(talk.line(), "^b (BAD|NO) ", announced)
            talk.send("c NOOP\r\n")
            self.assertRegex(talk.line(), "^c OK ")

    def test_imap_client_that_reads_nothing(self):
        session = self.fumi.imap()
        body = b"Subject: large\r\n\r\n" + b"x" * 70 + b"\r\n" * 2_000_000
        self.assertEqual(session.append("INBOX", None, None, body)[0], "OK")
        with self.imap_talk() as talk:
            for n in range(200):
                talk.send(f"f{n} UID FETCH 1:* (BODY.PEEK[])\r\n")
            for _ in range(20):  # others are served meanwhile
                self.assertEqual(session.status("INBOX", "(MESSAGES)")[0], "OK")
            self.assertLess(resident_mb(self.fumi.process) - self.before, self.most)
        session.logout()

    def test_idle_connections_cost_little(self):
        talks = [Talk(self.fumi.ports["smtp"]) for _ in range(90)]
        for talk in talks:
            self.assertRegex(talk.reply(), "^220 ")
        grown = (resident_mb(self.fumi.process) - self.before) * 1024 / len(talks)
        for talk in talks:
            talk.close()
        if not is_sanitized(self.fumi.process):
            self.assertLess(grown, 100, "kB for an idle connection")

    def test_slow_sender_is_cut_off(self):
        """Less than 100 octets a second after the first minute; see smtp.in.data_octets_per_second_min."""
        with self.greeted() as talk:
            self.begin(talk)
            self.assertRegex(talk.say("DATA"), "^354 ")
            started = time.monotonic()
            talk.socket.settimeout(2)
            answer = b""
            while not answer and time.monotonic() - started < 80:
                with contextlib.suppress(ConnectionError):
                    talk.send(b"x\r\n")
                try:
                    answer = talk.socket.recv(1000)
                except TimeoutError:
                    pass
        self.assertRegex(answer.decode(), "^421 4.4.2 ")


class Silence(FumiTest):
    OPTIONS = {"command_timeout": "1s"}

    def test_silent_client_is_told(self):
        for stage in ((), ("EHLO client.example",), ("EHLO client.example", f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>", "DATA")):
            with self.subTest(stage), Talk(self.fumi.ports["smtp"]) as talk:
                talk.reply()
                for line in stage:
                    talk.say(line)
                self.assertRegex(talk.reply(), "^421 4.4.2 ")
                self.assertEqual(talk.reply(), "")


class LockOut(FumiTest):
    OPTIONS = {"login_failures": 5}

    def test_too_many_wrong_passwords(self):
        wrong = base64.b64encode(b"\0" + HANAKO.encode() + b"\0wrong").decode()
        right = base64.b64encode(f"\0{HANAKO}\0{PASSWORD}".encode()).decode()
        answers = []
        for _ in range(5):
            with Talk(self.fumi.ports["submissions"]) as talk:
                talk.start_tls(self.fumi.tls())
                talk.reply()
                talk.say("EHLO client.example")
                for _ in range(2):
                    answers.append(talk.say(f"AUTH PLAIN {wrong}")[:9])
                    if answers[-1].startswith("421"):
                        break
        self.assertEqual(answers[:5], ["535 5.7.8"] * 5)
        self.assertEqual(set(answers[5:]), {"421 4.7.0"})
        with Talk(self.fumi.ports["submissions"]) as talk:
            talk.start_tls(self.fumi.tls())
            talk.reply()
            talk.say("EHLO client.example")
            self.assertRegex(talk.say(f"AUTH PLAIN {right}"), "^421 4.7.0 ")
        with Talk(self.fumi.ports["imaps"]) as talk:  # the same memory for every protocol
            talk.start_tls(self.fumi.tls())
            talk.line()
            talk.send(f'a LOGIN {HANAKO} "{PASSWORD}"\r\n')
            self.assertRegex(talk.line(), "^a NO ")


class FullDisk(unittest.TestCase):
    def test_says_so_and_recovers(self):
        require_fumi()
        fumi = Fumi(program=BUILD / "fumi-powercut")
        self.addCleanup(fumi.stop)
        fumi.start()
        fumi.populate()

        def answer(subject):
            with Talk(fumi.ports["smtp"]) as talk:
                talk.reply()
                for line in ("EHLO client.example", f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>", "DATA"):
                    talk.say(line)
                talk.send(octets(message(subject, sender=PEER, text=os.urandom(20_000).hex() + "\n")))
                return talk.say(".")

        self.assertRegex(answer("before"), "^250 ")
        os.kill(fumi.process.pid, signal.SIGUSR2)
        # What was allocated ahead may still take some.
        accepted, refused = ["before"], ""
        deadline = time.monotonic() + 60
        while not refused and time.monotonic() < deadline:
            subject = f"filling {len(accepted)}"
            got = answer(subject)
            if got.startswith("250"):
                accepted.append(subject)
            else:
                refused = got
        self.assertRegex(refused, "^452 4.3.1 ")
        self.assertRegex(answer("refused"), "^452 4.3.1 ")
        self.assertTrue(fumi.process.is_running(), fumi.log()[-2000:])
        os.kill(fumi.process.pid, signal.SIGWINCH)
        wait_until(lambda: answer("after").startswith("250"), "the recovery")
        self.assertEqual(sorted(fumi.subjects(TARO)), sorted([*accepted, "after"]))
        fumi.process.stop()
        self.assertEqual(fumi.store_check()[0], 0)


class LostDatabase(unittest.TestCase):
    def test_says_so_and_recovers(self):
        require_fumi()
        server = Postgres()
        self.addCleanup(server.stop)
        fumi = Fumi({"postgres": server.create("fumi")})
        self.addCleanup(fumi.stop)
        fumi.start()
        fumi.populate()

        def answer(subject):
            with Talk(fumi.ports["smtp"], timeout=60) as talk:
                talk.reply()
                replies = [talk.say(line) for line in ("EHLO client.example", f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>")]
                if not replies[-1].startswith("250"):
                    return replies[-1]
                talk.say("DATA")
                talk.send(octets(message(subject, sender=PEER)))
                return talk.say(".")

        self.assertRegex(answer("before"), "^250 ")
        server.crash()
        self.assertRegex(answer("without"), "^451 4.3.0 ")
        self.assertTrue(fumi.process.is_running())
        server.start()
        wait_until(lambda: answer("after").startswith("250"), "the recovery", 60)
        subjects = fumi.subjects(TARO)
        self.assertEqual([subjects.count(s) for s in ("before", "without", "after")], [1, 0, 1])


class Configuration(unittest.TestCase):
    def show(self, text):
        require_fumi()
        folder = scratch("config")
        self.addCleanup(remove, folder)
        file = folder / "fumi.toml"
        file.write_text(text)
        code, output = run([PROGRAM, "serve", "--config", file, "--data", folder / "data"], check=False)
        self.assertEqual(code, 1, output)
        return output

    def test_unknown_option_names_its_place_and_the_nearest(self):
        output = self.show("[log]\nlevel = \"info\"\n[smtp.in]\n\nrecipients_mx = 200\n")
        self.assertRegex(output, r"fumi\.toml:5")
        self.assertIn("recipients_mx", output)
        self.assertIn("smtp.in.recipients_max", output)

    def test_value_out_of_range_names_the_range(self):
        output = self.show("smtp.in.recipients_max = 5\n")
        self.assertRegex(output, r"fumi\.toml:1")
        self.assertRegex(output, r"100\b.*50000|100\b.*50,000|100 .*50'000")

    def test_broken_toml_names_its_place(self):
        self.assertRegex(self.show("a = [1,\nb = 2\n"), r"fumi\.toml:\d")

    def test_missing_data(self):
        self.assertIn("fumi init", self.show("log.level = \"info\"\n"))


if __name__ == "__main__":
    unittest.main()
