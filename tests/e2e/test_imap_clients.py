"""Mailboxes as imaplib, mbsync, mutt and neomutt use them."""
import imaplib
import os
import pty
import re
import subprocess
import threading
import time
import unittest

from harness import HOST, PASSWORD, FumiTest, message
from processes import run, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"


def ok(answer):
    """The data of an imaplib answer that must be OK."""
    status, data = answer
    if status != "OK":
        raise AssertionError(f"{status}: {data}")
    return data


class Imaplib(FumiTest):
    def setUp(self):
        self.session = self.fumi.imap()
        self.addCleanup(lambda: self.session.logout())  # pylint: disable=unnecessary-lambda
        self.mailbox = "T" + re.sub(r"\W", "", self.id().rpartition(".")[2])
        ok(self.session.create(self.mailbox))

    def append(self, *subjects, flags=""):
        for subject in subjects:
            ok(self.session.append(self.mailbox, flags, None, message(subject).as_bytes()))
        return int(ok(self.session.select(self.mailbox))[0])

    def test_starttls_then_login(self):
        session = imaplib.IMAP4(HOST, self.fumi.ports["imap"], timeout=10)
        self.assertIn("LOGINDISABLED", session.capabilities)
        with self.assertRaises(imaplib.IMAP4.error):
            session.login(HANAKO, PASSWORD)
        session.starttls(self.fumi.tls())
        self.assertNotIn("LOGINDISABLED", session.capabilities)
        ok(session.login(HANAKO, PASSWORD))
        session.logout()

    def test_authenticate_plain(self):
        session = imaplib.IMAP4_SSL(HOST, self.fumi.ports["imaps"], ssl_context=self.fumi.tls(), timeout=10)
        ok(session.authenticate("PLAIN", lambda _: f"\0{HANAKO}\0{PASSWORD}".encode()))
        session.logout()

    def test_wrong_password(self):
        session = imaplib.IMAP4_SSL(HOST, self.fumi.ports["imaps"], ssl_context=self.fumi.tls(), timeout=10)
        with self.assertRaises(imaplib.IMAP4.error):
            session.login(HANAKO, "wrong")
        session.shutdown()

    def test_append_search_fetch(self):
        self.assertEqual(self.append("apple", "banana", "cherry"), 3)
        self.assertEqual(ok(self.session.search(None, "SUBJECT", "banana")), [b"2"])
        raw = ok(self.session.fetch("2", "(RFC822.SIZE BODY.PEEK[])"))[0]
        sent = message("banana").as_bytes().replace(b"\n", b"\r\n")
        self.assertEqual(raw[1], sent)
        self.assertIn(f"RFC822.SIZE {len(sent)}".encode(), raw[0])
        part = ok(self.session.fetch("2", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)]<0.7>)"))[0]
        self.assertEqual(part[1], b"Subject")

    def test_flags_and_expunge(self):
        self.append("one", "two", "three")
        ok(self.session.store("1,3", "+FLAGS", r"(\Deleted \Flagged)"))
        self.assertEqual(ok(self.session.search(None, "FLAGGED")), [b"1 3"])
        ok(self.session.store("3", "-FLAGS", r"(\Deleted)"))
        self.assertEqual(ok(self.session.expunge()), [b"1"])
        self.assertEqual(ok(self.session.search(None, "ALL")), [b"1 2"])
        self.assertEqual(ok(self.session.search(None, "KEYWORD", "never")), [b""])

    def test_copy_and_move(self):
        self.append("kept", "moved")
        other = self.mailbox + "2"
        ok(self.session.create(other))
        ok(self.session.copy("1", other))
        ok(self.session.uid("MOVE", self.session.uid("SEARCH", "SUBJECT", "moved")[1][0].decode(), other))
        self.assertEqual(ok(self.session.search(None, "ALL")), [b"1"])
        self.assertEqual(ok(self.session.select(other)), [b"2"])

    def test_mailboxes_with_japanese_names(self):
        name = "&ZeVnLIqe-"  # 日本語 in modified UTF-7
        ok(self.session.create(name))
        self.addCleanup(self.session.delete, name)
        self.assertTrue(any(name.encode() in line for line in ok(self.session.list())))
        ok(self.session.subscribe(name))
        self.assertTrue(any(name.encode() in line for line in ok(self.session.lsub())))
        ok(self.session.rename(name, name + "2"))
        ok(self.session.rename(name + "2", name))

    def test_search_in_japanese(self):
        self.append("plain")
        japanese = message("会議のお知らせ", text="明日の会議は東京で行います。\n")
        ok(self.session.append(self.mailbox, "", None, japanese.as_bytes()))
        ok(self.session.noop())
        for key, words in (("SUBJECT", "会議"), ("BODY", "東京"), ("TEXT", "お知らせ")):
            with self.subTest(key):
                self.session.literal = words.encode()
                self.assertEqual(ok(self.session.uid("SEARCH", "CHARSET", "UTF-8", key)), [b"2"])

    def test_sort_and_thread(self):
        for second, subject in enumerate(("pear", "Re: apple", "apple", "Fig")):
            arrived = imaplib.Time2Internaldate(1_700_000_000 + second)  # IMAP knows no smaller step
            ok(self.session.append(self.mailbox, "", arrived, message(subject).as_bytes()))
        ok(self.session.select(self.mailbox))
        self.assertEqual(ok(self.session.sort("(SUBJECT)", "UTF-8", "ALL")), [b"2 3 4 1"])
        self.assertEqual(ok(self.session.uid("SORT", "(REVERSE ARRIVAL)", "UTF-8", "ALL")), [b"4 3 2 1"])
        self.assertEqual(ok(self.session.thread("ORDEREDSUBJECT", "UTF-8", "SUBJECT apple"))[0].count(b"("), 1)

    def test_uids_never_return(self):
        self.append("a", "b")
        before = ok(self.session.status(self.mailbox, "(UIDNEXT UIDVALIDITY)"))[0]
        ok(self.session.store("1:*", "+FLAGS", r"(\Deleted)"))
        ok(self.session.expunge())
        self.session.logout()
        self.fumi.restart()
        self.session = self.fumi.imap()
        after = ok(self.session.status(self.mailbox, "(UIDNEXT UIDVALIDITY)"))[0]
        self.assertEqual(before, after)

    def test_accounts_do_not_see_each_other(self):
        self.append("for my eyes only")
        session = self.fumi.imap(TARO)
        self.assertFalse(any(self.mailbox.encode() in line for line in ok(session.list())))
        self.assertEqual(session.select(self.mailbox)[0], "NO")
        session.logout()

    def test_idle_tells_of_new_mail(self):
        ok(self.session.select("INBOX"))
        self.session.send(b"I1 IDLE\r\n")
        self.assertTrue(self.session.readline().startswith(b"+"))
        sender = self.fumi.smtp(TARO)
        sender.send_message(message("wake up", sender=TARO, to=HANAKO))
        sender.quit()
        lines = []
        while not any(line.rstrip().endswith(b"EXISTS") for line in lines):
            lines.append(self.session.readline())
        self.session.send(b"DONE\r\n")
        while not lines[-1].startswith(b"I1 "):
            lines.append(self.session.readline())
        self.assertIn(b"I1 OK", lines[-1])


