#!/usr/bin/env python3
"""One mailbox of any size by IMAP: filled, then what sessions with it cost. One JSON row a command.

    mailbox.py HOST PORT USER PASSWORD --label L --messages N [--whole] [--sessions S] [--reps R] [--procs FILE]

FILE names the processes whose memory (PSS) counts, one pid a line. --whole: COPY, MOVE and EXPUNGE of all messages too.
"""
import argparse
import json
import pathlib
import select
import socket
import statistics
import sys
import time


class Imap:
    def __init__(self, arguments):
        self.socket = socket.create_connection((arguments.host, arguments.port), timeout=1800)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.command(b'LOGIN "%s" "%s"' % (arguments.user.encode(), arguments.password.encode()))

    def until(self, start):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise SystemExit("the server has closed the connection")
            lines.append(line)
            if line.startswith(start):
                return lines

    def command(self, text):
        self.socket.sendall(b"t " + text + b"\r\n")
        lines = self.until(b"t ")
        if not lines[-1].startswith(b"t OK"):
            raise SystemExit(f"{text[:60]!r}: {lines[-1]!r}")
        return lines


def message(number):
    return (b"From: sender%d <sender%d@from%d.example>\r\nTo: u90@bench.test\r\nSubject: number %d\r\n"
            b"Date: %d Nov 2026 10:00:00 +0900\r\nMessage-ID: <%d.%d@from.example>\r\n\r\nText of %d\r\n"
            % (number % 500, number % 500, number % 40, number, number % 28 + 1, number, number * 7919, number))


def fill(imap, count, batch=500):
    """MULTIAPPEND (RFC 3502) with literals that don't wait, two commands under way."""
    began = time.perf_counter()
    under_way = 0
    for first in range(0, count, batch):
        parts = [b"t APPEND INBOX"]
        for number in range(first, min(first + batch, count)):
            data = message(number)
            parts.append(b" {%d+}\r\n%s" % (len(data), data))
        if under_way == 2:
            imap.until(b"t OK")
            under_way -= 1
        imap.socket.sendall(b"".join(parts) + b"\r\n")
        under_way += 1
    for _ in range(under_way):
        imap.until(b"t OK")
    return time.perf_counter() - began


def memory_mib(procs):
    total = 0
    for pid in pathlib.Path(procs).read_text("ascii").split():
        try:
            text = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text("ascii")
        except OSError:
            continue
        total += int(text.split("\nPss:")[1].split()[0])
    return round(total / 1024, 1)


class Report:
    def __init__(self, arguments):
        self.arguments = arguments

    def row(self, command, **figures):
        print(json.dumps({"server": self.arguments.label, "command": command, **figures}), flush=True)

    def times(self, command, work, reps=None):
        times = []
        for _ in range(reps or self.arguments.reps):
            began = time.perf_counter()
            work()
            times.append((time.perf_counter() - began) * 1000)
        self.spread(command, times)

    def spread(self, command, times):
        self.row(command, ms={"min": round(min(times), 2), "median": round(statistics.median(times), 2), "max": round(max(times), 2)})

    def memory(self, what):
        if self.arguments.procs:
            time.sleep(2)
            self.row(what, mib=memory_mib(self.arguments.procs))


def modseq(imap):
    line = imap.command(b"STATUS INBOX (HIGHESTMODSEQ)")[0]
    return int(line.split(b"HIGHESTMODSEQ ")[1].split(b")")[0])


def notified(idler, other, number):
    """Milliseconds from the first octet of an APPEND to the EXISTS of a session that idles."""
    data = message(number)
    began = time.perf_counter()
    other.socket.sendall(b"t APPEND INBOX {%d+}\r\n%s\r\n" % (len(data), data))
    idler.until(b"* ")
    took = (time.perf_counter() - began) * 1000
    other.until(b"t OK")
    # What else it says, RECENT for one.
    while select.select([idler.socket], [], [], 0.05)[0]:
        idler.file.readline()
    return took


