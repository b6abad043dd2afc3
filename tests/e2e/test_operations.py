"""What an operator does to a running server: new certificates, proxies, draining, restarts with a full queue."""
import concurrent.futures
import os
import shutil
import signal
import socket
import struct
import unittest

from harness import PASSWORD, Fumi, FumiTest, message, octets, require_fumi
from peers import SmtpSink
from processes import HOST, free_port, is_free, wait_until
from test_bad_input import Talk

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
PEER = "jiro@peer.example"


def serial(fumi, port="imaps"):
    """The serial number of the certificate that a port shows."""
    context = fumi.tls()
    with socket.create_connection((HOST, fumi.ports[port]), timeout=10) as raw:
        with context.wrap_socket(raw, server_hostname="localhost") as secured:
            return secured.getpeercert()["serialNumber"]


def transact(talk, subject, first=("EHLO client.example",)):
    for line in (*first, f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>", "DATA"):
        talk.say(line)
    talk.send(octets(message(subject, sender=PEER)))
    return talk.say(".")


class Certificates(FumiTest):
    def reload(self, what):
        seen = self.fumi.log().count(what)
        os.kill(self.fumi.process.pid, signal.SIGHUP)
        wait_until(lambda: self.fumi.log().count(what) > seen, what)

    def test_sighup_reads_them_again(self):
        old = serial(self.fumi)
        session = self.fumi.imap()
        folder = self.fumi.authority.folder / "next"
        folder.mkdir()
        certificate, key = self.fumi.authority.issue("mx.acme.example")
        self.assertEqual(certificate, self.fumi.certificate)  # the same files, new content
        self.reload("certificates read again")
        for port in ("imaps", "submissions"):
            self.assertNotEqual(serial(self.fumi, port), old)
        self.assertEqual(session.noop()[0], "OK")  # sessions go on
        session.logout()

        current = serial(self.fumi)
        kept = certificate.read_bytes()
        certificate.write_text("nonsense\n")
        self.reload("the old ones stay")
        self.assertEqual(serial(self.fumi), current)
        certificate.write_bytes(kept)
        shutil.copy(key, folder / "key")
        key.unlink()
        self.reload("the old ones stay")
        self.assertEqual(serial(self.fumi), current)
        shutil.copy(folder / "key", key)
        self.reload("certificates read again")
        self.assertEqual(serial(self.fumi), current)


class Proxies(FumiTest):
    OPTIONS = {"proxies": ["127.0.0.0/8", "::1/128"]}  # the operator's port is not behind a proxy

    V2 = b"\r\n\r\n\0\r\nQUIT\n"

    def v2(self, source):
        addresses = socket.inet_aton(source) + socket.inet_aton("192.0.2.1") + struct.pack(">HH", 4000, 25)
        return self.V2 + b"\x21\x11" + struct.pack(">H", len(addresses)) + addresses

    def test_header_is_taken(self):
        for name, header, source in (("v1", b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n", "[192.0.2.7]"),
                                     ("v1 ipv6", b"PROXY TCP6 2001:db8::7 2001:db8::1 4000 25\r\n", "[IPv6:2001:db8::7]"),
                                     ("v2", self.v2("192.0.2.8"), "[192.0.2.8]")):
            with self.subTest(name), Talk(self.fumi.ports["smtp"]) as talk:
                talk.send(header)
                self.assertRegex(talk.reply(), "^220 ")
                self.assertRegex(transact(talk, f"proxied {name}"), "^250 ")
                raw = self.raw(f"proxied {name}")
                self.assertIn(source.encode(), raw.partition(b"\r\n\r\n")[0])

    def raw(self, subject):
        """As Fumi.raw, behind a PROXY header."""
        with Talk(self.fumi.ports["imaps"]) as talk:
            talk.send(b"PROXY TCP4 192.0.2.9 192.0.2.1 4000 993\r\n")
            talk.start_tls(self.fumi.tls())
            talk.line()
            talk.send(f'a LOGIN {TARO} "{PASSWORD}"\r\nb SELECT INBOX\r\nc UID SEARCH SUBJECT "{subject}"\r\n')
            found = ""
            while not (line := talk.line()).startswith("c "):
                if line.startswith("* SEARCH"):
                    found = line.split()[-1]
            self.assertRegex(line, "^c OK")
            talk.send(f"d UID FETCH {found} BODY.PEEK[]\r\n")
            lines = []
            while not lines or not lines[-1].startswith("d "):
                lines.append(talk.line())
            return "\r\n".join(lines).encode()

    def test_no_header_no_service(self):
        for data in (b"EHLO client.example\r\n", b"PROXY NONSENSE\r\n", self.V2 + b"\x21\xff\xff\xff" + b"x" * 100,
                     b"PROXY TCP4 999.0.2.7 192.0.2.1 4000 25\r\n", b"PROXY " + b"x" * 200 + b"\r\n"):
            with self.subTest(data), Talk(self.fumi.ports["smtp"]) as talk:
                talk.send(data)
                self.assertEqual(talk.reply(), "")


class ProxyStrangers(unittest.TestCase):
    def test_others_are_refused(self):
        require_fumi()
        fumi = Fumi({"proxies": ["192.0.2.0/24"]})
        self.addCleanup(fumi.stop)
        fumi.launch("listening")
        for data in (b"", b"PROXY TCP4 192.0.2.7 192.0.2.1 4000 25\r\n"):
            with self.subTest(data), Talk(fumi.ports["smtp"]) as talk:
                talk.send(data)
                self.assertEqual(talk.reply(), "")


class Drain(unittest.TestCase):
    def setUp(self):
        require_fumi()
        self.fumi = Fumi({"drain": "15s"})
        self.addCleanup(self.fumi.stop)
        self.fumi.start()
        self.fumi.populate()

    def test_sigterm_lets_work_finish(self):
        busy, idle = Talk(self.fumi.ports["smtp"]), Talk(self.fumi.ports["smtp"])
        mailbox = self.fumi.imap()
        mailbox.select("INBOX")
        waiting = self.fumi.imap(TARO)
        waiting.select("INBOX")
        waiting.send(b"I IDLE\r\n")
        waiting.readline()
        for talk in (busy, idle):
            self.addCleanup(talk.close)
            talk.reply()
            talk.say("EHLO client.example")
        for line in (f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>", "DATA"):
            busy.say(line)
        busy.send("Subject: in the middle\r\n\r\nfirst half\r\n")
        os.kill(self.fumi.process.pid, signal.SIGTERM)
        self.assertRegex(idle.reply(), "^421 4.3.2 ")
        self.assertEqual(idle.reply(), "")
        for session in (mailbox, waiting):
            lines = []
            while line := session.readline():
                lines.append(line)
            self.assertTrue(any(line.startswith(b"* BYE") for line in lines), lines)
        wait_until(lambda: is_free(self.fumi.ports["smtp"]), "the port to close")
        busy.send("second half\r\n")
        self.assertRegex(busy.say("."), "^250 ")
        self.assertRegex(busy.reply(), "^(421 .*|)$")
        self.fumi.process.child.wait(20)
        self.assertEqual(self.fumi.process.child.returncode, 0)
        self.fumi.start()
        self.assertEqual(self.fumi.subjects(TARO), ["in the middle"])
        self.assertIn(b"first half\r\nsecond half\r\n", self.fumi.raw("in the middle", TARO))

    def test_patience_ends(self):
        talk = Talk(self.fumi.ports["smtp"])
        self.addCleanup(talk.close)
        talk.reply()
        for line in ("EHLO client.example", f"MAIL FROM:<{PEER}>", f"RCPT TO:<{TARO}>", "DATA"):
            talk.say(line)
        talk.send("Subject: never ending\r\n\r\n")
        os.kill(self.fumi.process.pid, signal.SIGTERM)
        self.fumi.process.child.wait(30)
        self.assertEqual(self.fumi.process.child.returncode, 0)
        self.assertRegex(talk.reply(), "^(421 .*|)$")


class FullQueue(unittest.TestCase):
    COUNT = 500

    def submit(self, fumi, numbers):
        with Talk(fumi.ports["relay"]) as talk:
            talk.reply()
            talk.say("EHLO client.example")
            for number in numbers:
                talk.send(f"MAIL FROM:<{HANAKO}>\r\nRCPT TO:<r{number}@peer.example>\r\nDATA\r\n")
                self.assertEqual([talk.reply()[:3] for _ in range(3)], ["250", "250", "354"])
                talk.send(octets(message(f"queued {number}", to=f"r{number}@peer.example")))
                self.assertRegex(talk.say("."), "^250 ")

    def test_all_is_delivered_once_after_a_crash(self):
        require_fumi()
        port = free_port()
        fumi = Fumi({"routes": [f"*={HOST}:{port}"], "retry": ["1s"], "site_pause": "1s", "poll": "1s",
                     "trusted": ["127.0.0.0/8=acme"]})
        self.addCleanup(fumi.stop)
        fumi.start()
        fumi.populate()
        with concurrent.futures.ThreadPoolExecutor(10) as pool:
            list(pool.map(lambda first: self.submit(fumi, range(first, self.COUNT, 10)), range(10)))
        fumi.crash()
        fumi.start()
        sink = SmtpSink(port=port)
        self.addCleanup(sink.stop)
        try:
            sink.wait_messages(self.COUNT, 90)
        except AssertionError as late:
            self.fail(f"{late}; there are {len(sink.messages)}; the queue: {fumi.cli('queue', 'list', '--tenant', 'acme')[1][:2000]}\n"
                      f"{fumi.log()[-2000:]}")
        self.assertEqual(fumi.process.stop(), 0)
        self.assertEqual(sorted(to for _, recipients, _ in sink.messages for to in recipients),
                         sorted(f"r{number}@peer.example" for number in range(self.COUNT)))
        self.assertEqual(fumi.store_check()[0], 0)


if __name__ == "__main__":
    unittest.main()
