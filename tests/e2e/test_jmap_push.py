"""JMAP beside its method calls: large blobs by HTTP, push subscriptions, replies of people who are away."""
import hashlib
import http.client
import http.server
import json
import os
import shutil
import socket
import threading
import unittest

from harness import PASSWORD, FumiTest, message
from processes import HOST, run, wait_until
from test_jmap import HANAKO, TARO, TOOL, USING, Client

LARGE = 48_000_000


class PushService:
    """An HTTP server that takes POSTs, as a client's push service would."""

    def __init__(self):
        self.posts, self.status = [], 201
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                service.posts.append((self.path, dict(self.headers), body))
                self.send_response(service.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer((HOST, 0), Handler)
        self.url = f"http://{HOST}:{self.server.server_port}/push"
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def told(self, kind):
        return [json.loads(body) for _, _, body in list(self.posts) if body[:1] == b"{" and kind.encode() in body]

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(30)


def subscriptions(client, **arguments):
    """PushSubscription/set, which knows no account."""
    calls = [["PushSubscription/set", arguments, "0"]]
    _, answer = client.ask("POST", "/jmap/api", json.dumps({"using": USING, "methodCalls": calls}),
                           {"Content-Type": "application/json"})
    return answer["methodResponses"][0][1]


def memory(fumi):
    """The most that the server has held, in octets."""
    with open(f"/proc/{fumi.process.pid}/status", encoding="ascii") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


class LargeBlobs(FumiTest):
    # What AddressSanitizer keeps of freed memory (256 MiB) would hide what the server holds.
    ENVIRONMENT = {"ASAN_OPTIONS": "quarantine_size_mb=1:thread_local_quarantine_size_kb=64"}

    def test_up_and_down_in_pieces(self):
        client = Client(self.fumi)
        content = os.urandom(1_000_003) * (LARGE // 1_000_003)
        before = memory(self.fumi)
        connection = http.client.HTTPConnection(HOST, client.port, timeout=60)
        pieces = (content[at:at + 65536] for at in range(0, len(content), 65536))
        connection.request("POST", f"/jmap/upload/{client.account}", pieces,
                           {**client.headers, "Content-Type": "application/zip"}, encode_chunked=True)
        answer = connection.getresponse()
        told = json.loads(answer.read())
        self.assertEqual((answer.status, told["size"], told["type"]), (201, len(content), "application/zip"))
        path = f"/jmap/download/{client.account}/{told['blobId']}/big.zip?accept=application/zip"
        connection.request("GET", path, headers=client.headers)
        answer = connection.getresponse()
        self.assertEqual(int(answer.getheader("Content-Length")), len(content))
        digest = hashlib.sha256()
        while piece := answer.read(65536):
            digest.update(piece)
        self.assertEqual(digest.digest(), hashlib.sha256(content).digest())
        connection.request("GET", path, headers={**client.headers, "Range": "bytes=1048570-1048585"})
        answer = connection.getresponse()
        self.assertEqual((answer.status, answer.read()), (206, content[1048570:1048586]))
        self.assertLess(memory(self.fumi) - before, LARGE // 2)
        connection.close()

    def test_a_client_that_goes_away_in_the_middle(self):
        client = Client(self.fumi)
        head = "".join(f"{name}: {value}\r\n" for name, value in client.headers.items())
        for _ in range(20):  # more than may be under way at once: each gave its place back
            with socket.create_connection((HOST, client.port), timeout=30) as half:
                half.sendall(f"POST /jmap/upload/{client.account} HTTP/1.1\r\nHost: x\r\n{head}"
                             "Content-Length: 1000\r\n\r\nhalf".encode())
        status, told = client.ask("POST", f"/jmap/upload/{client.account}", b"whole", {"Content-Type": "text/plain"})
        self.assertEqual((status, told["size"]), (201, 5))


class Push(FumiTest):
    @classmethod
    def options(cls):
        return {"jmap.push_targets": "loopback", "jmap.push_interval": "100ms"}

    def setUp(self):
        self.service = PushService()
        self.addCleanup(self.service.close)

    def subscribe(self, client, **more):
        made = subscriptions(client, create={"k": {"deviceClientId": "e2e", "url": self.service.url, **more}})
        self.assertIn("k", made["created"], made)
        identity = made["created"]["k"]["id"]
        wait_until(lambda: self.service.told("PushVerification"), "the verification")
        code = self.service.told("PushVerification")[-1]["verificationCode"]
        done = subscriptions(client, update={identity: {"verificationCode": code}})
        self.assertIn(identity, done["updated"])
        return identity

    def test_new_mail_is_told_and_a_restart_forgets_nothing(self):
        client = Client(self.fumi)
        identity = self.subscribe(client, types=["Email", "EmailDelivery"])
        with self.fumi.smtp(TARO) as smtp:
            smtp.send_message(message("pushed", sender=TARO, to=HANAKO))
        wait_until(lambda: self.service.told("StateChange"), "a StateChange")
        states = self.service.told("StateChange")[-1]["changed"][client.account]
        self.assertEqual(sorted(states), ["Email", "EmailDelivery"])
        self.assertEqual(states["Email"], client.one("Email/get", ids=[])["state"])
        path, headers, _ = self.service.posts[-1]
        self.assertEqual((path, headers["Content-Type"], headers["TTL"]), ("/push", "application/json", "86400"))
        self.service.posts.clear()
        self.fumi.restart()
        client = Client(self.fumi)
        with self.fumi.smtp(TARO) as smtp:
            smtp.send_message(message("pushed again", sender=TARO, to=HANAKO))
        wait_until(lambda: self.service.told("StateChange"), "a StateChange after the restart")
        self.service.status = 410
        client.one("Mailbox/set", create={"k": {"name": "gone"}})
        with self.fumi.smtp(TARO) as smtp:
            smtp.send_message(message("the last", sender=TARO, to=HANAKO))
        wait_until(lambda: identity in (subscriptions(client, destroy=[identity])["notDestroyed"] or {}), "its end")

    def test_keys_seal_what_is_sent(self):
        client = Client(self.fumi)
        keys = {"p256dh": "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
                "auth": "BTBZMqHH6r4Tts7J_aSIgg"}
        made = subscriptions(client, create={"k": {"deviceClientId": "sealed", "url": self.service.url, "keys": keys}})
        self.assertIn("k", made["created"])
        wait_until(lambda: self.service.posts, "a POST")
        _, headers, body = self.service.posts[-1]
        self.assertEqual(headers["Content-Encoding"], "aes128gcm")
        self.assertEqual(body[16:21], b"\0\0\x10\0A")  # RFC 8188 §2.1: 4096, 65
        self.assertNotIn(b"PushVerification", body)

    def test_strange_addresses_are_refused(self):
        client = Client(self.fumi)
        for url in ("http://192.0.2.1/", "ftp://example.com/", "https://user@push.example/"):
            made = subscriptions(client, create={"k": {"deviceClientId": "e2e", "url": url}})
            self.assertEqual(made["notCreated"]["k"]["type"], "invalidProperties", url)


class Vacation(FumiTest):
    @classmethod
    def options(cls):
        return {"vacation.interval": "200ms"}

    def test_one_reply_to_a_person_and_none_to_a_list(self):
        client, taro = Client(self.fumi), Client(self.fumi, TARO)
        away = {"isEnabled": True, "subject": "不在のお知らせ", "textBody": "出張中です。\n"}
        self.assertIn("singleton", client.one("VacationResponse/set", update={"singleton": away})["updated"])
        listed = message("from a list", sender=TARO, to=HANAKO)
        listed["List-Id"] = "<l.example>"
        first = message("are you there?", sender=TARO, to=HANAKO)
        first["Message-ID"] = "<question@acme.example>"
        for mail in (listed, first, message("and now?", sender=TARO, to=HANAKO)):
            with self.fumi.smtp(TARO) as smtp:
                smtp.send_message(mail)
        properties = ["subject", "inReplyTo", "from", "preview", "header:Auto-Submitted:asText",
                      "header:Return-Path"]
        replies = {"subject": "不在のお知らせ"}
        wait_until(lambda: taro.emails(["subject"], filter=replies), "the reply")
        reply, = taro.emails(properties, filter=replies)
        self.assertEqual(reply["from"][0]["email"], HANAKO)
        self.assertEqual(reply["inReplyTo"], ["question@acme.example"])
        self.assertEqual(reply["preview"], "出張中です。")
        self.assertEqual(reply["header:Auto-Submitted:asText"], "auto-replied")
        self.assertEqual(reply["header:Return-Path"].strip(), "<>")
        self.assertIn("singleton", client.one("VacationResponse/set", update={"singleton": {"isEnabled": False}})["updated"])
        with self.fumi.smtp(TARO) as smtp:
            smtp.send_message(message("welcome back", sender=TARO, to=HANAKO))
        wait_until(lambda: client.emails(["subject"], filter={"subject": "welcome back"}), "the mail")
        self.assertEqual(len(taro.emails(["subject"], filter=replies)), 1)


class Library(FumiTest):
    def test_a_library_uses_what_is_new(self):
        if not (TOOL / "node_modules").exists() or not shutil.which("node"):
            self.skipTest("npm ci in tools/jmap was not run")
        url = f"http://{HOST}:{self.fumi.ports['http']}/.well-known/jmap"
        saw = json.loads(run(["node", TOOL / "more.js", url, HANAKO, PASSWORD])[1])
        self.assertEqual(saw, {"size": 3_000_000, "same": True, "away": True, "cards": 1, "added": 1, "role": "archive"})


if __name__ == "__main__":
    unittest.main()
