"""Mail in and out of an account: round trips in each format, other programs' readers, kills in the middle."""
import json
import mailbox
import pathlib
import subprocess
import unittest
import urllib.error
import urllib.request
import zipfile

from harness import PASSWORD, PROGRAM, FumiTest, octets, message
from processes import remove, run, scratch, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
FOLDERS = {"INBOX": 3, "Work/2026": 2, "&ZeVnLA-": 1}  # the last one: 日本


def text(number, size=0):
    mail = message(f"mail {number}", text=f"From {number}\n>From {number}\n\nFrom here on\n" + "x" * size + "\n")
    mail["Message-ID"] = f"<{number}@acme.example>"
    return octets(mail)


def contents(session):
    """{folder: [(octets, flags, INTERNALDATE)]}, sorted."""
    found = {}
    for row in session.list()[1]:
        name = row.decode().rpartition(' "/" ')[2].strip('"')
        count = int(session.select(f'"{name}"', readonly=True)[1][0])
        found[name] = []
        for number in range(1, count + 1):
            data = session.fetch(str(number), "(FLAGS INTERNALDATE BODY.PEEK[])")[1]
            head = data[0][0].decode()
            flags = set(head.partition("FLAGS (")[2].partition(")")[0].split()) - {"\\Recent"}
            date = head.partition('INTERNALDATE "')[2].partition('"')[0]
            found[name].append((data[0][1], sorted(flags), date))
        found[name].sort()
    return found


