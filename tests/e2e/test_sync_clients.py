"""Clients that keep a copy of whole mailboxes: mbsync with many messages, OfflineIMAP."""
import mailbox
import re
import unittest

from harness import FumiTest, message, octets
from processes import run

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
MANY = 10_000


def ok(answer):
    """The data of an imaplib answer that must be OK."""
    status, data = answer
    if status != "OK":
        raise AssertionError(f"{status}: {data}")
    return data


def numbers(subjects):
    """The set of n for the subjects "mail n"."""
    return {int(subject.rpartition(" ")[2]) for subject in subjects}


def local_numbers(files):
    return numbers(re.search(rb"^Subject: (.*?)\r?$", file.read_bytes(), re.M).group(1).decode() for file in files)


class MbsyncMany(FumiTest):
    """Both ways, with as many messages as a few years of somebody's mail."""

    def setUp(self):
        self.local = self.fumi.folder / "many"
        self.local.mkdir()
        self.config = self.fumi.folder / "mbsyncrc"
        self.config.write_text(f"""
IMAPAccount fumi
Host localhost
Port {self.fumi.ports['imaps']}
User {TARO}
PassCmd "cat {self.fumi.folder}/password"
SSLType IMAPS
CertificateFile {self.fumi.authority.ca}

IMAPStore far
Account fumi

MaildirStore near
Path {self.local}/
Inbox {self.local}/INBOX

Channel inbox
Far :far:
Near :near:
Create Both
Remove Both
Expunge Both
SyncState *
""")

    def sync(self):
        return run(["mbsync", "-c", self.config, "inbox"], seconds=600)[1]

    def files(self, flag=""):
        found = (p for part in ("new", "cur") for p in (self.local / "INBOX" / part).glob("*"))
        return [p for p in found if flag in p.name.partition(":2,")[2]]

    def test_both_ways(self):
        source = self.fumi.folder / "source.mbox"
        with open(source, "wb") as out:
            for number in range(MANY):
                mail = message(f"mail {number}", to=TARO, text=f"text of {number}\n")
                mail["Message-ID"] = f"<{number}@acme.example>"
                out.write(b"From x@acme.example Mon Nov 23 10:00:00 2026\n" + mail.as_bytes() + b"\n")
        self.fumi.cli("mail", "import", TARO, "--mbox", source, seconds=600)
        self.sync()
        files = self.files()
        self.assertEqual(len(files), MANY)
        self.assertEqual(local_numbers(files), set(range(MANY)))

        # Here: a hundred flags, fifty deletions, twenty new ones.
        flagged, gone = files[:100], files[100:150]
        flagged_numbers, gone_numbers = local_numbers(flagged), local_numbers(gone)
        for file in flagged:
            file.rename(self.local / "INBOX/cur" / (file.name.partition(":")[0] + ":2,F"))
        for file in gone:
            file.unlink()
        for number in range(MANY, MANY + 20):
            (self.local / f"INBOX/cur/{number}.local:2,S").write_bytes(octets(message(f"mail {number}")))
        # There, at once: half of them read, the last two hundred gone, ten new ones.
        session = self.fumi.imap(TARO)
        self.addCleanup(session.logout)
        session.sock.settimeout(120)
        ok(session.select("INBOX"))
        ok(session.store(f"1:{MANY // 2}", "+FLAGS.SILENT", r"(\Seen)"))
        ok(session.store(f"{MANY - 199}:{MANY}", "+FLAGS.SILENT", r"(\Deleted)"))
        ok(session.expunge())
        for number in range(MANY + 20, MANY + 30):
            ok(session.append("INBOX", "", None, octets(message(f"mail {number}"))))
        far_gone = set(range(MANY - 200, MANY))  # imported in order
        self.sync()

        expected = set(range(MANY + 30)) - gone_numbers - far_gone
        self.assertEqual(local_numbers(self.files()), expected)
        self.assertEqual(numbers(self.fumi.subjects(TARO)), expected)
        ok(session.noop())
        self.assertEqual(len(ok(session.search(None, "FLAGGED"))[0].split()), len(flagged_numbers - far_gone))
        self.assertEqual(local_numbers(self.files("F")), flagged_numbers - far_gone)
        seen = (set(range(MANY // 2)) | set(range(MANY, MANY + 20))) - gone_numbers
        self.assertEqual(local_numbers(self.files("S")), seen)
        self.assertEqual(len(ok(session.search(None, "SEEN"))[0].split()), len(seen))

        # Nothing changed: nothing moves.
        before = sorted(p.name for p in self.files())
        self.sync()
        self.assertEqual(sorted(p.name for p in self.files()), before)


class OfflineImap(FumiTest):
    def setUp(self):
        self.local = self.fumi.folder / "offline"
        self.local.mkdir()
        self.config = self.fumi.folder / "offlineimaprc"
        self.config.write_text(f"""
[general]
accounts = acme
metadata = {self.fumi.folder}/offlineimap
ui = basic

[Account acme]
localrepository = near
remoterepository = far

[Repository near]
type = Maildir
localfolders = {self.local}
sep = /

[Repository far]
type = IMAP
remotehost = localhost
remoteport = {self.fumi.ports['imaps']}
remoteuser = {HANAKO}
remotepassfile = {self.fumi.folder}/password
ssl = yes
sslcacertfile = {self.fumi.authority.ca}
""")

    def sync(self):
        return run(["offlineimap", "-c", self.config, "-o", "-1"], seconds=120,
                   environment={"HOME": str(self.fumi.folder)})[1]

    def box(self, name="INBOX"):
        return mailbox.Maildir(self.local / name, create=False)

    def subjects(self, name="INBOX"):
        return sorted(mail["Subject"] for mail in self.box(name))

    def test_both_ways(self):
        session = self.fumi.imap()
        self.addCleanup(session.logout)
        for number in range(6):
            ok(session.append("INBOX", "", None, octets(message(f"far {number}"))))
        ok(session.create("Work/2026"))
        ok(session.append("Work/2026", r"(\Answered)", None, octets(message("filed"))))
        self.sync()
        self.assertEqual(self.subjects(), [f"far {n}" for n in range(6)])
        self.assertEqual([mail.get_flags() for mail in self.box("Work/2026")], ["R"])

        # Here: one read, one deleted, one new, and a new mailbox with a message.
        for key, mail in self.box().items():
            if mail["Subject"] == "far 1":
                mail.set_subdir("cur")
                mail.set_flags("S")
                self.box()[key] = mail
            if mail["Subject"] == "far 2":
                self.box().discard(key)
        self.box().add(octets(message("near 0")))
        mailbox.Maildir(self.local / "Near", create=True).add(octets(message("near 1")))
        # There: one flagged, one gone, one moved.
        ok(session.select("INBOX"))
        ok(session.store("1", "+FLAGS", r"(\Flagged)"))
        ok(session.store("5", "+FLAGS", r"(\Deleted)"))
        ok(session.expunge())
        ok(session.uid("MOVE", session.uid("SEARCH", "SUBJECT", '"far 3"')[1][0].decode(), "Work/2026"))
        self.sync()

        left = ["far 0", "far 1", "far 5", "near 0"]
        self.assertEqual(self.subjects(), left)
        self.assertEqual(sorted(self.fumi.subjects()), left)
        self.assertEqual(self.subjects("Work/2026"), ["far 3", "filed"])
        self.assertEqual(self.fumi.subjects(mailbox="Near"), ["near 1"])
        flags = {mail["Subject"]: mail.get_flags() for mail in self.box()}
        self.assertEqual((flags["far 0"], flags["far 1"]), ("F", "S"))
        ok(session.noop())
        seen = ok(session.search(None, "SEEN"))[0].split()
        self.assertEqual(len(seen), 1)

        # Nothing changed: nothing moves.
        before = sorted(self.box().keys())
        self.sync()
        self.assertEqual(sorted(self.box().keys()), before)
        self.assertEqual(sorted(self.fumi.subjects()), left)


if __name__ == "__main__":
    unittest.main()
