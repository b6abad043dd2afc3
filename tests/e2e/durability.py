"""The proof that nothing is lost: load, kills, and the account of every message.

Every message carries a unique id and a digest of its body. The client's ledger says which attempts
were acknowledged (the 250 was read, with the queue id in it) and which were cut off in between. A
commit is known by its queue id, which stands in the Received field of every copy that it led to. So
at the end each commit is found in exactly one copy per local recipient, at least one delivery to
the sink per remote one and one bounce per refused one; each acknowledged attempt has its commit;
and there is no commit that neither an acknowledgement nor a cut-off attempt explains.
"""
import asyncio
import collections
import dataclasses
import hashlib
import random
import re
import time

from harness import Fumi
from peers import Postgres
from processes import HOST, wait_until

SESSIONS = 50
LOCALS = [f"user{n}@acme.example" for n in range(6)]
OTHERS = [f"user{n}@beta.example" for n in range(2)]  # a second tenant: commits over both
REFUSED = "refused.example"
LATER = "later.example"
HOLD_S = 5.0  # longest between the sink's 250 and the commit of the outcome, on a busy machine


@dataclasses.dataclass
class Mail:
    id: str
    sender: str
    local: list
    remote: list
    refused: list
    body: bytes = b""
    acknowledged: list = dataclasses.field(default_factory=list)  # queue ids
    uncertain: int = 0  # attempts that ended without an answer to the end of the data

    @property
    def recipients(self):
        return self.local + self.remote + self.refused


class Ledger:
    def __init__(self, seed):
        self.random = random.Random(seed)
        self.mails = {}
        self.again = []
        self.faults = []  # answers that a correct server never gives
        self.temporary = collections.Counter()

    def new(self):
        pick = self.random
        number = f"m{len(self.mails):06d}"
        kind = pick.choices(("local", "locals", "tenants", "remote", "remotes", "mixed", "refused", "later"),
                            (30, 15, 5, 20, 10, 10, 5, 5))[0]
        mail = Mail(number, LOCALS[0], [], [], [])
        if kind in ("local", "mixed", "locals", "tenants"):
            mail.local = pick.sample(LOCALS, {"local": 1, "mixed": 2, "locals": 4, "tenants": 2}[kind])
        if kind == "tenants":
            mail.local += pick.sample(OTHERS, 1)
        if kind in ("remote", "mixed"):
            mail.remote = [f"{number}.r@one.sink.example"]
        if kind == "remotes":
            mail.remote = [f"{number}.r{n}@{'one' if n % 2 else 'two'}.sink.example" for n in range(4)]
        if kind == "later":
            mail.remote = [f"{number}.r@{LATER}"]
        if kind == "refused":
            mail.refused = [f"{number}.r@{REFUSED}"]
        text = f"{number} ".encode() + pick.randbytes(pick.choice((40, 400, 4000))).hex().encode()
        lines = [text[i:i + 70] for i in range(0, len(text), 70)]
        mail.body = b"\r\n".join(lines) + b"\r\n"
        self.mails[number] = mail
        return mail

    def next(self):
        if self.again and self.random.random() < 0.5:
            return self.again.pop(0)
        return self.new()

    def wire(self, mail):
        head = (f"From: <{mail.sender}>\r\nTo: undisclosed:;\r\nSubject: {mail.id}\r\n"
                f"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMessage-ID: <{mail.id}@test.example>\r\n"
                f"X-Test-Id: {mail.id}\r\nX-Test-Digest: {hashlib.sha256(mail.body).hexdigest()}\r\n\r\n")
        return head.encode() + mail.body + b".\r\n"


class Closed(Exception):
    pass


async def reply(reader):
    """(code, last line) of one reply."""
    while True:
        line = await reader.readline()
        if not line.endswith(b"\n"):
            raise Closed
        if line[3:4] != b"-":
            return int(line[:3]), line.decode("utf-8", "replace").strip()


