"""Runs the wire scripts over TCP against a server; README.md, imap/README.md and pop3/README.md define the lines.

What differs from memory, because a real server has accounts and numbers of its own:
  - SMTP login names "alice" and "bob" in AUTH become alice@a.example and bob@a.example, and the
    passwords that are too short are doubled;
  - 250-REQUIRETLS may stand in an answer to EHLO although the script does not name it;
  - IMAP: alice@a.example becomes the script's own account; UIDVALIDITY, MAILBOXID, MODSEQ of the
    fixture become those of the server; EMAILID, THREADID, PREVIEW and quota numbers may be anything;
  - POP3: alice@a.example becomes the script's own account.
`Skip` says why a script cannot run here.
"""
import base64
import pathlib
import re
import socket
import zlib

HERE = pathlib.Path(__file__).resolve().parent
TIMEOUT_S = 20


class Skip(Exception):
    pass


class Mismatch(AssertionError):
    pass


class Wire:
    """One connection: octets out, lines in."""

    def __init__(self, port, context, secured):
        self.context = context
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self.file = None
        self.deflate = self.inflate = None
        self.inflated = b""
        if secured:
            self.start_tls()
        else:
            self.file = self.socket.makefile("rb")

    def start_tls(self):
        if self.file:
            self.file.close()
        self.socket = self.context.wrap_socket(self.socket, server_hostname="localhost")
        self.file = self.socket.makefile("rb")

    def compress(self, is_on):
        """RFC 4978: from here on both directions are DEFLATE, or not any more."""
        self.deflate = zlib.compressobj(wbits=-15) if is_on else None
        self.inflate = zlib.decompressobj(wbits=-15) if is_on else None

    def send(self, octets):
        if self.deflate:
            octets = self.deflate.compress(octets) + self.deflate.flush(zlib.Z_SYNC_FLUSH)
        try:
            self.socket.sendall(octets)
        except (BrokenPipeError, ConnectionResetError):
            pass  # the server closed; the next expected line tells whether it should have

    def line(self):
        """The next line without CRLF, or None at the end."""
        try:
            line = self.file.readline(1 << 20) if not self.inflate else self.inflated_line()
        except ConnectionResetError:
            return None
        except TimeoutError as error:
            raise Mismatch("got nothing") from error
        if not line:
            return None
        return line.decode("utf-8", "surrogateescape").removesuffix("\n").removesuffix("\r")

    def inflated_line(self):
        while b"\n" not in self.inflated:
            octets = self.file.read1(1 << 16)
            if not octets:
                break
            self.inflated += self.inflate.decompress(octets)
        line, end, self.inflated = self.inflated.partition(b"\n")
        return line + end

    def close(self):
        self.file.close()
        self.socket.close()


# ---- SMTP ----

_OCTETS = {"<CR>": "\r", "<LF>": "\n", "<NUL>": "\0", "<TAB>": "\t", "<SP>": " "}


def _smtp_text(text):
    for token, octet in _OCTETS.items():
        text = text.replace(token, octet)
    text = re.sub(r"<x([0-9A-Fa-f]{2})>", lambda m: bytes.fromhex(m[1]).decode("utf-8", "surrogateescape"), text)
    text = re.sub(r"<repeat (\d+) ([^>]*)>", lambda m: m[2] * int(m[1]), text)

    def encode(match):
        inside = re.sub(r"(^|\0|,n=|^n=)(alice|bob)(?=$|\0|,)", r"\1\2@a.example", match[1])
        inside = re.sub(r"(^|\0)builder$", r"\1builderbuilder", inside)
        return base64.b64encode(inside.encode("utf-8", "surrogateescape")).decode()

    return re.sub(r"<base64 ([^>]*)>", encode, text, flags=re.S)


def _smtp_pattern(kind, text):
    if kind == "~":
        return re.compile(text, re.S)
    return re.compile(".*".join(re.escape(part) for part in text.split("*")), re.S)


