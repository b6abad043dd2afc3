"""Mailboxes of other people and of nobody's own (RFC 4314): imaplib, mbsync and mutt on them, and `fumi acl`."""
import imaplib
import re

from harness import HOST, PASSWORD, FumiTest, message
from processes import run, wait_until
from test_imap_clients import Mutt, ok

HANAKO, TARO, SUPPORT = "hanako@acme.example", "taro@acme.example", "support@acme.example"
WORK = f'"Other Users/{HANAKO}/Work"'
INBOX = f'"Shared/{SUPPORT}/INBOX"'
ALL = b"lrswipkxteacd"


class SharedMailboxes(FumiTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fumi.cli("account", "create", SUPPORT, "--shared")
        cls.fumi.populate("other", "other.example", {"ken": PASSWORD})
        session = cls.fumi.imap(HANAKO)
        ok(session.create("Work"))
        session.logout()

    def setUp(self):
        self.hanako = self.session(HANAKO)
        self.taro = self.session(TARO)

    def session(self, user):
        session = self.fumi.imap(user)
        self.addCleanup(session.logout)
        return session

    def names(self, session):
        return [line.decode().rpartition(' "/" ')[2] for line in ok(session.list()) if line]

    def test_a_person_shares_a_folder(self):
        taro = self.fumi.imap(TARO)  # ended by the server
        capabilities = ok(taro.capability())[0].split()
        for name in (b"ACL", b"RIGHTS=kxte", b"LIST-MYRIGHTS"):
            self.assertIn(name, capabilities)
        self.assertEqual(ok(self.hanako.myrights("Work")), [b"Work " + ALL])
        self.assertEqual(taro.myrights(WORK)[0], "NO")
        ok(self.hanako.append("Work", "", None, message("plan").as_bytes()))
        ok(self.hanako.setacl("Work", TARO, "lrs"))
        self.assertEqual(ok(self.hanako.getacl("Work")),
                         [f"Work {HANAKO} ".encode() + ALL + f" {TARO} lrs".encode()])
        self.assertEqual(ok(taro.myrights(WORK)), [f"{WORK} lrs".encode()])
        self.assertIn(WORK, self.names(taro))
        self.assertIn(b'"Other Users/"', ok(taro.namespace())[0])

        ok(taro.select(WORK))
        self.assertIn(b"Subject: plan", ok(taro.fetch("1", "(BODY[])"))[0][1])
        self.assertEqual(taro.store("1", "+FLAGS", r"(\Deleted)")[0], "NO")
        ok(self.hanako.select("Work"))
        self.assertIn(rb"\Seen", ok(self.hanako.fetch("1", "(FLAGS)"))[0])

        # More rights, then none: what was selected is gone for him, and only for him.
        ok(self.hanako.setacl("Work", TARO, "+te"))
        ok(taro.store("1", "+FLAGS", r"(\Deleted)"))
        self.assertEqual(ok(taro.expunge()), [b"1"])
        ok(self.hanako.deleteacl("Work", TARO))
        with self.assertRaises(imaplib.IMAP4.abort):
            taro.noop()
            taro.noop()
        ok(self.hanako.noop())
        self.assertNotIn(WORK, self.names(self.session(TARO)))

    def test_nothing_crosses_tenants(self):
        ken = self.session("ken@other.example")
        ok(self.hanako.setacl("Work", "anyone", "lr"))
        self.addCleanup(self.hanako.deleteacl, "Work", "anyone")
        self.assertIn(WORK, self.names(self.taro))
        self.assertFalse([name for name in self.names(ken) if "hanako" in name])
        self.assertEqual(ken.select(WORK)[0], "NO")
        self.assertEqual(ken.myrights(WORK)[0], "NO")
        self.assertEqual(self.hanako.setacl("Work", "ken@other.example", "lr")[0], "NO")
        code, out = self.fumi.cli("acl", "set", HANAKO, "ken@other.example", "lr", check=False)
        self.assertEqual(code, 1, out)

    def test_a_shared_account(self):
        with self.assertRaises(imaplib.IMAP4.error):
            imaplib.IMAP4_SSL(HOST, self.fumi.ports["imaps"], ssl_context=self.fumi.tls(),
                              timeout=20).login(SUPPORT, PASSWORD)
        self.fumi.cli("acl", "set", SUPPORT, TARO, "lrswitea")
        self.fumi.cli("acl", "set", SUPPORT, HANAKO, "lr", "--mailbox", "INBOX")
        rows = self.fumi.json("acl", "list", SUPPORT, "--mailbox", "INBOX")["items"]
        self.assertEqual({row["identifier"]: row["rights"] for row in rows}, {TARO: "lrswitea", HANAKO: "lr"})
        session = self.fumi.smtp(HANAKO)
        session.send_message(message("please help", to=SUPPORT))
        session.quit()

        def arrived():
            return ok(self.taro.select(INBOX)) != [b"0"]

        wait_until(arrived, "the mail in the shared inbox")
        ok(self.taro.subscribe(INBOX))
        self.assertTrue([line for line in ok(self.taro.lsub()) if line and b"support" in line])
        ok(self.taro.store("1", "+FLAGS", r"(\Flagged)"))
        ok(self.taro.copy("1", f'"Shared/{SUPPORT}/Archive"'))
        ok(self.taro.copy("1", "INBOX"))
        with self.assertRaises(imaplib.IMAP4.readonly):  # she may read, and the server says so
            self.hanako.select(INBOX)
        self.assertEqual(self.hanako.select(f'"Shared/{SUPPORT}/Archive"')[0], "NO")
        ok(self.hanako.select(INBOX, readonly=True))
        self.assertIn(rb"\Flagged", ok(self.hanako.fetch("1", "(FLAGS)"))[0])
        self.assertEqual(self.hanako.store("1", "+FLAGS", r"(\Seen)")[0], "NO")
        # Who was given the right to may let others in; each change is on record.
        ok(self.taro.setacl(INBOX, HANAKO, "lrs"))
        ok(self.hanako.select(INBOX))
        ok(self.hanako.store("1", "+FLAGS", r"(\Seen)"))
        audit = self.fumi.folder / "audit.jsonl"
        self.fumi.cli("audit", "export", "--tenant", "acme", "--out", audit)
        self.assertIn("acl.set", audit.read_text())
        self.fumi.cli("acl", "remove", SUPPORT, HANAKO, "--mailbox", "INBOX")
        self.assertNotIn(INBOX, self.names(self.session(HANAKO)))

    def test_mbsync_both_ways(self):
        ok(self.hanako.create("Plans"))
        ok(self.hanako.setacl("Plans", TARO, "lrswite"))
        ok(self.hanako.append("Plans", "", None, message("far").as_bytes()))
        local = self.fumi.folder / "shared-maildir"
        local.mkdir()
        password = self.fumi.folder / "taros-password"
        password.write_text(PASSWORD)
        config = self.fumi.folder / "shared-mbsyncrc"
        config.write_text(f"""
IMAPAccount fumi
Host localhost
Port {self.fumi.ports['imaps']}
User {TARO}
PassCmd "cat {password}"
SSLType IMAPS
CertificateFile {self.fumi.authority.ca}

IMAPStore far
Account fumi

MaildirStore near
Path {local}/
SubFolders Verbatim

Channel plans
Far ":far:Other Users/{HANAKO}/Plans"
Near :near:plans
Create Near
Expunge Both
SyncState *
""")
        run(["mbsync", "-c", config, "-V", "plans"])
        files = sorted((local / "plans").glob("*/*far*")) or [
            file for part in ("new", "cur") for file in (local / "plans" / part).glob("*")]
        self.assertEqual(len(files), 1)
        (local / "plans/cur/1.local:2,F").write_bytes(message("near").as_bytes())
        files[0].unlink()
        run(["mbsync", "-c", config, "-V", "plans"])
        ok(self.hanako.select("Plans"))
        self.assertEqual(self.fumi.subjects(HANAKO, "Plans"), ["near"])
        self.assertEqual(ok(self.hanako.search(None, "FLAGGED")), [b"1"])


class MuttOnShared(Mutt):
    """mutt as hanako, on a folder of taro's."""
    # Of the inherited tests only this one says something about shared folders.
    test_sends_in_batch_and_files_a_copy = None

    def test_reads_saves_and_deletes(self):
        session = self.fumi.imap(TARO)
        self.addCleanup(session.logout)
        ok(session.create("Team"))
        ok(session.setacl("Team", HANAKO, "lrste"))
        subject = "mutt reads a shared folder"
        ok(session.append("Team", "", None, message(subject).as_bytes()))
        with self.rc.open("a") as rc:
            # By default mutt takes dots for separators, and no address would be left of the name.
            rc.write(f'set imap_delim_chars="/" spoolfile="+Other Users/{TARO}/Team"\n')
        box = self.fumi.folder / "shared.mbox"
        self.interactive(f"'<copy-message><kill-line>{box}<enter><delete-message><sync-mailbox><exit>'")
        text = wait_until(lambda: box.exists() and box.read_text(), "the saved message")
        self.assertTrue(re.search(f"Subject: {subject}", text))
        self.assertEqual(self.fumi.subjects(TARO, "Team"), [])


del Mutt, FumiTest  # or their tests would run here again
