"""Whose a domain is, by a challenge in real DNS (Knot); what `fumi domain check` says; plans and pace by the command line."""
import smtplib
import unittest
import urllib.error
import urllib.request
import xml.etree.ElementTree

from harness import HOST, PASSWORD, FumiTest, message
from peers import Dns, SmtpSink
from processes import wait_until

HANAKO = "hanako@acme.example"


class Domains(FumiTest):
    @classmethod
    def options(cls):
        cls.dns = Dns({"new.example": [f"@ A {HOST}"]})
        cls.addClassCleanup(cls.dns.stop)
        cls.sink = SmtpSink()
        cls.addClassCleanup(cls.sink.stop)
        return {"dns": [f"{HOST}@{cls.dns.port}"], "routes": [f"*={HOST}:{cls.sink.port}"], "poll": "1s"}

    def rcpt(self, address):
        with smtplib.SMTP(HOST, self.fumi.ports["smtp"], timeout=20) as session:
            session.ehlo()
            session.mail("someone@elsewhere.example")
            return session.rcpt(address)[0]

    def at_sink(self, subject):
        """To how many recipients a message has left."""
        line = f"Subject: {subject}\r\n".encode()
        return sum(len(recipients) for _, recipients, body in list(self.sink.messages) if line in body)

    def test_a_domain_is_proven_by_dns_before_it_sends_or_receives(self):
        made = self.fumi.json("domain", "create", "new.example", "--tenant", "acme", "--prove")
        self.assertEqual(made["state"], "pending")
        self.fumi.cli("account", "create", "jiro@new.example", "--password-file", "-", stdin=PASSWORD)
        self.assertEqual(self.rcpt("jiro@new.example"), 550)
        with self.fumi.smtp("jiro@new.example") as session:
            session.ehlo()
            self.assertEqual(session.mail("jiro@new.example")[0], 550)

        code, told = self.fumi.cli("domain", "verify", "new.example", check=False)
        self.assertEqual(code, 1)
        self.assertIn(made["challenge"], told)
        self.assertEqual(self.rcpt("jiro@new.example"), 550)

        wanted = self.fumi.json("domain", "dns", "new.example")["records"]
        lines = []
        for record in wanted:
            name = record["name"].removesuffix("new.example").removesuffix(".") or "@"
            if not record["name"].endswith("new.example"):
                continue
            value = record["value"]
            if record["type"] == "TXT":
                value = " ".join(f'"{value[i:i + 200]}"' for i in range(0, len(value), 200))
            elif record["type"] != "TLSA":
                value += "."
            lines.append(f"{name} {record['type']} {value}")
        self.dns.set({"new.example": [f"@ A {HOST}", *lines]})
        self.fumi.restart()  # what DNS said before is in the resolver's cache
        self.fumi.cli("domain", "verify", "new.example")
        self.assertEqual(self.rcpt("jiro@new.example"), 250)
        with self.fumi.smtp("jiro@new.example") as session:
            session.send_message(message("proven", sender="jiro@new.example"), "jiro@new.example", ["x@remote.example"])

        setup = f"http://{HOST}:{self.fumi.ports['http']}/.well-known/autoconfig/mail/config-v1.1.xml?emailaddress="
        with urllib.request.urlopen(setup + "jiro@new.example", timeout=20) as answer:
            config = xml.etree.ElementTree.fromstring(answer.read())
        self.assertEqual(config.findtext("emailProvider/incomingServer/port"), str(self.fumi.ports["imaps"]))
        with self.assertRaises(urllib.error.HTTPError) as unknown:
            urllib.request.urlopen(setup + "jiro@elsewhere.example", timeout=20)
        self.assertEqual(unknown.exception.code, 404)

        check = self.fumi.json("domain", "check", "new.example")
        self.assertTrue(check["good"], check)
        states = {finding["record"]["purpose"]: finding["state"] for finding in check["records"]}
        for purpose in ("mx", "spf", "dkim", "dmarc", "mta-sts", "mta-sts-host", "tls-rpt", "autoconfig",
                        "autodiscover", "srv"):
            self.assertEqual(states[purpose], "good", (purpose, check))
        japanese = self.fumi.json("domain", "check", "new.example")["records"][0]["text_ja"]
        self.assertIn("正しく設定されています", japanese)

    def test_the_operators_word_and_a_check_that_fails(self):
        self.fumi.cli("domain", "create", "word.example", "--tenant", "acme", "--prove")
        self.assertEqual(self.rcpt("postmaster@word.example"), 550)
        self.fumi.cli("domain", "verify", "word.example", "--override", "contract 4711")
        _, listed = self.fumi.cli("domain", "list", "--tenant", "acme")
        self.assertRegex(listed, r"word\.example +verified")
        code, told = self.fumi.cli("domain", "check", "word.example", check=False)
        self.assertEqual(code, 1)
        self.assertIn("missing", told)

    def test_a_plan_stops_what_would_exceed_it(self):
        self.fumi.populate("small", "small.example", {"ken": PASSWORD})
        self.fumi.cli("tenant", "limit", "small", "accounts_max=1", "storage_octets_max=1GiB")
        code, told = self.fumi.cli("account", "create", "mai@small.example", "--password-file", "-",
                                   "--quota", "100MiB", stdin=PASSWORD, check=False)
        self.assertEqual(code, 1)
        self.assertIn("accounts_max = 1", told)
        self.assertRegex(self.fumi.cli("tenant", "limits", "small")[1], r"accounts_max +1 +1")

    def test_a_sender_is_slowed_down_then_refused_then_let_go(self):
        self.fumi.cli("tenant", "limit", "acme", "person_pace.per_minute=60", "person_pace.burst=2",
                      "person_pace.per_10_minutes=5")
        self.addCleanup(self.fumi.cli, "tenant", "limit", "acme", "person_pace.per_10_minutes=0",
                        "person_pace.per_minute=0")

        def send(count, number):
            with self.fumi.smtp(HANAKO) as session:
                session.send_message(message(f"paced {number}"), HANAKO,
                                     [f"{number}.{i}@remote.example" for i in range(count)])
        send(4, 1)
        self.assertEqual(self.fumi.json("tenant", "pace", "acme", "--account", HANAKO)["ten_minutes"], 4)
        with self.assertRaises(smtplib.SMTPDataError) as refused:
            send(2, 2)
        self.assertEqual(refused.exception.smtp_code, 451)
        self.assertIn(b"4.7.1", refused.exception.smtp_error)
        self.assertIn(b"try again in", refused.exception.smtp_error)
        wait_until(lambda: self.at_sink("paced 1") == 4, "what was slowed down to leave", 30)
        self.fumi.cli("tenant", "lift", "acme", "--account", HANAKO, "--hours", "1", "--note", "a newsletter")
        self.assertIn(HANAKO, self.fumi.cli("tenant", "restricted", "acme")[1])
        send(20, 3)


if __name__ == "__main__":
    unittest.main()