class SmtpScript:
    """A script of tests/wire/smtp; `listener` and `limits` say which server it wants."""

    def __init__(self, path):
        self.name = path.name
        self.listener = {"role": "mx", "tls": "offered", "clear_auth": "forbidden", "peer": "stranger"}
        self.limits = {}
        self.lines = []
        for number, raw in enumerate(path.read_bytes().decode("utf-8", "surrogateescape").split("\n"), 1):
            if not raw or raw.startswith("#"):
                continue
            head, _, text = raw.partition(" ")
            kind = head.removesuffix(":")
            if kind in ("O", "L"):
                (self.listener if kind == "O" else self.limits).update(word.split("=") for word in text.split())
                continue
            kind, _, count = kind.partition("*")
            for i in range(int(count or 1)):
                self.lines.append((number, kind, text.replace("<i>", str(i + 1))))

    def port(self):
        """The listener's name and whether it begins with TLS; raises Skip."""
        if any(kind == "H" for _, kind, _ in self.lines):
            raise Skip("host directives")
        role, tls = self.listener["role"], self.listener["tls"]
        if tls in ("absent", "required"):
            raise Skip(f"no listener with tls={tls}")
        if role == "relay":
            if tls == "active":
                raise Skip("no relay listener with TLS at once")
            return "relay", False
        if self.listener["clear_auth"] == "allowed":
            raise Skip("no submission listener with clear AUTH")
        if role == "mx":
            if tls == "active":
                raise Skip("no MX listener with TLS at once")
            return "smtp", False
        return ("submissions", True) if tls == "active" else ("submission", False)

    def run(self, port, context):
        name, secured = self.port()
        del name
        wire = Wire(port, context, secured)
        try:
            group = b""
            for number, kind, text in self.lines:
                try:
                    if kind in ("C", "C-"):
                        group += _smtp_text(text).encode("utf-8", "surrogateescape") + (b"" if kind == "C-" else b"\r\n")
                        continue
                    if group:
                        wire.send(group)
                        group = b""
                    self._expect(wire, kind, text)
                except Mismatch as error:
                    raise Mismatch(f"{self.name}:{number}: {error}") from None
            if group:
                wire.send(group)
        finally:
            wire.close()

    def _expect(self, wire, kind, text):
        if kind == "T":
            wire.start_tls()
        elif kind == "X":
            line = wire.line()
            if line is not None:
                raise Mismatch(f'expected the connection to close, got "{line}"')
        elif kind in ("S", "S~"):
            pattern = _smtp_pattern(kind[1:], text if kind == "S~" else _smtp_text(text))
            line = wire.line()
            if line == "250-REQUIRETLS" and not pattern.fullmatch(line):
                line = wire.line()
            if line is None or not pattern.fullmatch(line):
                raise Mismatch(f'expected "{text}", got "{line}"')


# ---- IMAP ----

FIXTURE = [
    (r"(\Seen)", "07-Feb-2022 01:00:00 +0000",
     "Date: Mon, 07 Feb 2022 10:00:00 +0900\r\nFrom: Alice Example <alice@a.example>\r\nTo: bob@b.example\r\nSubject: Hello\r\n"
     "Message-ID: <1@a.example>\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\nHello, world.\r\n"),
    ("()", "08-Feb-2022 01:00:00 +0000",
     "Date: Tue, 08 Feb 2022 11:30:00 +0900\r\nFrom: =?UTF-8?B?6Iqx5a2Q?= <hanako@a.example>\r\nTo: alice@a.example\r\n"
     "Subject: =?UTF-8?B?5Lya6K2w?=\r\nMessage-ID: <2@a.example>\r\nMIME-Version: 1.0\r\n"
     "Content-Type: multipart/mixed; boundary=b1\r\n\r\n--b1\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nThe agenda.\r\n"
     "--b1\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
     "Content-Disposition: attachment; filename=a.bin\r\n\r\nAAEC\r\n--b1--\r\n"),
    (r"(\Flagged)", "09-Feb-2022 01:00:00 +0000",
     "Date: Wed, 09 Feb 2022 12:00:00 +0900\r\nFrom: bob@b.example\r\nTo: alice@a.example\r\nCc: carol@c.example\r\n"
     "Subject: Report\r\nMessage-ID: <3@b.example>\r\nIn-Reply-To: <1@a.example>\r\n\r\nLine one\r\nLine two\r\n"),
]
MAILBOXES = ["INBOX", "Sent", "Work", "Work/&Z3FOrA-"]
IMAP_PASSWORD = "secretsecret"  # the script's is too short for a real account