class Transfer(FumiTest):
    maxDiff = None

    def setUp(self):
        self.folder = scratch("transfer")
        self.addCleanup(remove, self.folder)

    def account(self, name):
        file = self.folder / "password"
        file.write_text(PASSWORD + "\n")
        self.fumi.cli("account", "create", f"{name}@acme.example", "--password-file", file)
        return f"{name}@acme.example"

    def fill(self, user):
        session, number = self.fumi.imap(user), 0
        for name, count in FOLDERS.items():
            session.create(f'"{name}"')
            for _ in range(count):
                number += 1
                flags = ["(\\Seen $Forwarded)", "(\\Flagged \\Answered work)", None][number % 3]
                date = f'"{number:02d}-Nov-2026 10:00:0{number} +0900"'
                self.assertEqual(session.append(f'"{name}"', flags, date, text(number))[0], "OK")
        self.assertEqual(session.append("INBOX", None, '"01-Nov-2026 10:00:01 +0900"', text(1))[0], "OK")  # twice
        found = contents(session)
        session.logout()
        return found

    def contents(self, user):
        session = self.fumi.imap(user)
        found = contents(session)
        session.logout()
        return found

    def test_round_trips(self):
        before = self.fill(HANAKO)
        self.assertEqual(sum(map(len, before.values())), 7)
        for form in ("--mbox", "--maildir"):
            with self.subTest(form=form):
                out, user = self.folder / form.strip("-"), self.account(form.strip("-"))
                self.assertEqual(self.fumi.json("mail", "export", HANAKO, form, out)["mails"], 7)
                done = self.fumi.json("mail", "import", user, form, out)
                self.assertEqual((done["state"], done["imported"], done["skipped"]), ("done", 7, 0))
                self.assertEqual(self.contents(user), before)
                again = self.fumi.json("mail", "import", user, form, out)
                self.assertEqual((again["imported"], again["skipped"]), (0, 7))
                self.assertEqual(self.contents(user), before)
        # The other form of what is there already brings nothing new.
        self.assertEqual(self.fumi.json("mail", "import", "mbox@acme.example", "--maildir", self.folder / "maildir")["imported"], 0)
        audit = self.fumi.cli("log", "--tenant", "acme", "--status", "operation", "--json")[1]
        records = [json.loads(line) for line in audit.splitlines()]
        verbs = [record["from"] for record in records if record["to"] in (HANAKO, "mbox@acme.example", "maildir@acme.example")]
        self.assertEqual((verbs.count("mail.import"), verbs.count("mail.export")), (5, 2))
        self.python_reads(before)

    def python_reads(self, before):
        wanted = {mail.replace(b"\r\n", b"\n") for mail, _, _ in before["INBOX"]}
        files = mailbox.mbox(self.folder / "mbox/INBOX.mbox", create=False)
        self.assertEqual(len(files), len(before["INBOX"]))
        got = set()
        for key in files.keys():
            mail = files[key]
            for name in ("Status", "X-Status", "X-Keywords"):
                del mail[name]
            got.add(mail.as_bytes().replace(b"\n>From", b"\nFrom").replace(b"\n>>From", b"\n>From"))
        self.assertEqual({m.replace(b"\n>From", b"\nFrom") for m in got}, {m.replace(b"\n>From", b"\nFrom") for m in wanted})
        self.assertEqual(sum("R" in files[key].get_flags() for key in files.keys()), sum("\\Seen" in flags for _, flags, _ in before["INBOX"]))
        folder = mailbox.Maildir(self.folder / "maildir", create=False)
        # Our files keep the octets of the mail, CRLF included.
        self.assertEqual({folder.get_bytes(key).replace(b"\r\n", b"\n") for key in folder.keys()}, wanted)
        self.assertEqual(sum("F" in mail.get_flags() for mail in folder), sum("\\Flagged" in flags for _, flags, _ in before["INBOX"]))
        self.assertIn("Work.2026", folder.list_folders())

    def test_zip(self):
        user = self.account("zipped")
        before = self.fill(user)
        out, back = self.folder / "out.zip", self.account("unzipped")
        self.assertEqual(self.fumi.json("mail", "export", user, "--zip", out)["mails"], 7)
        with zipfile.ZipFile(out) as archive:
            self.assertIsNone(archive.testzip())
            names = archive.namelist()
            self.assertIn("日本/", names)
            mails = {name: archive.read(name) for name in names if name.endswith(".eml")}
            self.assertEqual(sorted(mails.values()), sorted(mail for rows in before.values() for mail, _, _ in rows))
            manifest = [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()][1:]
            self.assertEqual({line["file"] for line in manifest if "file" in line}, set(mails))
        run(["unzip", "-q", out, "-d", self.folder / "unpacked"], environment={"LC_ALL": "C.UTF-8"})
        self.assertEqual(sum(1 for _ in (self.folder / "unpacked" / "日本").glob("*.eml")), 1)
        done = self.fumi.json("mail", "import", back, "--zip", out)
        self.assertEqual((done["imported"], done["skipped"]), (7, 0))
        self.assertEqual(self.contents(back), before)
        self.assertEqual(self.fumi.json("mail", "import", back, "--zip", out)["skipped"], 7)
        # As other programs pack it: no manifest, and a name that leads out.
        with zipfile.ZipFile(self.folder / "other.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("箱/1.eml", text(1).replace(b"\r\n", b"\n"))
        other = self.account("other-zip")
        self.assertEqual(self.fumi.json("mail", "import", other, "--zip", self.folder / "other.zip")["imported"], 1)
        with zipfile.ZipFile(self.folder / "evil.zip", "w") as archive:
            archive.writestr("../../evil.eml", text(2))
        code, output = self.fumi.cli("mail", "import", other, "--zip", self.folder / "evil.zip", check=False)
        self.assertEqual(code, 1)
        self.assertIn("../../evil.eml", output)

    def test_python_writes(self):
        user = self.account("python")
        files = mailbox.mbox(self.folder / "in.mbox")
        maildir = mailbox.Maildir(self.folder / "in")
        for number in range(3):
            mail = mailbox.mboxMessage(text(number).replace(b"\r\n", b"\n"))
            mail.set_flags("RF")
            files.add(mail)
            other = mailbox.MaildirMessage(mail)
            maildir.add(other)
            maildir.add_folder("Old").add(other)
        files.flush()
        self.assertEqual(self.fumi.json("mail", "import", user, "--maildir", self.folder / "in")["imported"], 6)
        self.assertEqual(self.fumi.json("mail", "import", user, "--mbox", self.folder / "in.mbox", "--folder", "箱")["imported"], 3)
        found = self.contents(user)
        for mail, flags, _ in found["INBOX"] + found["Old"]:
            self.assertEqual(flags, ["\\Flagged", "\\Seen"])
            self.assertIn(b"Subject: mail ", mail)
            self.assertNotIn(b"\n\n", mail)

    def test_kill_in_mid_import(self):
        user = self.account("killed")
        files = [text(number, 20_000) for number in range(1500)]
        source = self.folder / "big.mbox"
        stamp = b"From a@acme.example Mon Nov 23 01:02:03 2026\n"
        source.write_bytes(b"".join(stamp + mail.replace(b"\r\n", b"\n").replace(b"\n>From ", b"\n>>From ").replace(b"\nFrom ", b"\n>From ") + b"\n" for mail in files))
        def count():
            session = self.fumi.imap(user)
            try:
                return int(session.select("INBOX", readonly=True)[1][0])
            finally:
                session.logout()
        environment = {"FUMI_URL": self.fumi.operator_url, "FUMI_TOKEN": self.fumi.token, "PATH": "/usr/bin"}
        kills = 0
        for victim in ("server", "client"):
            before = count()
            with subprocess.Popen([PROGRAM, "mail", "import", user, "--mbox", source], env=environment,
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as importer:
                wait_until(lambda: count() > before or importer.poll() is not None, "the import has begun", 60)
                kills += importer.poll() is None
                if victim == "server":
                    self.fumi.crash()
                    self.assertNotEqual(importer.wait(60), 0)
                    self.fumi.start()
                else:
                    importer.kill()
            self.assertGreater(count(), before)
        self.assertGreater(kills, 0)
        self.fumi.cli("mail", "import", user, "--mbox", source)
        self.assertEqual(sorted(mail for mail, _, _ in self.contents(user)["INBOX"]), sorted(files))

    def test_quota_stops_and_goes_on(self):
        user = self.account("small")
        self.fumi.cli("account", "update", user, "--quota", "50KiB")
        files = mailbox.mbox(self.folder / "in.mbox")
        for number in range(8):
            files.add(text(number, 15_000).replace(b"\r\n", b"\n"))
        files.flush()
        code, output = self.fumi.cli("mail", "import", user, "--mbox", self.folder / "in.mbox", check=False)
        self.assertEqual(code, 1, output)
        self.assertIn("the account is full", output)
        self.fumi.cli("account", "update", user, "--quota", "0")
        self.fumi.cli("mail", "import", user, "--mbox", self.folder / "in.mbox")
        self.assertEqual(len(self.contents(user)["INBOX"]), 8)

    def test_wrong_calls(self):
        self.fumi.populate("other", "other.example", ("ken",))
        job = self.post(f"/accounts/{HANAKO}/imports", b'{"source":"x"}', "application/json")
        for address in ("ken@other.example", "nobody@acme.example"):
            for verb in ("mail", "finish", "cancel"):
                with self.assertRaises(urllib.error.HTTPError) as refused:
                    self.post(f"/accounts/{address}/imports/{job['id']}/{verb}", b'{"end":0}\n', "application/vnd.fumi.mail")
                self.assertEqual(refused.exception.code, 404)
        for arguments in (("import", "nobody@acme.example", "--mbox", pathlib.Path(__file__)), ("export", "nobody@acme.example", "--mbox", self.folder / "x"),
                          ("import", HANAKO, "--mbox", pathlib.Path(__file__)), ("import", HANAKO, "--maildir", self.folder / "none")):
            self.assertEqual(self.fumi.cli("mail", *arguments, check=False)[0], 1)
        self.assertFalse((self.folder / "x").exists())

    def post(self, path, body, kind):
        request = urllib.request.Request(f"{self.fumi.operator_url}/api/admin/v1{path}", body, method="POST",
                                         headers={"Authorization": f"Bearer {self.fumi.token}", "Content-Type": kind})
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.load(answer)


if __name__ == "__main__":
    unittest.main()
