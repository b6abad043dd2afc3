"""The fixtures against each other: what they show must not depend on Fumi being right."""
import os
import smtplib
import ssl
import time
import unittest

import harness
from peers import Authority, Dns, Postfix, Postgres, SmtpSink
from processes import HOST, PortBlock, Process, Timeout, free_port, is_free, remove, run, scratch, wait_until


class Processes(unittest.TestCase):
    def test_wait_until_gives_up(self):
        with self.assertRaisesRegex(Timeout, "waited 0.05 s for godot"):
            wait_until(lambda: False, "godot", 0.05)

    def test_stop_ends_the_whole_session(self):
        folder = scratch("session")
        self.addCleanup(remove, folder)
        started = time.monotonic()
        process = Process(["sh", "-c", "trap '' TERM; sleep 300 & echo $!; wait; wait"], folder / "log")
        child = int(wait_until(lambda: process.output().strip(), "the child's pid"))
        process.stop(seconds=0.2)

        def is_gone():
            try:
                with open(f"/proc/{child}/stat", encoding="ascii") as stat:
                    return stat.read().rpartition(")")[2].split()[0] == "Z"
            except FileNotFoundError:
                return True

        wait_until(is_gone, "the child's end")
        self.assertFalse(process.is_running())
        self.assertLess(time.monotonic() - started, 10)

    def test_port_blocks_do_not_overlap(self):
        blocks = [PortBlock((25, 80)) for _ in range(3)]
        for block in blocks:
            self.addCleanup(block.release)
        self.assertEqual(len({block.base for block in blocks}), 3)
        self.assertTrue(is_free(free_port()))

    def test_run_raises_with_the_output(self):
        with self.assertRaisesRegex(AssertionError, "exit code 3\nwhy"):
            run(["sh", "-c", "echo why; exit 3"])

    def test_options_become_toml(self):
        self.assertEqual(harness.toml({"a.b": "文\"x", "c.d": ["1"], "e.f": 5}),
                         'a.b = "文\\"x"\nc.d = ["1"]\ne.f = 5\n')


class Sink(unittest.TestCase):
    def test_keeps_messages_and_can_refuse(self):
        sink = SmtpSink(reply=lambda verb, argument: "550 5.1.1 no" if verb == "RCPT" and "nobody" in argument else None)
        self.addCleanup(sink.stop)
        with smtplib.SMTP(HOST, sink.port, timeout=5) as session:
            refused = session.sendmail("a@x.example", ["b@y.example", "nobody@y.example"], b"Subject: s\r\n\r\n.dot\r\n")
        self.assertEqual(list(refused), ["nobody@y.example"])
        self.assertEqual(sink.wait_messages(1), [("a@x.example", ["b@y.example"], b"Subject: s\r\n\r\n.dot\r\n")])

    def test_can_defer_and_drop(self):
        sink = SmtpSink(reply=lambda verb, argument: "451 4.3.0 later" if verb == "." else None)
        self.addCleanup(sink.stop)
        with smtplib.SMTP(HOST, sink.port, timeout=5) as session, self.assertRaises(smtplib.SMTPDataError):
            session.sendmail("a@x.example", ["b@y.example"], b"x\r\n")
        self.assertEqual(sink.messages, [])
        dropper = SmtpSink(close_after="DATA")
        self.addCleanup(dropper.stop)
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            smtplib.SMTP(HOST, dropper.port, timeout=5).sendmail("a@x.example", ["b@y.example"], b"x\r\n")


class Servers(unittest.TestCase):
    def test_postgres(self):
        server = Postgres()
        self.addCleanup(server.stop)
        self.assertIn(str(server.port), server.create("one"))
        self.assertEqual(server.query("one", "select 1 + 1"), "2")

    def test_dns(self):
        dns = Dns({"peer.example": ["@ MX 10 mx", f"mx A {HOST}", '@ TXT "v=spf1 -all"']})
        self.addCleanup(dns.stop)
        self.assertEqual(dns.lookup("peer.example", "MX"), ["10 mx.peer.example."])
        dns.set({"other.example": [f"@ A {HOST}"]})
        self.assertEqual(dns.lookup("other.example", "A"), [HOST])
        self.assertEqual(dns.lookup("absent.peer.example", "A"), [])

    def test_certificates_verify(self):
        authority = Authority()
        self.addCleanup(authority.stop)
        certificate, key = authority.issue("mx.acme.example")
        run(["openssl", "verify", "-CAfile", authority.ca, "-verify_hostname", "mx.acme.example", certificate])
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(certificate, key)

    @unittest.skipUnless(os.getuid() == 0, "Postfix needs root")
    def test_postfix_receives_and_relays(self):
        receiver = Postfix("mx.peer.example", mailboxes=["jiro@peer.example"])
        self.addCleanup(receiver.stop)
        sender = Postfix("out.peer.example", relay=(HOST, receiver.port))
        self.addCleanup(remove, sender.folder)
        with smtplib.SMTP(HOST, sender.port, timeout=10) as session:
            session.send_message(harness.message("through two", to="jiro@peer.example"))
        self.assertIn(b"Subject: through two", receiver.wait_messages("jiro@peer.example", 1)[0])
        master = sender.master_pid()
        self.assertTrue(os.path.exists(f"/proc/{master}"))
        sender.stop()
        self.assertFalse(os.path.exists(f"/proc/{master}"))


if __name__ == "__main__":
    unittest.main()