def lay_out(session):
    """Brings the logged-in account (imaplib) to the fixture; returns what its numbers became."""
    def ok(answer):
        if answer[0] != "OK":
            raise AssertionError(answer)
        return answer[1]

    listed = [re.search(rb'"/" "?([^"]*)"?$', line).group(1).decode() for line in ok(session.list())]
    for name in sorted(listed, reverse=True):
        if name != "INBOX":
            ok(session.delete(name))
            session.unsubscribe(name)
    session._simple_command("CREATE", "Sent", r"(USE (\Sent))")  # pylint: disable=protected-access
    for name in MAILBOXES[2:]:
        ok(session.create(name))
    for name in MAILBOXES[1:]:
        session.unsubscribe(name)
    ok(session.subscribe("INBOX"))
    for flags, date, text in FIXTURE:
        ok(session.append("INBOX", flags, f'"{date}"', text.encode()))
    numbers = {"validity": {}, "id": {}, "modseq": {}}
    for number, name in enumerate(MAILBOXES, 1):
        status = ok(session.status(name, "(UIDVALIDITY MAILBOXID HIGHESTMODSEQ)"))[0].decode()
        numbers["validity"][str(number)] = re.search(r"UIDVALIDITY (\d+)", status)[1]
        numbers["id"][f"M{number}"] = re.search(r"MAILBOXID \((.*?)\)", status)[1]
    ok(session.select("INBOX", readonly=True))
    for number, part in enumerate(ok(session.fetch("1:3", "(MODSEQ)"))):
        numbers["modseq"][str(100 + number)] = re.search(rb"MODSEQ \((\d+)\)", part)[1].decode()
    return numbers


def in_order(text):
    """Flags and attributes have no order: RFC 9051 §9, flag-list and mbx-list-flags."""
    return re.sub(r"((?:FLAGS|LIST) )\(([^()]*)\)", lambda m: f"{m[1]}({' '.join(sorted(m[2].split(), key=lambda w: w.replace(chr(92), '')))})", text)


SETTINGS = {"message_limit": "imap.message_limit", "save_limit": "imap.save_limit", "jmap_url": "imap.jmap_url"}


class ImapScript:
    def __init__(self, path):
        self.name = path.name
        self.options = []
        self.lines = []
        for number, raw in enumerate(path.read_text("utf-8").split("\n"), 1):
            if not raw or raw.startswith("#"):
                continue
            head, _, text = raw.partition(":")
            if head == "OPTION":
                self.options.append(text.strip())
                continue
            self.lines.append((number, head, text[1:] if text.startswith(" ") else text))
        self.variables = {}
        self.wires = {}
        self.account = "alice@a.example"
        self.numbers = None

    def secured(self):
        for option in self.options:
            if option.partition(" ")[0] in SETTINGS:
                continue
            if option != "tls":
                raise Skip(f"option {option}")
        return "tls" in self.options

    def settings(self):
        """What the server is to be started with."""
        words = [option.partition(" ") for option in self.options]
        return {SETTINGS[name]: int(value) if value.isdigit() else value for name, _, value in words if name in SETTINGS}

    def translate(self, text, is_pattern):
        """The fixture's numbers and names as this server has them."""
        if not is_pattern:
            text = re.sub(r"(LOGIN )alice@a\.example( secret\b)?",
                          lambda m: m[1] + self.account + (f" {IMAP_PASSWORD}" if m[2] else ""), text)
        text = text.replace(base64.b64encode(b"\0alice@a.example\0secret").decode(),
                            base64.b64encode(f"\0{self.account}\0{IMAP_PASSWORD}".encode()).decode())
        numbers = self.numbers
        text = re.sub(r"(UIDVALIDITY |APPENDUID |COPYUID |QRESYNC \()([1-4])\b",
                      lambda m: m[1] + numbers["validity"][m[2]], text)
        text = re.sub(r"\b(M[1-4])\b(?=\))", lambda m: numbers["id"][m[1]], text)
        if re.search(r"MODSEQ|CHANGEDSINCE|QRESYNC", text):
            text = re.sub(r"\b10[0-2]\b", lambda m: numbers["modseq"][m[0]], text)
        if is_pattern:
            text = re.sub(r"(^\* OK.*\] )ready$", r"\1* ready", text)
            text = text.replace('SAVEDATE "*"', "SAVEDATE *")
            text = re.sub(r"AUTH=PLAIN$", "AUTH=PLAIN*", text)
            text = re.sub(r"EMAILID \(E\d+\)", "EMAILID (*)", text)
            text = re.sub(r"THREADID (NIL|\(\S+?\))", "THREADID *", text)
            text = re.sub(r'PREVIEW ("Preview"|NIL)', "PREVIEW *", text)
            text = re.sub(r"(STORAGE|MESSAGE) \d+ \d+", r"\1 * *", text)
        for name, value in self.variables.items():
            text = text.replace("${" + name + "}", value)
        return text

    def matches(self, glob, line):
        glob, line = in_order(glob), in_order(line)
        pattern, names, at = "", [], 0
        if glob.startswith("* "):
            pattern, at = r"\* ", 2
        while at < len(glob):
            captured = re.match(r"\$\{(\w+)=\}", glob[at:])
            if captured:
                names.append(captured[1])
                at += len(captured[0])
                stop = re.escape(glob[at]) if at < len(glob) else "\n"
                pattern += f"([^{stop}]*)"
                continue
            if glob[at] == "\\" and at + 1 < len(glob) and glob[at + 1] in "*\\":
                at += 1
                pattern += re.escape(glob[at])
            elif glob[at] == "*":
                pattern += ".*"
            else:
                pattern += re.escape(glob[at])
            at += 1
        found = re.fullmatch(pattern, line, re.S)
        if found:
            self.variables.update(zip(names, found.groups()))
        return bool(found)

    def run(self, port, context, account, numbers):
        self.account, self.numbers = account, numbers
        try:
            for number, head, text in self.lines:
                try:
                    self._step(port, context, head, text)
                except Mismatch as error:
                    raise Mismatch(f"{self.name}:{number}: {error}") from None
        finally:
            for wire in self.wires.values():
                wire.close()

    def _step(self, port, context, head, text):
        digits = re.search(r"\d", head)
        name = digits[0] if digits else "1"
        if name not in self.wires:
            self.wires[name] = Wire(port, context, self.secured())
        wire = self.wires[name]
        if head[0] == "C":
            ending = "" if head.endswith("-") else "\r\n"
            wire.send((self.translate(text, False) + ending).encode())
        elif head[0] == "T":
            wire.start_tls()
        elif head[0] == "Z":
            wire.compress(text == "on")
        elif head[0] == "X":
            line = wire.line()
            if line is not None:
                raise Mismatch(f'expected the connection to close, got "{line}"')
        elif head[0] == "S":
            pattern = self.translate(text, True)
            line = wire.line()
            while head.endswith("~") and line is not None and not self.matches(pattern, line):
                line = wire.line()
            if line is None or not self.matches(pattern, line):
                raise Mismatch(f'expected "{pattern}", got "{line}"')


