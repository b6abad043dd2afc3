"""JMAP over HTTP: python's client, a JMAP library from npm, EventSource, WebSocket; and IMAP on the same account."""
import base64
import http.client
import json
import os
import pathlib
import shutil
import socket
import struct
import threading
import unittest

from harness import PASSWORD, FumiTest, message, octets
from processes import HOST, run, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
TOOL = pathlib.Path(__file__).resolve().parents[2] / "tools" / "jmap"
USING = [f"urn:ietf:params:jmap:{name}" for name in ("core", "mail", "submission", "vacationresponse")]


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


class WebSocket:
    """A WebSocket client, as small as RFC 6455 allows."""

    def __init__(self, client, headers=None):
        self.socket = socket.create_connection((HOST, client.port), timeout=30)
        fields = {"Host": f"{HOST}:{client.port}", "Upgrade": "websocket", "Connection": "Upgrade",
                  "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(),
                  "Sec-WebSocket-Protocol": "jmap", **client.headers, **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        self.socket.sendall(f"GET /jmap/ws HTTP/1.1\r\n{lines}\r\n".encode())
        self.file = self.socket.makefile("rb")
        self.status = int(self.file.readline().split()[1])
        while self.file.readline().strip():
            pass

    def send(self, opcode, payload):
        mask = os.urandom(4)
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + struct.pack("!H", size)
        self.socket.sendall(bytes([0x80 | opcode]) + length + mask +
                            bytes(octet ^ mask[i % 4] for i, octet in enumerate(payload)))

    def say(self, value):
        self.send(1, json.dumps(value).encode())

    def frame(self):
        first, second = self.file.read(2)
        size = second & 0x7f
        if size == 126:
            size = struct.unpack("!H", self.file.read(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self.file.read(8))[0]
        return first & 0x0f, self.file.read(size)

    def hear(self):
        opcode, payload = self.frame()
        if opcode != 1:
            raise AssertionError(f"opcode {opcode}: {payload}")
        return json.loads(payload)

    def close(self):
        self.file.close()
        self.socket.close()


class Jmap(FumiTest):
    def test_a_folder_is_shared(self):
        hanako, taro = Client(self.fumi), Client(self.fumi, TARO)
        imap = self.fumi.imap()
        imap.create("Team")
        imap.append("Team", "", None, octets(message("for the team")))
        imap.append("INBOX", "", None, octets(message("for nobody else")))
        shared = {"accountId": hanako.account}
        self.assertEqual(taro.one("Email/query", **shared)["type"], "accountNotFound")
        self.assertEqual(imap.setacl("Team", TARO, "lrs")[0], "OK")
        taro = Client(self.fumi, TARO)
        self.assertFalse(taro.session["accounts"][hanako.account]["isPersonal"])
        self.assertEqual([box["name"] for box in taro.one("Mailbox/get", **shared)["list"]], ["Team"])
        ids = taro.one("Email/query", **shared)["ids"]
        mails = taro.one("Email/get", ids=ids, properties=["subject", "blobId"], **shared)["list"]
        self.assertEqual([mail["subject"] for mail in mails], ["for the team"])
        status, content = taro.ask("GET", f"/jmap/download/{hanako.account}/{mails[0]['blobId']}/mail.eml")
        self.assertEqual(status, 200)
        self.assertIn(b"Subject: for the team", content)
        seen = taro.one("Email/set", update={ids[0]: {"keywords/$seen": True}}, **shared)
        self.assertEqual(seen["updated"], {ids[0]: None})
        gone = taro.one("Email/set", destroy=[ids[0]], **shared)
        self.assertEqual(gone["notDestroyed"][ids[0]]["type"], "forbidden")
        copied = taro.one("Email/copy", fromAccountId=hanako.account, create={
            "k": {"id": ids[0], "mailboxIds": {taro.mailbox("inbox")["id"]: True}}})
        self.assertEqual(taro.one("Email/get", ids=[copied["created"]["k"]["id"]],
                                  properties=["subject"])["list"][0]["subject"], "for the team")
        self.assertEqual(imap.deleteacl("Team", TARO)[0], "OK")
        self.assertEqual(taro.one("Email/query", **shared)["type"], "accountNotFound")
        imap.logout()

    def test_a_message_is_called_back(self):
        client = Client(self.fumi)
        identity = client.one("Identity/get")["list"][0]["id"]

        def send(subject, hold):
            draft = client.one("Email/set", create={"k": {
                "mailboxIds": {client.mailbox("drafts")["id"]: True}, "subject": subject, "to": [{"email": TARO}],
                "textBody": [{"partId": "t"}], "bodyValues": {"t": {"value": "x"}}}})["created"]["k"]["id"]
            return client.one("EmailSubmission/set", create={"s": {
                "identityId": identity, "emailId": draft, "envelope": {
                    "mailFrom": {"email": HANAKO, "parameters": {"HOLDFOR": str(hold)}},
                    "rcptTo": [{"email": TARO}]}}})["created"]["s"]

        def undo(sent):
            return client.one("EmailSubmission/set", update={sent["id"]: {"undoStatus": "canceled"}})

        back = send("never sent", 3600)
        self.assertEqual(back["undoStatus"], "pending")
        self.assertEqual(undo(back)["updated"], {back["id"]: None})
        sent = send("sent later", 1)
        taro = Client(self.fumi, TARO)

        def subjects():
            return [mail["subject"] for mail in taro.emails(["subject"])]

        wait_until(lambda: "sent later" in subjects(), "the held message")
        self.assertNotIn("never sent", subjects())
        self.assertEqual(undo(sent)["notUpdated"][sent["id"]]["type"], "cannotUnsend")
        status = client.one("EmailSubmission/get", ids=[back["id"], sent["id"]])["list"]
        self.assertEqual([each["undoStatus"] for each in status], ["canceled", "final"])
        self.assertEqual(status[1]["deliveryStatus"][TARO]["delivered"], "yes")

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
        self.assertIn(f"EMAILID ({email['id']})", fetched[0].decode())
        self.assertIn(f"THREADID ({email['threadId']})", fetched[0].decode())

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

    def test_websocket_carries_calls_and_changes(self):
        client = Client(self.fumi)
        stranger = WebSocket(client, {"Origin": "https://evil.example"})
        self.assertEqual(stranger.status, 403)
        stranger.close()
        web = WebSocket(client)
        self.assertEqual(web.status, 101)
        web.say({"@type": "Request", "id": "r1", "using": USING,
                 "methodCalls": [["Mailbox/get", {"accountId": client.account}, "c"]]})
        answer = web.hear()
        self.assertEqual((answer["@type"], answer["requestId"]), ("Response", "r1"))
        self.assertEqual(answer["methodResponses"][0][0], "Mailbox/get")
        web.send(1, b"{")
        self.assertEqual(web.hear()["@type"], "RequestError")
        web.send(9, b"ping")
        self.assertEqual(web.frame(), (10, b"ping"))
        web.say({"@type": "WebSocketPushEnable", "dataTypes": ["Mailbox"]})
        web.say({"@type": "Request", "using": USING, "methodCalls": [["Core/echo", {}, "c"]]})
        self.assertEqual(web.hear()["methodResponses"][0][0], "Core/echo")
        client.one("Mailbox/set", create={"k": {"name": "pushed"}})
        change = web.hear()
        self.assertEqual(change["@type"], "StateChange")
        self.assertEqual(list(change["changed"][client.account]), ["Mailbox"])
        web.send(8, struct.pack("!H", 1000))
        self.assertEqual(web.frame(), (8, struct.pack("!H", 1000)))
        web.close()
        last = WebSocket(client)
        self.fumi.restart()
        self.assertEqual(last.frame(), (8, struct.pack("!H", 1001)))  # going away
        last.close()

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
