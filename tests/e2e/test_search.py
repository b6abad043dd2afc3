"""SEARCH in Japanese and English, before and after the index has caught up, and the commands about it."""
import base64
import json
import unittest

from harness import FumiTest
from processes import wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"


def mail(subject, text, charset="iso2022_jp", kind="plain"):
    head = f"=?{charset.replace('iso2022_jp', 'ISO-2022-JP')}?B?{base64.b64encode(subject.encode(charset)).decode()}?="
    name = {"iso2022_jp": "ISO-2022-JP"}.get(charset, charset)
    return (f"From: {TARO}\r\nTo: {HANAKO}\r\nSubject: {head}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0900\r\n"
            f"MIME-Version: 1.0\r\nContent-Type: text/{kind}; charset={name}\r\n"
            "Content-Transfer-Encoding: base64\r\n\r\n").encode() + base64.encodebytes(text.encode(charset))


MAILS = [("会議のお知らせ", "来週の会議は東京\r\n都庁で行います。", "iso2022_jp", "plain"), ("請求書", "ガイドラインをご確認ください。", "utf-8", "plain"),
         ("Quarterly report", "<p>Rev<b>enue</b> of the caf&eacute;</p>", "utf-8", "html"), ("othello", "Hello World", "us-ascii", "plain")]
QUERIES = [("BODY", "東京都庁", "1"), ("SUBJECT", "会議", "1"), ("BODY", "ｶﾞｲﾄﾞﾗｲﾝ", "2"), ("BODY", "がいどらいん", "2"), ("TEXT", "REVENUE", "3"),
           ("BODY", "café", "3"), ("BODY", "CAFE", "3"), ("SUBJECT", "hello", "4"), ("TEXT", "hello", "4"), ("BODY", "ello w", "4"),
           ("TEXT", "無い言葉", ""), ("FROM", "taro", "1 2 3 4"), ("BODY", "庁", "1")]


class Search(FumiTest):
    OPTIONS = {"search_interval": "200ms"}

    def status(self, *whose):
        lines = self.fumi.cli("search", "status", *whose, "--json")[1].splitlines()
        return {line["address"]: line for line in map(json.loads, lines)}

    def ask(self, session):
        for key, text, hits in QUERIES:
            with self.subTest(key=key, text=text):
                session.literal = text.encode()
                status, data = session.uid("SEARCH", "CHARSET", "UTF-8", key)
                self.assertEqual((status, data[0].decode()), ("OK", hits))

    def test_before_and_behind_the_index(self):
        session = self.fumi.imap()
        session.create("Search")
        for subject, text, charset, kind in MAILS:
            self.assertEqual(session.append("Search", None, None, mail(subject, text, charset, kind))[0], "OK")
        session.select("Search")
        self.ask(session)
        def caught_up():
            now = self.status("--account", HANAKO)[HANAKO]
            return now["mails"] == now["indexed"] >= len(MAILS)
        wait_until(caught_up, "the index has caught up", 20)
        self.ask(session)
        self.assertEqual(session.append("Search", None, None, mail("会議", "追加"))[0], "OK")
        session.noop()
        session.literal = "会議".encode()
        self.assertEqual(session.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")[1], [b"1 5"])
        self.fumi.cli("search", "rebuild", "--account", HANAKO)
        self.ask_after_rebuild(session)
        wait_until(caught_up, "the index is there again", 20)
        session.store("5", "+FLAGS", r"(\Deleted)")
        session.expunge()
        self.ask(session)
        both = self.status("--tenant", "acme")
        self.assertEqual(set(both), {HANAKO, TARO})
        self.assertGreater(both[HANAKO]["octets"], 0)
        session.logout()

    def ask_after_rebuild(self, session):
        session.literal = "会議".encode()
        self.assertEqual(session.uid("SEARCH", "CHARSET", "UTF-8", "SUBJECT")[1], [b"1 5"])

    def test_wrong_calls(self):
        self.assertNotEqual(self.fumi.cli("search", "status", check=False)[0], 0)
        self.assertNotEqual(self.fumi.cli("search", "rebuild", "--account", "nobody@acme.example", check=False)[0], 0)
        self.assertNotEqual(self.fumi.cli("search", "status", "--tenant", "unknown", check=False)[0], 0)


if __name__ == "__main__":
    unittest.main()