# ---- POP3 ----

POP3_FIXTURE = [
    FIXTURE[0][2],
    "From: bob@b.example\r\nSubject: Report\r\n\r\nLine one\r\nLine two\r\n\r\nLine four\r\n",
    "Subject: Dots\r\n\r\n.\r\n..two\r\nmiddle.dot\r\n.end\r\n",
    "Subject: 会議\r\n\r\n本文\r\n",
    "Subject: header only\r\n",
]


def lay_out_pop3(session):
    """Brings the inbox of the logged-in account (imaplib) to the fixture."""
    for text in POP3_FIXTURE:
        status, data = session.append("INBOX", "", None, text.encode())
        if status != "OK":
            raise AssertionError(data)


class Pop3Script(ImapScript):
    """As IMAP's, but consecutive C lines are one group, and the fixture has no numbers to translate."""

    def translate(self, text, is_pattern):
        if not is_pattern:
            text = re.sub(r"^(USER )alice@a\.example$", lambda m: m[1] + self.account, text, flags=re.I)
            text = re.sub(r"^(PASS )secret$", lambda m: m[1] + IMAP_PASSWORD, text, flags=re.I)
            for was, now in ((b"\0alice@a.example\0secret", f"\0{self.account}\0{IMAP_PASSWORD}"),
                             (b"alice@a.example", self.account), (b"secret", IMAP_PASSWORD)):
                text = re.sub(rf"(^| ){re.escape(base64.b64encode(was).decode())}$",
                              lambda m, now=now: m[1] + base64.b64encode(now.encode()).decode(), text)
        for name, value in self.variables.items():
            text = text.replace("${" + name + "}", value)
        return text

    def run(self, port, context, account, numbers=None):
        merged = []
        for number, head, text in self.lines:
            if head[0] == "C" and merged and merged[-1][1] == head:
                merged[-1] = (number, head, merged[-1][2] + "\r\n" + text)
            else:
                merged.append((number, head, text))
        self.lines = merged
        super().run(port, context, account, numbers)

    def _step(self, port, context, head, text):
        if head[0] == "C":
            text = "\r\n".join(self.translate(line, False) for line in text.split("\r\n"))
        super()._step(port, context, head, text)


def scripts(kind):
    make = {"smtp": SmtpScript, "imap": ImapScript, "pop3": Pop3Script}[kind]
    return [make(path) for path in sorted((HERE / kind).glob("*.t"))]