class Mbsync(FumiTest):
    def setUp(self):
        self.local = self.fumi.folder / "maildir"
        self.local.mkdir(exist_ok=True)
        self.config = self.fumi.folder / "mbsyncrc"
        self.config.write_text(f"""
IMAPAccount fumi
Host localhost
Port {self.fumi.ports['imaps']}
User {HANAKO}
PassCmd "cat {self.fumi.folder}/password"
SSLType IMAPS
CertificateFile {self.fumi.authority.ca}

IMAPStore far
Account fumi

MaildirStore near
Path {self.local}/
Inbox {self.local}/INBOX
SubFolders Verbatim

Channel all
Far :far:
Near :near:
Patterns *
Create Both
Remove Both
Expunge Both
SyncState *
""")

    def sync(self):
        return run(["mbsync", "-c", self.config, "-V", "all"])[1]

    def files(self, mailbox="INBOX"):
        return sorted(p for part in ("new", "cur") for p in (self.local / mailbox / part).glob("*"))

    def test_two_ways(self):
        session = self.fumi.imap()
        self.addCleanup(session.logout)
        for number in range(5):
            ok(session.append("INBOX", "", None, message(f"far {number}").as_bytes()))
        self.sync()
        self.assertEqual(len(self.files()), 5)

        # A message, a flag and a deletion here; the server follows.
        (self.local / "INBOX/cur/1.local:2,S").write_bytes(message("near 0").as_bytes())
        by_subject = {re.search(rb"Subject: (.*)", f.read_bytes()).group(1): f for f in self.files()}
        flagged, gone = by_subject[b"far 1"], by_subject[b"far 2"]
        flagged.rename(self.local / "INBOX/cur" / (flagged.name.partition(":")[0] + ":2,F"))
        gone.unlink()
        self.sync()
        ok(session.select("INBOX"))
        subjects = self.fumi.subjects()
        self.assertEqual(sorted(subjects), ["far 0", "far 1", "far 3", "far 4", "near 0"])
        numbers = ok(session.search(None, "FLAGGED"))[0].split()
        self.assertEqual(len(numbers), 1)

        # And the other way round, with a new mailbox.
        ok(session.store(ok(session.search(None, "SUBJECT", '"far 0"'))[0].decode(), "+FLAGS", r"(\Deleted)"))
        ok(session.expunge())
        ok(session.create("Projects"))
        ok(session.append("Projects", r"(\Seen)", None, message("filed").as_bytes()))
        self.sync()
        self.assertEqual(len(self.files()), 4)
        self.assertEqual([f.name.partition(":2,")[2] for f in self.files("Projects")], ["S"])

        # Nothing changed: nothing moves.
        before = [f.name for f in self.files()]
        self.sync()
        self.assertEqual([f.name for f in self.files()], before)


