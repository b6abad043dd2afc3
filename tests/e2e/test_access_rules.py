"""Access rules and open sessions (`fumi access`) with real clients: logins judged, sessions ended."""
import imaplib
import json
import poplib
import smtplib

from harness import HOST, PASSWORD, FumiTest
from processes import wait_until

HANAKO = "hanako@acme.example"


class AccessRules(FumiTest):
    def access(self, *arguments):
        return self.fumi.cli("access", *arguments, "--tenant", "acme")[1]

    def pop3(self):
        session = poplib.POP3_SSL(HOST, self.fumi.ports["pop3s"], context=self.fumi.tls(), timeout=20)
        self.addCleanup(session.close)
        session.user(HANAKO)
        session.pass_(PASSWORD)
        return session

    def add(self, *arguments):
        rule = json.loads(self.access(*arguments, "--json"))["id"]
        self.addCleanup(self.access, "remove", rule)
        return rule

    def test_a_rule_keeps_out_and_lets_in(self):
        everybody = self.add("deny", "Nobody by POP", "--door", "pop3")
        with self.assertRaises(poplib.error_proto):
            self.pop3()
        self.fumi.imap(HANAKO).logout()
        self.assertIn("deny", self.access("test", HANAKO, "pop3", "--from", HOST))
        self.add("allow", "花子はどこからでも", "--door", "pop3", "--about", HANAKO)
        self.pop3().quit()
        listed = self.access("list")
        self.assertIn(everybody, listed)
        self.assertIn("花子はどこからでも", listed)

    def test_who_is_outside_learns_nothing_and_who_is_inside_is_told(self):
        self.add("deny", "Nobody")
        self.add("allow", "Elsewhere", "--from", "203.0.113.0/24")
        with self.assertRaisesRegex(imaplib.IMAP4.error, "AUTHENTICATIONFAILED") as outside:
            self.fumi.imap(HANAKO)
        with self.assertRaises(imaplib.IMAP4.error) as wrong:
            self.fumi.imap(HANAKO, password="wrong password")
        self.assertEqual(str(outside.exception), str(wrong.exception))
        # The same network as one of the tenant's own, where another rule keeps this account out.
        self.add("allow", "Here", "--from", "127.0.0.0/8")
        self.fumi.imap(HANAKO).logout()
        self.add("deny", "Not she", "--about", HANAKO)
        with self.assertRaisesRegex(imaplib.IMAP4.error, "not allowed from here"):
            self.fumi.imap(HANAKO)

    def test_an_open_session_ends_with_the_right_to_it(self):
        session = self.fumi.imap(HANAKO)
        session.select()
        self.assertIn(HANAKO, self.access("sessions"))
        self.add("deny", "Nobody by IMAP", "--door", "imap")
        said = []

        def is_over():
            try:
                session.noop()
                return False
            except imaplib.IMAP4.abort:
                said.extend(session.untagged_responses.get("BYE", []))
                return True
        wait_until(is_over, "the session's end")
        self.assertIn(b"[ALERT] Access from here ends now", b" ".join(said))

    def test_an_administrator_ends_a_session(self):
        session = self.fumi.smtp(HANAKO)
        listed = json.loads(self.access("sessions", "--json").splitlines()[0])
        self.assertEqual((listed["who"], listed["door"]), (HANAKO, "smtp"))
        self.access("end", listed["id"])
        with self.assertRaises(smtplib.SMTPServerDisconnected):
            code, text = session.noop()
            self.assertEqual(code, 421)
            session.noop()