class Load:
    """SESSIONS sessions on the relay port that send until told to stop or cut off."""

    def __init__(self, ledger, port):
        self.ledger = ledger
        self.port = port
        self.stopping = False

    async def send(self, mail, reader, writer):
        lines = [f"MAIL FROM:<{mail.sender}>", *[f"RCPT TO:<{to}>" for to in mail.recipients], "DATA"]
        writer.write("".join(line + "\r\n" for line in lines).encode())
        answers = [await reply(reader) for _ in lines]
        if answers[-1][0] != 354 or any(code != 250 for code, _ in answers[:-1]):
            return self.refused(answers)
        mail.uncertain += 1
        writer.write(self.ledger.wire(mail))
        code, text = await reply(reader)
        if code == 250:
            mail.uncertain -= 1
            mail.acknowledged.append(re.search(r"accepted as (\S+)", text).group(1))
        else:
            # A temporary answer may hide a commit whose outcome the server didn't learn: uncertain.
            self.refused([(code, text)])

    def refused(self, answers):
        for code, text in answers:
            if 400 <= code < 500:
                self.ledger.temporary[text[:60]] += 1
            elif code >= 500 and code != 554 and code != 503:
                self.ledger.faults.append(text)
        raise Closed

    async def session(self):
        while not self.stopping:
            try:
                reader, writer = await asyncio.open_connection(HOST, self.port, limit=1 << 20)
            except OSError:
                return
            mail = None
            try:
                await reply(reader)
                writer.write(b"EHLO client.example\r\n")
                await reply(reader)
                while not self.stopping:
                    mail = self.ledger.next()
                    await self.send(mail, reader, writer)
                    mail = None
            except (Closed, OSError, ValueError):
                if mail and mail.uncertain:
                    self.ledger.again.append(mail)
            finally:
                writer.close()

    async def run(self, kill_after, kill):
        tasks = [asyncio.create_task(self.session()) for _ in range(SESSIONS)]
        _, waiting = await asyncio.wait(tasks, timeout=kill_after)
        if len(waiting) < SESSIONS // 2:
            self.ledger.faults.append(f"only {len(waiting)} of {SESSIONS} sessions were alive before the kill")
        self.stopping = True
        kill()
        await asyncio.wait_for(asyncio.gather(*tasks), 30)


class Sink:
    """The remote world: remembers (queue id, recipient) -> [(epoch, time)], refuses and defers."""

    def __init__(self):
        self.deliveries = collections.defaultdict(list)
        self.damaged = []
        self.deferred = set()
        self.epoch = 0
        self.server = None
        self.port = 0

    async def start(self, port=0):
        self.server = await asyncio.start_server(self.serve, HOST, port, limit=1 << 20)
        self.port = self.server.sockets[0].getsockname()[1]

    def on_rcpt(self, address):
        if address.endswith("@" + REFUSED):
            return b"550 5.1.1 Nobody here\r\n"
        if address.endswith("@" + LATER) and address not in self.deferred:
            self.deferred.add(address)
            return b"451 4.7.1 Later\r\n"
        return b"250 2.1.5 OK\r\n"

    async def serve(self, reader, writer):
        recipients = []
        try:
            writer.write(b"220 sink.example ESMTP\r\n")
            while line := await reader.readline():
                verb = line[:4].upper()
                if verb == b"EHLO":
                    writer.write(b"250-sink.example\r\n250-PIPELINING\r\n250 8BITMIME\r\n")
                elif verb == b"RCPT":
                    address = re.search(rb"<(.*?)>", line).group(1).decode()
                    answer = self.on_rcpt(address)
                    if answer.startswith(b"250"):
                        recipients.append(address)
                    writer.write(answer)
                elif verb == b"DATA" and not recipients:
                    writer.write(b"554 5.5.1 No recipients\r\n")
                elif verb == b"DATA":
                    writer.write(b"354 go on\r\n")
                    message = await reader.readuntil(b"\r\n.\r\n")
                    self.keep(message[:-3], recipients)
                    writer.write(b"250 2.0.0 kept\r\n")
                    recipients = []
                elif verb == b"QUIT":
                    break
                else:
                    recipients = []
                    writer.write(b"250 2.0.0 OK\r\n")
        except (OSError, asyncio.IncompleteReadError, ValueError):
            pass
        finally:
            writer.close()

    def keep(self, message, recipients):
        found = examine(message)
        if not found or not found.whole:
            self.damaged.append(message[:2000])
            return
        for address in recipients:
            self.deliveries[found.queue_id, address].append((self.epoch, time.monotonic()))

    async def stop(self):
        self.server.close()


