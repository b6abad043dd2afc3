"""Postfix on both sides: it sends to us on port 25, and we find it by its MX and deliver to it."""
import os
import smtplib
import unittest

from harness import HOST, FumiTest, message
from peers import Dns, Postfix, SmtpSink
from processes import free_port, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"


@unittest.skipUnless(os.getuid() == 0, "Postfix needs root")
class PostfixSends(FumiTest):
    def start(self, *settings):
        peer = Postfix("mx.peer.example", relay=(HOST, self.fumi.ports["smtp"]), settings=settings)
        self.addCleanup(peer.stop)
        return peer

    def send(self, peer, subject, *recipients):
        mail = message(subject, sender="jiro@peer.example", to=", ".join(recipients))
        with smtplib.SMTP(HOST, peer.port, timeout=10) as session:
            session.send_message(mail, "jiro@peer.example", list(recipients))

    def test_in_clear_and_over_tls(self):
        for level in ("none", "encrypt"):
            with self.subTest(level):
                peer = self.start(f"smtp_tls_security_level = {level}")
                self.send(peer, f"postfix tls {level}", HANAKO, TARO)
                for user in (HANAKO, TARO):
                    self.fumi.wait_subject(f"postfix tls {level}", user, seconds=40)

    def test_verifies_our_certificate(self):
        peer = self.start("smtp_tls_security_level = secure", "smtp_tls_secure_cert_match = mx.acme.example",
                          f"smtp_tls_CAfile = {self.fumi.authority.ca}")
        self.send(peer, "postfix verified", HANAKO)
        self.fumi.wait_subject("postfix verified", HANAKO, seconds=40)

    def test_many_in_one_connection(self):
        peer = self.start("smtp_connection_cache_on_demand = yes", "default_destination_concurrency_limit = 5")
        for number in range(50):
            self.send(peer, f"postfix many {number}", HANAKO)
        wait_until(lambda: sum(s.startswith("postfix many") for s in self.fumi.subjects()) == 50, "50 messages", 60)

    def test_unknown_recipients_bounce_at_the_peer(self):
        peer = self.start()
        self.send(peer, "postfix unknown", "nobody@acme.example")
        wait_until(lambda: "status=bounced" in peer.log(), "the bounce", 40)
        self.assertIn("550 5.1.1", peer.log())


class PeerTest(FumiTest):
    """Finds peer.example by a DNS server of the test; its MX listens on a port of the test."""

    dns = None
    remote_port = 0

    @classmethod
    def options(cls):
        cls.remote_port = free_port()
        cls.dns = Dns({"peer.example": ["@ MX 10 mx", f"mx A {HOST}"], "nullmx.example": ["@ MX 0 ."],
                       "bare.example": [f"@ A {HOST}"]})
        cls.addClassCleanup(cls.dns.stop)
        return {"dns": [f"{HOST}@{cls.dns.port}"], "remote_port": cls.remote_port, "retry": ["1s"], "site_pause": "1s", "poll": "1s",
                **cls.OPTIONS}

    def submit(self, subject, recipient):
        with self.fumi.smtp() as session:
            session.send_message(message(subject, to=recipient))


@unittest.skipUnless(os.getuid() == 0, "Postfix needs root")
class PostfixReceives(PeerTest):
    def start(self, *settings):
        peer = Postfix("mx.peer.example", mailboxes=["jiro@peer.example", "x@bare.example"], port=self.remote_port,
                       settings=settings)
        self.addCleanup(peer.stop)
        return peer

    def test_by_mx_and_by_address(self):
        peer = self.start()
        self.submit("to the mx", "jiro@peer.example")
        self.submit("to the address", "x@bare.example")
        delivered = peer.wait_messages("jiro@peer.example", 1)[0]
        self.assertIn(b"Subject: to the mx", delivered)
        self.assertIn(b"Return-Path: <hanako@acme.example>", delivered)
        peer.wait_messages("x@bare.example", 1)

    def test_uses_tls_where_it_is_offered(self):
        certificate, key = self.fumi.authority.issue("mx.peer.example")
        peer = self.start("smtpd_tls_security_level = encrypt", f"smtpd_tls_cert_file = {certificate}",
                          f"smtpd_tls_key_file = {key}", "smtpd_tls_received_header = yes")
        self.submit("in private", "jiro@peer.example")
        self.assertIn(b"using TLSv1.", peer.wait_messages("jiro@peer.example", 1)[0])

    def test_refused_by_the_peer_comes_back(self):
        self.start()
        self.submit("nobody there", "nobody@peer.example")
        wait_until(lambda: any("nobody there" not in s for s in self.fumi.subjects()), "the bounce in the inbox", 40)
        box = self.fumi.imap()
        box.select("INBOX", readonly=True)
        _, found = box.search(None, "HEADER", "Content-Type", "delivery-status")
        self.assertTrue(found[0])
        _, parts = box.fetch(found[0].split()[-1], "(BODY.PEEK[])")
        box.logout()
        self.assertIn(b"Final-Recipient: rfc822; nobody@peer.example", parts[0][1])
        self.assertIn(b"Action: failed", parts[0][1])


class Sending(PeerTest):
    """Answers that a real Postfix doesn't give on demand."""

    def sink(self, **behaviour):
        sink = SmtpSink(port=self.remote_port, **behaviour)
        self.addCleanup(sink.stop)
        return sink

    def bounces(self):
        box = self.fumi.imap()
        try:
            box.select("INBOX", readonly=True)
            return len(box.search(None, "HEADER", "Content-Type", "delivery-status")[1][0].split())
        finally:
            box.logout()

    def test_tries_again_after_a_temporary_answer(self):
        refusals = iter(["451 4.7.1 greylisted"])
        sink = self.sink(reply=lambda verb, _: next(refusals, None) if verb == "RCPT" else None)
        self.submit("greylisted", "jiro@peer.example")
        messages = sink.wait_messages(1)
        self.assertEqual(messages[0][:2], ("hanako@acme.example", ["jiro@peer.example"]))

    def test_waits_for_a_peer_that_is_down_and_survives_a_restart(self):
        self.submit("patience", "jiro@peer.example")
        self.fumi.restart()
        sink = self.sink()
        messages = sink.wait_messages(1, 60)
        self.assertEqual(sum(b"Subject: patience" in body for _, _, body in messages), 1)

    def test_null_mx_bounces_at_once(self):
        before = self.bounces()
        self.submit("nobody wants it", "x@nullmx.example")
        wait_until(lambda: self.bounces() == before + 1, "the bounce", 30)

    def test_permanent_refusal_of_the_content_bounces_once(self):
        before = self.bounces()
        sink = self.sink(reply=lambda verb, _: "554 5.7.1 spam" if verb == "." else None)
        self.submit("unwanted", "jiro@peer.example")
        wait_until(lambda: self.bounces() == before + 1, "the bounce", 30)
        self.assertEqual(sum(verb == "DATA" for verb, _ in sink.commands), 1)


if __name__ == "__main__":
    unittest.main()
