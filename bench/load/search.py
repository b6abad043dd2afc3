#!/usr/bin/env python3
"""Mail in Japanese and English made from a seed, and timed searches over it by IMAP.

    search.py fill  HOST PORT USER PASSWORD [--messages N] [--box B]
    search.py query HOST PORT USER PASSWORD --label L --right FILE [--reps R]   one JSON row a query
    search.py hits  --right FILE [--messages N]                                 what the answers must be

Queries are words of which the texts were made, so that every server's idea of a match (words, substrings,
folding) has the same right answer: each word stands whole, in its usual form, between spaces or
punctuation, and no word is part of another.
"""
import argparse
import base64
import json
import random
import socket
import statistics
import sys
import time

JAPANESE = ("会議 予約 確認 資料 添付 東京 大阪 請求書 見積 納期 契約 変更 連絡 報告 来週 明日 午後 担当 部長 工場 製品 在庫 出荷 顧客 "
            "品質 改善 計画 予算 承認 申請 出張 研修 採用 面接 評価 給与 休暇 健康 診断 安全 防災 訓練 システム サーバ ネットワーク "
            "メール パスワード ログイン エラー バックアップ スケジュール プロジェクト ミーティング").split()
ENGLISH = ("meeting schedule invoice report project budget review draft contract deadline customer shipment warehouse "
           "quality proposal travel training interview holiday network server password backup release feature defect "
           "morning evening Monday Friday please thanks regards attached document summary question answer").split()
ENDINGS = "です。 ください。 お願いします。 について、 の件、 を".split()
# Words that stand in few mails: one in so many.
RARE = {"zyzzyva": 1000, "quokka": 200, "麒麟": 1000, "海鼠": 200, "キャラメル": 300}


def make(number):
    """Subject and text of a message; the same on every machine."""
    rng = random.Random(number)
    japanese = rng.random() < 0.6
    words = []
    for _ in range(rng.randint(40, 400)):
        if japanese:
            words.append(rng.choice(JAPANESE) + rng.choice(ENDINGS) if rng.random() < 0.9 else " " + rng.choice(ENGLISH) + " ")
        else:
            words.append(rng.choice(ENGLISH) + rng.choice((" ", " ", " ", ", ", ".\n")))
        if rng.random() < 0.06:
            words.append("\n")
    rare = [word for word, one_in in RARE.items() if rng.randrange(one_in) == 0]
    for word in rare:
        words.insert(rng.randrange(len(words)), f" {word} ")
    subject = "".join(rng.choice(JAPANESE) + "の" for _ in range(2)) if japanese else " ".join(rng.choice(ENGLISH) for _ in range(4))
    return japanese, subject, "".join(words)


def message(number):
    japanese, subject, text = make(number)
    if japanese and number % 2:
        head = "=?ISO-2022-JP?B?" + base64.b64encode(subject.encode("iso2022_jp")).decode() + "?="
        kind, body = "text/plain; charset=ISO-2022-JP\r\nContent-Transfer-Encoding: 7bit", text.encode("iso2022_jp")
    else:
        head = "=?UTF-8?B?" + base64.b64encode(subject.encode()).decode() + "?=" if japanese else subject
        kind = "text/plain; charset=UTF-8\r\nContent-Transfer-Encoding: base64"
        body = base64.encodebytes(text.encode())
    return (f"Received: from relay{number % 7}.example by mx.example; Mon, 2 Nov 2026 10:00:00 +0900\r\n"
            f"From: sender{number % 500} <sender{number % 500}@from{number % 40}.example>\r\nTo: u1@bench.test\r\n"
            f"Date: {number % 28 + 1} Nov 2026 10:00:00 +0900\r\nMessage-ID: <{number}.{number * 7919}@from.example>\r\n"
            f"Subject: {head}\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n").encode() + body.replace(b"\n", b"\r\n")


QUERIES = [("one rare word", ["zyzzyva"], []), ("one rare word, Japanese", ["麒麟"], []), ("one less rare word", ["quokka"], []),
           ("one less rare word, Japanese", ["海鼠"], []), ("a katakana word", ["キャラメル"], []), ("two words", ["quokka", "invoice"], []),
           ("two words, Japanese", ["海鼠", "東京"], []), ("a word of the subject", [], ["請求書"]), ("a word of many", ["warehouse"], []),
           ("a word of many, Japanese", ["防災"], []), ("absent", ["xylophonist"], [])]


