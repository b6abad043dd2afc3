"""Submission and reception as swaks, curl, smtplib and msmtp do it."""
import os
import smtplib
import subprocess
import unittest

from harness import HOST, PASSWORD, FumiTest, message, octets
from processes import run, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"


class Swaks(FumiTest):
    def swaks(self, port, *arguments, check=True):
        """(exit code, transcript); swaks ends with a code of its own for each step that may fail."""
        return run(["swaks", "--server", HOST, "--port", self.fumi.ports[port], "--timeout", "15", "--from", HANAKO,
                    "--to", TARO, *arguments], check=check)

    def login(self, method, password=PASSWORD):
        return ["--auth", method, "--auth-user", HANAKO, "--auth-password", password]

    def verified(self):
        return ["--tls-verify", "--tls-ca-path", self.fumi.authority.ca, "--tls-verify-target", "mx.acme.example"]

    def test_starttls_with_every_mechanism(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                subject = f"swaks starttls {method}"
                self.swaks("submission", "--tls", *self.login(method), "--header", f"Subject: {subject}")
                self.fumi.wait_subject(subject, TARO)

    def test_implicit_tls_with_every_mechanism(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                subject = f"swaks tls {method}"
                self.swaks("submissions", "--tls-on-connect", *self.login(method), "--header", f"Subject: {subject}")
                self.fumi.wait_subject(subject, TARO)

    def test_tls_versions(self):
        for version in ("tlsv1_2", "tlsv1_3"):
            with self.subTest(version):
                _, transcript = self.swaks("submission", "--tls", "--tls-protocol", version, "--quit-after", "EHLO")
                self.assertIn("TLS started with cipher", transcript)
        code, _ = self.swaks("submission", "--tls", "--tls-protocol", "tlsv1_1", "--quit-after", "EHLO", check=False)
        self.assertNotEqual(code, 0)

    def test_auth_is_not_offered_in_clear(self):
        code, transcript = self.swaks("submission", *self.login("PLAIN"), check=False)
        self.assertNotEqual(code, 0)
        self.assertNotRegex(transcript, r"<-  250[- ]AUTH")

    def test_wrong_password(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                code, transcript = self.swaks("submission", "--tls", *self.login(method, "wrong"), check=False)
                self.assertEqual(code, 28)
                self.assertRegex(transcript, r"<~\*+ +535")

    def test_no_submission_without_login(self):
        code, transcript = self.swaks("submission", "--tls", check=False)
        self.assertNotEqual(code, 0)
        self.assertRegex(transcript, r"<~\*+ +530")

    def test_sender_must_be_ones_own(self):
        code, transcript = self.swaks("submission", "--tls", *self.login("PLAIN"), "--from", TARO, check=False)
        self.assertNotEqual(code, 0)
        self.assertRegex(transcript, r"<~\*+ +5\d\d")

    def test_relay_port_takes_the_api_user(self):
        self.swaks("relay", "--tls", "--auth", "PLAIN", "--auth-user", "app@acme.example", "--auth-password",
                   self.fumi.apiuser_key, "--from", "app@acme.example", "--header", "Subject: swaks relay")
        self.fumi.wait_subject("swaks relay", TARO)

    def test_reception_knows_its_recipients(self):
        self.swaks("smtp", "--from", "jiro@peer.example", "--header", "Subject: swaks port 25")
        self.fumi.wait_subject("swaks port 25", TARO)
        code, transcript = self.swaks("smtp", "--from", "jiro@peer.example", "--to", "nobody@acme.example", check=False)
        self.assertEqual(code, 24)
        self.assertRegex(transcript, r"<\*+ +550 5\.1\.1")

    def test_port_25_is_no_open_relay(self):
        code, transcript = self.swaks("smtp", "--from", "jiro@peer.example", "--to", "x@elsewhere.example", check=False)
        self.assertEqual(code, 24)
        self.assertRegex(transcript, r"<\*+ +55\d 5\.7\.1")

    def test_port_25_does_starttls(self):
        self.swaks("smtp", "--tls", "--from", "jiro@peer.example", "--header", "Subject: swaks 25 tls")
        self.fumi.wait_subject("swaks 25 tls", TARO)

    def test_pipelining(self):
        self.swaks("smtp", "--pipeline", "--from", "jiro@peer.example", "--to", f"{HANAKO},{TARO}", "--header",
                   "Subject: swaks pipelined")
        for user in (HANAKO, TARO):
            self.fumi.wait_subject("swaks pipelined", user)

    def test_null_sender(self):
        self.swaks("smtp", "--from", "<>", "--header", "Subject: swaks null sender")
        self.fumi.wait_subject("swaks null sender", TARO)

    def test_attachment_and_dots_survive(self):
        body = ".\n..\n.text\n"
        self.swaks("submission", "--tls", *self.login("PLAIN"), "--header", "Subject: swaks dots", "--body", body,
                   "--attach-type", "application/octet-stream", "--attach", "@/bin/true")
        self.fumi.wait_subject("swaks dots", TARO)
        self.assertIn(b"\r\n.\r\n..\r\n.text\r\n", self.fumi.raw("swaks dots", TARO))


class Curl(FumiTest):
    def curl(self, url, *arguments, stdin=""):
        return run(["curl", "--silent", "--show-error", "--max-time", "30", "--cacert", self.fumi.authority.ca, "--user",
                    f"{HANAKO}:{PASSWORD}", *arguments, url], stdin=stdin)[1]

    def append(self, subject):
        mail = self.fumi.folder / "to-append.eml"
        mail.write_bytes(octets(message(subject)))
        self.curl(f"imaps://localhost:{self.fumi.ports['imaps']}/INBOX", "--upload-file", mail)
        self.fumi.wait_subject(subject, HANAKO)

    def send(self, url, subject, *arguments):
        self.curl(url, "--mail-from", HANAKO, "--mail-rcpt", TARO, "--upload-file", "-", *arguments,
                  stdin=octets(message(subject)))
        self.fumi.wait_subject(subject, TARO)

    def test_smtp_and_smtps(self):
        for method in ("PLAIN", "LOGIN"):
            with self.subTest(method):
                self.send(f"smtp://localhost:{self.fumi.ports['submission']}/client.example", f"curl smtp {method}", "--ssl-reqd",
                          "--login-options", f"AUTH={method}")
                self.send(f"smtps://localhost:{self.fumi.ports['submissions']}/client.example", f"curl smtps {method}",
                          "--login-options", f"AUTH={method}")

    def test_imap_and_imaps(self):
        self.send(f"smtps://localhost:{self.fumi.ports['submissions']}/client.example", "curl to fetch")
        login = ["--user", f"{TARO}:{PASSWORD}"]
        for base, arguments in ((f"imaps://localhost:{self.fumi.ports['imaps']}", login),
                                (f"imap://localhost:{self.fumi.ports['imap']}", [*login, "--ssl-reqd"])):
            with self.subTest(base):
                self.assertIn("INBOX", self.curl(f"{base}/", *arguments))
                found = self.curl(f"{base}/INBOX?SUBJECT%20fetch", *arguments)
                self.assertRegex(found, r"\* SEARCH \d+")
                self.assertIn("Subject: curl to fetch", self.curl(f"{base}/INBOX;MAILINDEX={found.split()[-1]}", *arguments))

    def test_imap_append(self):
        self.append("curl append")


class Smtplib(FumiTest):
    def test_several_messages_in_a_session(self):
        with self.fumi.smtp() as session:
            for number in range(3):
                session.send_message(message(f"smtplib {number}"))
        for number in range(3):
            self.fumi.wait_subject(f"smtplib {number}", TARO)

    def test_refused_recipients_are_told_apart(self):
        with self.fumi.smtp() as session:
            refused = session.sendmail(HANAKO, [TARO, "nobody@acme.example"], octets(message("smtplib partly")))
        self.assertEqual(list(refused), ["nobody@acme.example"])
        self.fumi.wait_subject("smtplib partly", TARO)

    def test_japanese(self):
        text = "本文です。株式会社①㈱\n"
        with self.fumi.smtp() as session:
            session.send_message(message("請求書のご案内", text=text))
        self.fumi.wait_subject("=?utf-8?b?6KuL5rGC5pu444Gu44GU5qGI5YaF?=", TARO)

    def test_too_large_is_refused_by_its_announced_size(self):
        with self.fumi.smtp() as session:
            session.ehlo_or_helo_if_needed()
            limit = int(session.esmtp_features["size"])
            self.assertGreater(limit, 1_000_000)
            code, _ = session.mail(HANAKO, [f"SIZE={limit + 1}"])
            self.assertEqual(code, 552)

    def test_a_sender_has_a_message_held(self):
        """FUTURERELEASE (RFC 4865)."""
        with self.fumi.smtp() as session:
            session.ehlo()
            longest, until = session.esmtp_features["futurerelease"].split()
            self.assertRegex(until, r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
            self.assertEqual(session.mail(HANAKO, [f"HOLDFOR={int(longest) + 1}"])[0], 501)
            for hold, subject in ((3600, "held for an hour"), (1, "held for a second")):
                session.sendmail(HANAKO, [TARO], octets(message(subject)), mail_options=[f"HOLDFOR={hold}"])
        self.fumi.wait_subject("held for a second", TARO)
        self.assertNotIn("held for an hour", self.fumi.subjects(TARO))
        self.assertIn(HANAKO, self.fumi.cli("queue", "list")[1])

    def test_commands_out_of_order(self):
        with smtplib.SMTP(HOST, self.fumi.ports["smtp"], timeout=10) as session:
            session.ehlo()
            self.assertEqual(session.docmd("DATA")[0], 503)
            self.assertEqual(session.docmd("RCPT", f"TO:<{TARO}>")[0], 503)
            self.assertEqual(session.docmd("NONSENSE")[0], 500)
            self.assertEqual(session.noop()[0], 250)

    def test_what_was_accepted_survives_a_crash(self):
        with self.fumi.smtp() as session:
            for number in range(20):
                session.send_message(message(f"before the crash {number}"))
            self.fumi.crash()
            session.sock.close()
            session.sock = None
        self.fumi.start()
        wanted = sorted(f"before the crash {number}" for number in range(20))
        wait_until(lambda: sorted(s for s in self.fumi.subjects(TARO) if s.startswith("before")) == wanted,
                   "each message exactly once")


class Msmtp(FumiTest):
    def msmtp(self, name, settings, stdin):
        config = self.fumi.folder / f"msmtprc-{name}"
        config.write_text("account default\nhost localhost\n" + "\n".join([
            f"from {HANAKO}", f"user {HANAKO}", f'passwordeval "cat {self.fumi.folder}/password"', "auth on", "tls on",
            f"tls_trust_file {self.fumi.authority.ca}", *settings]) + "\n")
        os.chmod(config, 0o600)
        return run(["msmtp", "-C", config, "--read-recipients"], stdin=stdin)

    def test_starttls_and_tls(self):
        for name, settings in (("starttls", [f"port {self.fumi.ports['submission']}", "tls_starttls on"]),
                               ("tls", [f"port {self.fumi.ports['submissions']}", "tls_starttls off"])):
            with self.subTest(name):
                self.msmtp(name, settings, message(f"msmtp {name}").as_bytes())
                self.fumi.wait_subject(f"msmtp {name}", TARO)

    def test_mechanisms(self):
        offered = subprocess.run(["msmtp", "--version"], capture_output=True, text=True, check=True).stdout
        for method in ("plain", "login", "scram-sha-256"):
            if method not in offered:
                continue
            with self.subTest(method):
                self.msmtp(method, [f"port {self.fumi.ports['submissions']}", "tls_starttls off", f"auth {method}"],
                           message(f"msmtp {method}").as_bytes())
                self.fumi.wait_subject(f"msmtp {method}", TARO)


if __name__ == "__main__":
    unittest.main()
