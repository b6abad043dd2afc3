"""Runs the JMAP wire scripts over TCP against a server; jmap/README.md defines the lines."""
import base64
import http.client
import json
import pathlib
import re

TIMEOUT_S = 20
HOST = "127.0.0.1"


class Mismatch(AssertionError):
    pass


def read_script(path):
    lines = []
    for number, text in enumerate(pathlib.Path(path).read_text(encoding="utf-8").splitlines(), 1):
        if not text or text[0] == "#":
            continue
        if text[0] == " ":
            lines[-1][2] += text
        else:
            kind, rest = text.split(": ", 1)
            lines.append([number, kind, rest])
    return lines


class Script:
    def __init__(self, path, port, user, password, other):
        self.name, self.lines, self.port = pathlib.Path(path).name, read_script(path), port
        login = base64.b64encode(f"{user}:{password}".encode()).decode()
        self.headers = {"Authorization": "Basic " + login}
        status, session = self.ask("GET", "/jmap/session", None, {})
        if status != 200:
            raise Mismatch(f"the session: {status}")
        self.uses = list(session["capabilities"])
        self.known = {"account": next(iter(session["accounts"])), "me": user, "other": other}

    def ask(self, method, path, body, headers):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=TIMEOUT_S)
        try:
            connection.request(method, path, body and body.encode(), {**self.headers, **headers})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def run(self):
        at = 0
        while at < len(self.lines):
            at = self.calls(at) if self.lines[at][1] == "C" else self.body(at)

    def where(self, at):
        return f"{self.name}:{self.lines[min(at, len(self.lines) - 1)][0]}"

    def meaning(self, text):
        return re.sub(r"\{\{(\w+)\}\}", lambda found: self.known.get(found[1], found[0]), text)

    def calls(self, at):
        call = at
        invocations = []
        while call < len(self.lines) and self.lines[call][1] == "C":
            invocations.append(json.loads(self.meaning(self.lines[call][2])) + [str(call - at)])
            call += 1
        status, answer = self.ask("POST", "/jmap/api", json.dumps({"using": self.uses, "methodCalls": invocations}),
                                  {"Content-Type": "application/json"})
        if status != 200:
            raise Mismatch(f"{self.where(at)}: {status} {answer}")
        for response in answer["methodResponses"]:
            if call >= len(self.lines) or self.lines[call][1] != "S":
                raise Mismatch(f"{self.where(call)}: not named: {response}")
            self.expect(call, json.loads(self.lines[call][2]), response[:2])
            call += 1
        return call

    def body(self, at):
        kind = "application/json"
        if self.lines[at][1] == "T":
            kind = self.lines[at][2]
            at += 1
        _, name, text = self.lines[at]
        text = self.meaning(text)
        if "*" in name:
            text = ('{"using":["urn:ietf:params:jmap:core"],"methodCalls":[' +
                    ",".join([text] * int(name[2:])) + "]}")
        status, answer = self.ask("POST", "/jmap/api", text, {"Content-Type": kind})
        _, expected, pattern = self.lines[at + 1]
        if expected != "E" or str(status) != pattern[:3]:
            raise Mismatch(f"{self.where(at + 1)}: {status} {answer}")
        self.expect(at + 1, json.loads(pattern[4:]), answer)
        return at + 2

    def expect(self, at, wanted, told):
        if not self.matches(wanted, told):
            raise Mismatch(f"{self.where(at)}: {json.dumps(told, ensure_ascii=False)}")

    def matches(self, wanted, told):
        if isinstance(wanted, str):
            variable = re.fullmatch(r"\{\{(\w+)\}\}", wanted)
            if variable and variable[1] not in self.known and isinstance(told, str):
                self.known[variable[1]] = told
                return True
            return wanted == "*" or told == self.meaning(wanted)
        if isinstance(wanted, dict):
            return isinstance(told, dict) and all(
                self.meaning(name) in told and self.matches(value, told[self.meaning(name)])
                for name, value in wanted.items())
        if isinstance(wanted, list):
            return isinstance(told, list) and self.matches_list(wanted, told)
        return wanted == told and isinstance(wanted, bool) == isinstance(told, bool)

    def fits(self, wanted, told):
        kept = dict(self.known)
        if self.matches(wanted, told):
            return True
        self.known = kept
        return False

    def matches_list(self, wanted, told):
        if wanted[:1] == ["..."]:
            return all(any(self.fits(each, one) for one in told) for each in wanted[1:])
        return len(wanted) == len(told) and all(self.fits(*pair) for pair in zip(wanted, told))