class Mutt(FumiTest):
    PROGRAM = "mutt"
    FILES_COPIES_IN_BATCH = True

    def setUp(self):
        self.rc = self.fumi.folder / f"{self.PROGRAM}rc"
        user = HANAKO.replace("@", "%40")
        self.rc.write_text("\n".join([
            f'set imap_user="{HANAKO}" imap_pass="{PASSWORD}" smtp_pass="{PASSWORD}"',
            f'set folder="imaps://localhost:{self.fumi.ports["imaps"]}/" spoolfile="+INBOX" record="+Sent"',
            f'set smtp_url="smtps://{user}@localhost:{self.fumi.ports["submissions"]}/"',
            f'set from="{HANAKO}" realname="花子" use_from=yes hostname=acme.example charset=utf-8 send_charset="utf-8"',
            f'set ssl_force_tls=yes certificate_file="{self.fumi.authority.ca}"',
            f'set header_cache="" message_cachedir="" mbox_type=mbox confirmappend=no confirmcreate=no delete=yes '
            f'quit=yes wait_key=no sleep_time=0 tmpdir="{self.fumi.folder}" move=no', ""]))

    def environment(self):
        return {"HOME": str(self.fumi.folder), "TERM": "xterm", "LC_ALL": "C.UTF-8", "MAIL": "/dev/null"}

    def interactive(self, keys, seconds=40):
        """Runs the program on a pseudo-terminal with macro `keys` pushed; returns what the screen was sent."""
        master, slave = pty.openpty()
        command = [self.PROGRAM, "-F", str(self.rc), "-n", "-e", f"push {keys}"]
        child = subprocess.Popen(command, stdin=slave, stdout=slave,
                                 stderr=slave, env={**os.environ, **self.environment()}, start_new_session=True)
        os.close(slave)
        screen = []

        def drain():
            try:
                while data := os.read(master, 4096):
                    screen.append(data)
            except OSError:
                pass

        reader = threading.Thread(target=drain, daemon=True)
        reader.start()
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
            raise AssertionError(f"{self.PROGRAM} did not end:\n" + b"".join(screen).decode("utf-8", "replace")[-2000:])
        finally:
            reader.join(2)
            os.close(master)
        return b"".join(screen).decode("utf-8", "replace")

    def test_sends_in_batch_and_files_a_copy(self):
        attachment = self.fumi.folder / "報告書.txt"
        attachment.write_text("ファイル\n")
        session = self.fumi.imap()
        session.create("Sent")
        session.logout()
        subject = f"{self.PROGRAM} batch"
        run([self.PROGRAM, "-F", self.rc, "-n", "-s", subject, "-a", attachment, "--", TARO], stdin="本文\n",
            environment=self.environment())
        self.fumi.wait_subject(subject, TARO)
        self.assertIn(b"=?utf-8?", self.fumi.raw(subject, TARO))
        if self.FILES_COPIES_IN_BATCH:
            self.fumi.wait_subject(subject, HANAKO, "Sent")

    def test_reads_saves_and_deletes(self):
        session = self.fumi.imap()
        self.addCleanup(session.logout)
        subject = f"{self.PROGRAM} reads this {time.monotonic_ns()}"
        ok(session.append("INBOX", "", None, message(subject).as_bytes()))
        box = self.fumi.folder / f"{self.PROGRAM}.mbox"
        word = subject.rpartition(" ")[2]
        self.interactive(f"'<search>~s {word}<enter><copy-message><kill-line>{box}<enter><delete-message><sync-mailbox><exit>'")
        self.assertIn(subject, wait_until(lambda: box.exists() and box.read_text(), "the saved message"))
        self.assertNotIn(subject, self.fumi.subjects())


class MuttCompressed(Mutt):
    def setUp(self):
        super().setUp()
        with self.rc.open("a") as rc:
            rc.write("set imap_deflate=yes\n")  # RFC 4978


class Neomutt(Mutt):
    PROGRAM = "neomutt"
    FILES_COPIES_IN_BATCH = False  # it files copies over IMAP only when it runs on a terminal


if __name__ == "__main__":
    unittest.main()