@dataclasses.dataclass
class Found:
    queue_id: str
    id: str
    whole: bool
    bounce: bool


_ID = re.compile(rb"^X-Test-Id: (\S+)", re.M)
_QUEUE_ID = re.compile(rb"with \S+ id (\S+)")
_DIGEST = re.compile(rb"^X-Test-Digest: (\S+)", re.M)


def examine(message):
    """What a message is; None for one that is not of the test."""
    marked = _ID.search(message)
    if not marked:
        return None
    ids = _QUEUE_ID.findall(message, 0, marked.start())
    bounce = b"multipart/report" in message[:4000]
    _, _, body = message.partition(b"\r\n\r\n")
    digest = _DIGEST.search(message)
    whole = bounce or bool(digest) and hashlib.sha256(body).hexdigest().encode() == digest.group(1)
    return Found(ids[-1].rstrip(b";").decode() if ids else "", marked.group(1).decode(), whole, bounce)


class Trial:
    """One server under load and kills; `audit` returns what is wrong."""

    def __init__(self, options=None, seed=1, **how):
        self.seed = seed
        self.random = random.Random(seed)
        self.ledger = Ledger(seed)
        self.sink = Sink()
        self.kills = []
        self.loop = asyncio.new_event_loop()
        self.loop.run_until_complete(self.sink.start())
        self.fumi = Fumi({"routes": [f"*={HOST}:{self.sink.port}"], "retry": ["1s"], "site_pause": "0s", "poll": "1s",
                          "trusted": ["127.0.0.0/8=acme"], "log.level": "warning", **(options or {})}, **how)
        self.fumi.start()
        self.fumi.populate("acme", "acme.example", [to.split("@")[0] for to in LOCALS])
        self.fumi.populate("beta", "beta.example", [to.split("@")[0] for to in OTHERS])

    def close(self):
        self.loop.run_until_complete(self.sink.stop())
        self.loop.close()
        self.fumi.stop()

    def round(self, kill, seconds=None):
        """Load, a kill at a random moment or after `seconds`, a start."""
        self.sink.epoch += 1
        load = Load(self.ledger, self.fumi.ports["relay"])
        self.loop.run_until_complete(load.run(seconds or self.random.uniform(0.05, 0.9), lambda: kill(self.fumi)))
        self.fumi.process.child.wait(10)
        self.kills.append(time.monotonic())
        self.sink.epoch += 1
        self.run_loop(self.fumi.start)

    def mailboxes(self):
        """{(queue id, address): count} of messages, {queue id: count} of bounces, damaged messages."""
        copies, bounces, damaged = collections.Counter(), collections.Counter(), []
        for address in LOCALS + OTHERS:
            box = self.fumi.imap(address)
            try:
                if box.select("INBOX", readonly=True)[1] == [b"0"]:
                    continue
                for part in box.fetch("1:*", "(BODY.PEEK[])")[1]:
                    if not isinstance(part, tuple):
                        continue
                    found = examine(part[1])
                    if not found or not found.whole or not found.queue_id:
                        damaged.append(f"{address}: {part[1][:600]!r}")
                    elif found.bounce:
                        bounces[found.queue_id] += 1
                    else:
                        copies[found.queue_id, found.id, address] += 1
            finally:
                box.logout()
        return copies, bounces, damaged

    def run_loop(self, work):
        """Runs blocking `work` while the sink keeps serving."""
        return self.loop.run_until_complete(self.loop.run_in_executor(None, work))

    def audit_mailboxes(self):
        """The checks that hold at any time after a start; returns problems."""
        copies, bounces, damaged = self.run_loop(self.mailboxes)
        problems = [f"damaged: {text}" for text in damaged + self.sink.damaged] + self.ledger.faults
        commits = collections.defaultdict(set)  # id -> queue ids that left a trace
        for (queue_id, number, address), count in copies.items():
            commits[number].add(queue_id)
            if count != 1:
                problems.append(f"{number}: {count} copies of {queue_id} for {address}")
            if address not in self.ledger.mails[number].local:
                problems.append(f"{number}: in the mailbox of {address}, who is no recipient")
        for queue_id, address in list(self.sink.deliveries):
            commits[address.partition(".")[0]].add(queue_id)
        for mail in self.ledger.mails.values():
            for queue_id in commits[mail.id] | set(mail.acknowledged):
                for address in mail.local:
                    if not copies[queue_id, mail.id, address]:
                        state = "acknowledged" if queue_id in mail.acknowledged else "unacknowledged, but seen elsewhere"
                        problems.append(f"{mail.id}: {queue_id} ({state}) is not in the mailbox of {address}")
            unexplained = len(commits[mail.id] - set(mail.acknowledged)) - mail.uncertain
            if unexplained > 0:
                problems.append(f"{mail.id}: {unexplained} commits more than attempts")
        return problems, copies, bounces, commits

    def wanted(self):
        for mail in self.ledger.mails.values():
            for queue_id in mail.acknowledged:
                for address in mail.remote:
                    yield queue_id, address

    def drained(self):
        return all(key in self.sink.deliveries for key in self.wanted())

    def audit(self):
        """Lets the queue run empty, then holds everything against the ledger."""
        self.sink.epoch += 1
        problems = []
        try:
            self.run_loop(lambda: wait_until(self.drained, "acknowledged mail at the sink", 40))
        except AssertionError:
            missing = [key for key in self.wanted() if key not in self.sink.deliveries]
            problems.append(f"{len(missing)} acknowledged deliveries never came to the sink, such as {missing[:5]}")
        refused = {q for m in self.ledger.mails.values() if m.refused for q in m.acknowledged}
        try:
            self.run_loop(lambda: wait_until(lambda: refused <= set(self.mailboxes()[1]), "the bounces", 30))
        except AssertionError:
            problems.append("acknowledged mail to refused recipients without a bounce")
        found, copies, bounces, commits = self.audit_mailboxes()
        problems += found + self.audit_remote(commits, bounces)
        stopped = self.run_loop(self.fumi.process.stop)
        if stopped != 0:
            problems.append(f"the server ended with {stopped}")
        findings, output = self.fumi.store_check()
        if findings:
            problems.append(f"store check: {output[-3000:]}")
        self.counts = {"commits": sum(len(c) for c in commits.values()), "copies": len(copies), "bounces": len(bounces)}
        return problems

    def audit_remote(self, commits, bounces):
        problems = []
        for mail in self.ledger.mails.values():
            for queue_id in commits[mail.id]:
                for address in mail.remote:
                    if (queue_id, address) not in self.sink.deliveries:
                        problems.append(f"{mail.id}: {queue_id} was committed, but {address} got nothing")
        repeated = 0
        for key, times in self.sink.deliveries.items():
            for (_, before), (epoch, _) in zip(times, times[1:]):
                repeated += 1
                killed = next((kill for kill in self.kills if kill > before), None)
                if killed is None or killed - before > HOLD_S:
                    problems.append(f"{key} was delivered again in epoch {epoch} though no kill came close behind: {times}")
        self.repeated = repeated
        for queue_id, count in bounces.items():
            if count != 1:
                problems.append(f"{queue_id}: {count} bounces")
        return problems

    def summary(self):
        mails = self.ledger.mails.values()
        return (f"{len(self.kills)} kills, {len(mails)} messages ({sum(len(m.acknowledged) for m in mails)} acknowledged, "
                f"{sum(m.uncertain for m in mails)} attempts cut off), {self.counts['copies']} in mailboxes, "
                f"{sum(len(d) for d in self.sink.deliveries.values())} deliveries ({self.repeated} repeated), "
                f"{self.counts['bounces']} bounces, temporary answers {dict(self.ledger.temporary)}")


def cluster():
    """A PostgreSQL cluster for a run, with a fresh database in it: (cluster, connection string)."""
    server = Postgres()
    return server, server.create("fumi")
