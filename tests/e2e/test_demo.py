"""The demo, as a person meets it: every command that it prints is run as it was printed."""
import os
import signal
import smtplib
import socket
import sys
import unittest

from harness import OFFSETS, PROGRAM, ROOT, require_fumi
from processes import HOST, PortBlock, Process, remove, run, scratch, wait_until

LAST_LINE = "Ctrl-C stops everything"
SINK_OFFSET = 26


def commands_of(text):
    """The printed commands: lines that begin with four blanks, with what continues them."""
    commands, parts, here = [], [], None
    for line in text.splitlines():
        if not line.startswith("    "):
            continue
        line = line[4:]
        parts.append(line)
        if here:
            if line == here:
                here = None
        elif "<<'" in line:
            here = line.rpartition("<<'")[2].strip("'")
        if not here and not line.endswith("\\"):
            commands.append("\n".join(parts))
            parts = []
    return commands


class Demo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_fumi()
        cls.scratch = scratch("demo")
        cls.addClassCleanup(remove, cls.scratch)
        cls.folder = cls.scratch / "demo-data"
        cls.block = PortBlock([*OFFSETS.values(), SINK_OFFSET])
        cls.addClassCleanup(cls.block.release)
        cls.process = cls.start("first.log")
        cls.addClassCleanup(lambda: cls.process.stop())  # the one that runs then
        cls.text = cls.process.output()

    @classmethod
    def start(cls, log):
        process = Process([sys.executable, ROOT / "tools/demo/demo.py", "--ports-base", cls.block.base, "--folder", cls.folder,
                           "--program", PROGRAM], cls.scratch / log)

        def is_up():
            if not process.is_running():
                raise AssertionError("the demo ended:\n" + process.output())
            return LAST_LINE in process.output()

        wait_until(is_up, "the demo", 120)
        return process

    def shell(self, command, seconds=60):
        return run(["bash", "-c", f"set -e -o pipefail\n{self.setting()}\n{command}"], seconds=seconds)[1]

    def setting(self):
        return "\n".join(commands_of(self.text)[:2])

    def test_1_every_printed_command(self):
        commands = commands_of(self.text)
        self.assertGreater(len(commands), 20)
        for command in commands:
            with self.subTest(command):
                if command.endswith("--follow"):
                    continue  # test_2
                self.assertTrue(self.shell(command).strip() or "curl -s" in command or command.startswith(("cd ", "export ")),
                                "the command printed nothing")

    def test_2_later_and_bounce_are_followed(self):
        follow = next(one for one in commands_of(self.text) if one.endswith("--follow"))
        watcher = Process(["bash", "-c", f"{self.setting()}\nexec {follow}"], self.scratch / "follow.log")
        self.addCleanup(watcher.stop)
        for name in ("bounce", "later"):
            self.shell(next(one for one in commands_of(self.text) if f"--to {name}@outside.example" in one))
        outside = self.folder / "outside"
        wait_until(lambda: list(outside.glob("*-later@outside.example.eml")), "the mail to later@", 90)
        wait_until(lambda: "later@outside.example" in watcher.output(), "the log that follows", 30)
        refused = (self.folder / "outside.log").read_text("utf-8")
        self.assertIn("bounce@outside.example: 550 5.1.1", refused)
        self.assertGreaterEqual(refused.count("later@outside.example: 451"), 2)

    def test_3_outside_is_signed(self):
        signed = [path for path in (self.folder / "outside").glob("*.eml") if b"DKIM-Signature:" in path.read_bytes()]
        self.assertTrue(signed)

    def test_4_readme_names_the_passwords(self):
        text = (self.folder / "README.txt").read_text("utf-8")
        for name in ("hanako@acme.example", "alice@globex.example", "app@acme.example"):
            self.assertIn(name, text)

    def test_5_ports_in_use_are_named(self):
        code, output = run([sys.executable, ROOT / "tools/demo/demo.py", "--ports-base", self.block.base, "--folder", self.scratch / "other",
                            "--program", PROGRAM], check=False)
        self.assertEqual(code, 1)
        self.assertIn(f"{self.block.base + 25} (SMTP)", output)
        self.assertFalse((self.scratch / "other").exists())

    def test_6_ctrl_c_ends_all_and_the_data_stays(self):
        os.kill(self.process.pid, signal.SIGINT)
        wait_until(lambda: not self.process.is_running(), "the end of the demo", 60)
        self.assertEqual(self.process.child.returncode, 0, self.process.output()[-2000:])
        for offset in (25, 143, 81, SINK_OFFSET):
            with socket.socket() as probe:
                self.assertNotEqual(probe.connect_ex((HOST, self.block.base + offset)), 0)
        type(self).process = self.start("second.log")
        self.assertIn("going on with", self.process.output())
        with smtplib.SMTP(HOST, self.block.base + 25, timeout=10) as session:
            session.sendmail("a@partner.example", ["hanako@acme.example"], b"Subject: again\r\n\r\nhello\r\n")


if __name__ == "__main__":
    unittest.main()
