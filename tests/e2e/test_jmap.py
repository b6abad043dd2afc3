"""JMAP over HTTP: python's client, a JMAP library from npm, EventSource; and IMAP on the same account."""
import base64
import http.client
import json
import pathlib
import shutil
import threading
import unittest

from harness import PASSWORD, FumiTest, message, octets
from processes import HOST, run, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "jmap"
USING = ["urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:ietf:params:jmap:submission"]


def basic(user, password=PASSWORD):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


class Client:
    """One account by JMAP."""

    def __init__(self, fumi, user=HANAKO):
        self.port = fumi.ports["http"]
        self.headers = basic(user)
        self.session = self.ask("GET", "/.well-known/jmap")[1]
        self.account = self.session["primaryAccounts"]["urn:ietf:params:jmap:mail"]

    def ask(self, method, path, body=None, headers=None):
        connection = http.client.HTTPConnection(HOST, self.port, timeout=30)
        try:
            connection.request(method, path, body, {**self.headers, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
            is_json = answer.getheader("Content-Type", "").startswith("application/json")
            return answer.status, json.loads(content) if is_json else content
        finally:
            connection.close()

    def call(self, *calls):
        """Method calls without their account; the arguments of each response."""
        wanted = [[name, {"accountId": self.account, **arguments}, str(number)]
                  for number, (name, arguments) in enumerate(calls)]
        status, answer = self.ask("POST", "/jmap/api", json.dumps({"using": USING, "methodCalls": wanted}),
                                  {"Content-Type": "application/json"})
        if status != 200:
            raise AssertionError(f"HTTP {status}: {answer}")
        return [response[1] for response in answer["methodResponses"]]

    def one(self, name, **arguments):
        return self.call((name, arguments))[0]

    def mailbox(self, role):
        return next(box for box in self.one("Mailbox/get")["list"] if box["role"] == role)

    def emails(self, properties, **query):
        ids = self.one("Email/query", **query)["ids"]
        return self.one("Email/get", ids=ids, properties=properties)["list"]


class Events:
    """An EventSource connection, read in a thread."""

    def __init__(self, client, query):
        self.connection = http.client.HTTPConnection(HOST, client.port, timeout=30)
        self.connection.request("GET", "/jmap/eventsource?" + query, headers=client.headers)
        self.answer = self.connection.getresponse()
        self.lines = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            line = self.answer.readline()
            if not line:
                break
            self.lines.append(line.decode().rstrip("\n"))
        self.ended.set()

    def states(self):
        return [json.loads(line.removeprefix("data: ")) for line in list(self.lines) if '"StateChange"' in line]

    def close(self):
        self.thread.join(30)
        self.connection.close()


class Jmap(FumiTest):
    def test_imap_and_jmap_agree(self):
        client = Client(self.fumi)
        imap = self.fumi.imap()
        imap.append("INBOX", "(\\Flagged Blue)", None, octets(message("seen by both", text="一緒に見る\n")))
        email = next(mail for mail in client.emails(["subject", "keywords", "mailboxIds", "preview", "threadId"])
                     if mail["subject"] == "seen by both")
        self.assertEqual(email["keywords"], {"$flagged": True, "blue": True})
        self.assertEqual(email["preview"], "一緒に見る")
        imap.select("INBOX")
        _, found = imap.search(None, "SUBJECT", '"seen by both"')
        number = found[0].split()[-1]
        _, fetched = imap.fetch(number, "(EMAILID THREADID)")
        self.assertIn(email["id"], fetched[0].decode())
        self.assertIn(email["threadId"], fetched[0].decode())

        state = client.one("Email/get", ids=[])["state"]
        drafts, inbox = client.mailbox("drafts")["id"], client.mailbox("inbox")["id"]
        done = client.one("Email/set", update={email["id"]: {"keywords/$seen": True, "keywords/$flagged": None,
                                                             f"mailboxIds/{drafts}": True}})
        self.assertIn(email["id"], done["updated"])
        imap.noop()
        _, flags = imap.fetch(number, "(FLAGS)")
        self.assertIn("\\Seen", flags[0].decode())
        self.assertNotIn("\\Flagged", flags[0].decode())
        self.assertIn("seen by both", self.fumi.subjects(mailbox="Drafts"))
        changes = client.one("Email/changes", sinceState=state)
        self.assertEqual(changes["updated"], [email["id"]])

        state = changes["newState"]
        imap.store(number, "+FLAGS", "\\Deleted")
        imap.expunge()
        self.assertEqual(client.one("Email/changes", sinceState=state)["updated"], [email["id"]])
        gone = client.one("Email/set", destroy=[email["id"]])
        self.assertEqual(gone["destroyed"], [email["id"]])
        self.assertNotIn("seen by both", self.fumi.subjects(mailbox="Drafts"))
        self.assertEqual(client.one("Email/changes", sinceState=state)["destroyed"], [email["id"]])
        self.assertEqual(client.mailbox("inbox")["id"], inbox)
        imap.create("仕事".encode("utf-7").replace(b"+", b"&").decode())
        self.assertIn("仕事", [box["name"] for box in client.one("Mailbox/get")["list"]])
        imap.logout()

    def test_a_library_writes_sends_and_reads(self):
        if not (TOOL / "node_modules").exists() or not shutil.which("node"):
            self.skipTest("npm ci in tools/jmap was not run")
        url = f"http://{HOST}:{self.fumi.ports['http']}/.well-known/jmap"
        saw = json.loads(run(["node", TOOL / "client.js", url, HANAKO, PASSWORD])[1])
        self.assertEqual(saw["username"], HANAKO)
        self.assertEqual(saw["submitted"], ["send"])
        self.assertEqual(saw["found"], 1)
        self.assertEqual(saw["email"]["subject"], "library: 件名")
        self.assertEqual(saw["email"]["preview"], "本文です")
        self.assertEqual(saw["email"]["attachments"][0]["name"], "メモ.txt")
        self.assertEqual(saw["attachment"], "attached text")
        taro = Client(self.fumi, TARO)
        wait_until(lambda: taro.emails(["subject"], filter={"subject": "library"}), "the mail at Taro's")

    def test_event_source_tells_of_new_mail_and_ends_with_the_server(self):
        client = Client(self.fumi)
        events = Events(client, "types=Email,Mailbox&closeafter=no&ping=5")
        self.assertEqual(events.answer.status, 200)
        wait_until(lambda: events.lines, "the greeting")
        state = client.one("Email/get", ids=[])["state"]
        with self.fumi.smtp(TARO) as smtp:
            smtp.send_message(message("an event", sender=TARO, to=HANAKO))
        wait_until(events.states, "a StateChange")
        told = events.states()[-1]["changed"][client.account]
        self.assertIn("Mailbox", told)
        changes = client.one("Email/changes", sinceState=state)
        self.assertEqual(len(changes["created"]), 1)
        once = Events(client, "types=*&closeafter=state&ping=0")
        wait_until(lambda: once.lines, "the greeting")
        client.one("Mailbox/set", create={"k": {"name": "event"}})
        wait_until(once.ended.is_set, "the end after one state")
        once.close()
        self.assertEqual(client.ask("GET", "/jmap/eventsource?ping=x")[0], 400)
        self.fumi.restart()
        wait_until(events.ended.is_set, "the end with the server")
        events.close()

    def test_limits_and_strangers(self):
        client = Client(self.fumi)
        status, _ = client.ask("GET", "/jmap/session", headers=basic(HANAKO, "wrong"))
        self.assertEqual(status, 401)
        status, problem = client.ask("POST", "/jmap/api", "{", {"Content-Type": "application/json"})
        self.assertEqual(status, 400)
        self.assertEqual(json.loads(problem)["type"], "urn:ietf:params:jmap:error:notJSON")
        calls = [["Core/echo", {}, "0"]] * 65
        status, problem = client.ask("POST", "/jmap/api", json.dumps({"using": USING, "methodCalls": calls}),
                                     {"Content-Type": "application/json"})
        self.assertEqual((status, json.loads(problem)["limit"]), (400, "maxCallsInRequest"))
        other = Client(self.fumi, TARO)
        status, told = client.ask("POST", f"/jmap/upload/{client.account}", b"mine", {"Content-Type": "text/plain"})
        self.assertEqual(status, 201)
        path = f"/jmap/download/{{}}/{told['blobId']}/x?accept=text/plain"
        self.assertEqual(client.ask("GET", path.format(client.account)), (200, b"mine"))
        self.assertEqual(other.ask("GET", path.format(client.account))[0], 404)
        self.assertEqual(other.ask("GET", path.format(other.account))[0], 404)
        connection = http.client.HTTPConnection(HOST, client.port, timeout=30)
        connection.putrequest("POST", f"/jmap/upload/{client.account}")
        for name, value in {**client.headers, "Content-Length": "60000000"}.items():
            connection.putheader(name, value)
        connection.endheaders()  # refused by its announced length, before it is sent
        self.assertEqual(connection.getresponse().status, 413)
        connection.close()


if __name__ == "__main__":
    unittest.main()