def hits(count):
    """The answers by a plain scan of what was written."""
    found = {name: [] for name, *_ in QUERIES}
    for number in range(count):
        _, subject, text = make(number)
        text = text.replace("\n", "")
        for name, body, heads in QUERIES:
            if all(word in text for word in body) and all(word in subject for word in heads):
                found[name].append(number + 1)
    return found


class Imap:
    def __init__(self, host, port, user, password):
        self.socket = socket.create_connection((host, int(port)), timeout=600)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb")
        self.file.readline()
        self.command(b'LOGIN "%s" "%s"' % (user.encode(), password.encode()))

    def until(self, tag):
        lines = []
        while True:
            line = self.file.readline()
            if not line:
                raise SystemExit("the server has closed the connection")
            lines.append(line)
            if line.startswith(tag):
                if b" OK" not in line[:len(tag) + 4]:
                    raise SystemExit(line.decode())
                return lines

    def command(self, text, literals=()):
        # Literals are synchronising: not all peers take LITERAL+ here.
        self.socket.sendall(b"t " + text)
        for literal in literals:
            self.socket.sendall(b" {%d}\r\n" % len(literal))
            self.file.readline()
            self.socket.sendall(literal)
        self.socket.sendall(b"\r\n")
        return self.until(b"t ")


def fill(arguments):
    imap = Imap(arguments.host, arguments.port, arguments.user, arguments.password)
    imap.command(b"CREATE " + arguments.box.encode())
    began = time.time()
    ahead = 0
    for number in range(arguments.messages):
        data = message(number)
        imap.socket.sendall(b"a APPEND %s {%d+}\r\n%s\r\n" % (arguments.box.encode(), len(data), data))
        ahead += 1
        if ahead == 20:
            for _ in range(ahead):
                imap.until(b"a ")
            ahead = 0
    for _ in range(ahead):
        imap.until(b"a ")
    print(f"filled {arguments.messages} in {time.time() - began:.1f} s", file=sys.stderr)


def query(arguments):
    imap = Imap(arguments.host, arguments.port, arguments.user, arguments.password)
    imap.command(b"SELECT " + arguments.box.encode())
    with open(arguments.right, encoding="utf-8") as file:
        right = json.load(file)
    wrong = 0
    for name, body, heads in QUERIES:
        keys = b"".join(b" BODY" if word in body else b" SUBJECT" for word in body + heads)
        words = [word.encode() for word in body + heads]
        text = b"UID SEARCH CHARSET UTF-8" + (keys if len(words) == 1 else b" BODY")
        times = []
        for _ in range(arguments.reps):
            began = time.perf_counter()
            imap.socket.sendall(b"t " + text)
            for index, word in enumerate(words):
                imap.socket.sendall((b" BODY" if index else b"") + b" {%d}\r\n" % len(word))
                imap.file.readline()
                imap.socket.sendall(word)
            imap.socket.sendall(b"\r\n")
            lines = imap.until(b"t ")
            times.append((time.perf_counter() - began) * 1000)
        got = [int(uid) for line in lines if line.startswith(b"* SEARCH") for uid in line.split()[2:]]
        same = got == right[name]
        wrong += not same
        row = {"server": arguments.label, "query": name, "hits": len(got), "right": len(right[name]), "same": same,
               "ms": {"min": round(min(times), 2), "median": round(statistics.median(times), 2), "max": round(max(times), 2)}}
        if len(times) >= 100:
            row["ms"]["p99"] = round(sorted(times)[len(times) * 99 // 100 - 1], 2)
        print(json.dumps(row, ensure_ascii=False), flush=True)
    if wrong:
        print(f"{arguments.label}: {wrong} answers differ from a plain scan's", file=sys.stderr)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="verb", required=True)
    for verb in ("fill", "query"):
        command = commands.add_parser(verb)
        for name in ("host", "port", "user", "password"):
            command.add_argument(name)
    commands.add_parser("hits")
    for command in commands.choices.values():
        command.add_argument("--messages", type=int, default=50_000)
        command.add_argument("--box", default="Text")
        command.add_argument("--reps", type=int, default=11)
        command.add_argument("--label", default="")
        command.add_argument("--right", default="")
    arguments = parser.parse_args()
    if arguments.verb == "fill":
        fill(arguments)
    elif arguments.verb == "query":
        query(arguments)
    else:
        right = hits(arguments.messages)
        with open(arguments.right, "w", encoding="utf-8") as file:
            json.dump(right, file, ensure_ascii=False)
        print({name: len(found) for name, found in right.items()}, file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