def run(arguments):
    report = Report(arguments)
    one = Imap(arguments)
    count = arguments.messages
    seconds = fill(one, count)
    report.row("messages appended a second, 500 a command", rate=round(count / seconds))
    report.memory("memory, nothing selected")
    report.times("SELECT, the first", lambda: one.command(b"SELECT INBOX (CONDSTORE)"), 1)
    report.memory("memory, 1 session")
    others = [Imap(arguments) for _ in range(arguments.sessions)]
    report.spread(f"SELECT, {len(others)} more sessions", [timed(lambda each=each: each.command(b"SELECT INBOX")) for each in others])
    report.memory(f"memory, {len(others) + 1} sessions")
    for each in others[2:]:
        each.socket.close()
    idler, other = others[:2]
    other.command(b"UNSELECT")
    report.times("SELECT, again", lambda: other.command(b"SELECT INBOX"))
    other.command(b"UNSELECT")
    report.times("STATUS (MESSAGES UNSEEN UIDNEXT)", lambda: other.command(b"STATUS INBOX (MESSAGES UNSEEN UIDNEXT)"))
    idler.socket.sendall(b"t IDLE\r\n")
    idler.until(b"+")
    report.spread("APPEND of one, to another session's IDLE", [notified(idler, other, count + i) for i in range(20)])
    idler.socket.sendall(b"DONE\r\n")
    idler.until(b"t OK")
    one.command(b"NOOP")
    middle = count // 2
    signs = iter(range(1_000_000))
    store = lambda: one.command(b"STORE %d %sFLAGS.SILENT (\\Flagged)" % (middle, b"-" if next(signs) % 2 else b"+"))
    report.times("STORE of one", store)
    report.times("NOOP after a STORE elsewhere", lambda: idler.command(b"NOOP"), 1)
    since = modseq(other)
    store()
    report.times("FETCH 1:* (FLAGS) (CHANGEDSINCE), one changed",
                 lambda: one.command(b"FETCH 1:* (FLAGS) (CHANGEDSINCE %d)" % since))
    report.times("UID FETCH of one (FLAGS)", lambda: one.command(b"UID FETCH %d (FLAGS)" % middle))
    report.times("UID FETCH of one (ENVELOPE)", lambda: one.command(b"UID FETCH %d (ENVELOPE)" % middle))
    report.times("UID SEARCH UID, of 1,000", lambda: one.command(b"UID SEARCH UID %d:%d" % (middle, middle + 999)))
    report.times("UID SEARCH UID, of 1,000, UNSEEN", lambda: one.command(b"UID SEARCH UID %d:%d UNSEEN" % (middle, middle + 999)))
    report.times("SEARCH RETURN (COUNT) FLAGGED", lambda: one.command(b"SEARCH RETURN (COUNT) FLAGGED"))
    one.command(b"CREATE Other")
    report.times("UID COPY of 1,000", lambda: one.command(b"UID COPY %d:%d Other" % (middle, middle + 999)))

    def expunge():
        one.command(b"STORE %d +FLAGS.SILENT (\\Deleted)" % (middle + 2000))
        one.command(b"EXPUNGE")
    report.times("STORE \\Deleted and EXPUNGE of one", expunge)
    report.times("NOOP of a session that is behind", lambda: idler.command(b"NOOP"), 1)
    if arguments.whole:
        whole(report, one)


def timed(work):
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def whole(report, imap):
    imap.command(b"CREATE Copies")
    imap.command(b"CREATE Moved")
    report.times("COPY of all", lambda: imap.command(b"COPY 1:* Copies"), 1)
    imap.command(b"SELECT Copies")
    report.times("MOVE of all", lambda: imap.command(b"MOVE 1:* Moved"), 1)
    imap.command(b"SELECT Moved")
    imap.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
    report.times("EXPUNGE of all, copies stay", lambda: imap.command(b"EXPUNGE"), 1)
    imap.command(b"SELECT INBOX")
    imap.command(b"STORE 1:* +FLAGS.SILENT (\\Deleted)")
    report.times("EXPUNGE of all, the last copies", lambda: imap.command(b"EXPUNGE"), 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("host")
    parser.add_argument("port", type=int)
    parser.add_argument("user")
    parser.add_argument("password")
    parser.add_argument("--label", required=True)
    parser.add_argument("--messages", type=int, required=True)
    parser.add_argument("--sessions", type=int, default=20)
    parser.add_argument("--reps", type=int, default=5)
    parser.add_argument("--whole", action="store_true")
    parser.add_argument("--procs", default="")
    run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
