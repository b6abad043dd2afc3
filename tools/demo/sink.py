#!/usr/bin/env python3
"""The outside world of the demo: takes all mail on a loopback port and keeps it as files.

    sink.py --port N --folder DIR

What a recipient does is said by the local part of the address:
    bounce@…   refused: 550 5.1.1
    later@…    451 twice, then taken
    slow@…     taken after ten seconds
    others     taken
Standard library only. One line on standard output for each event.
"""
import argparse
import asyncio
import collections
import datetime
import pathlib
import re
import signal

LINE_MAX = 64 * 1024
MESSAGE_MAX = 100 * 1024 * 1024
SLOW_SECONDS = 10
LATER_TIMES = 2


class World:
    """What all sessions share: the folder, the number of the next file, how often `later` was tried."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        numbers = [int(path.name.split("-")[0]) for path in folder.glob("[0-9]*-*.eml")]
        self.next = max(numbers, default=0) + 1
        self.tries = collections.Counter()

    def keep(self, sender, recipients, data):
        name = re.sub(r"[^A-Za-z0-9@.=+_-]", "_", recipients[0])[:80]
        path = self.folder / f"{self.next:04d}-{name}.eml"
        self.next += 1
        envelope = f"X-Envelope-From: <{sender}>\r\n" + "".join(f"X-Envelope-To: <{one}>\r\n" for one in recipients)
        path.write_bytes(envelope.encode() + data)
        return path

    def verdict(self, recipient):
        """The reply to RCPT."""
        local = recipient.rpartition("@")[0].lower().split("+")[0]
        if local == "bounce":
            return f"550 5.1.1 <{recipient}>: nobody of this name here"
        if local == "later":
            self.tries[recipient] += 1
            if self.tries[recipient] <= LATER_TIMES:
                return f"451 4.7.1 Come again later (attempt {self.tries[recipient]})"
            del self.tries[recipient]
        return "250 2.1.5 Recipient ok"


def say(text):
    print(f"{datetime.datetime.now():%H:%M:%S} {text}", flush=True)


def path_of(argument):
    found = re.match(r"(?:FROM|TO):\s*<([^<>]*)>", argument, re.IGNORECASE)
    return found[1] if found else None


class Session:
    def __init__(self, world, reader, writer):
        self.world, self.reader, self.writer = world, reader, writer
        self.sender, self.recipients = None, []

    async def reply(self, text):
        self.writer.write(text.encode() + b"\r\n")
        await self.writer.drain()

    async def run(self):
        await self.reply("220 outside.example the world outside the demo")
        while line := await self.reader.readline():
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            handler = getattr(self, "on_" + verb.lower(), None)
            if not handler:
                await self.reply("500 5.5.2 Unknown command")
                continue
            await handler(argument)
            if verb.upper() == "QUIT":
                return

    async def on_ehlo(self, _):
        self.forget()
        await self.reply("250-outside.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250-ENHANCEDSTATUSCODES\r\n"
                         f"250 SIZE {MESSAGE_MAX}")

    async def on_helo(self, _):
        self.forget()
        await self.reply("250 outside.example")

    async def on_mail(self, argument):
        self.forget()
        self.sender = path_of(argument)
        await self.reply("501 5.5.4 Syntax: MAIL FROM:<address>" if self.sender is None else "250 2.1.0 Sender ok")

    async def on_rcpt(self, argument):
        recipient = path_of(argument)
        if self.sender is None or not recipient:
            await self.reply("503 5.5.1 MAIL first, then RCPT TO:<address>")
            return
        answer = self.world.verdict(recipient)
        if answer.startswith("250"):
            self.recipients.append(recipient)
        else:
            say(f"refused   {self.sender or '<>'} -> {recipient}: {answer}")
        await self.reply(answer)

    async def on_data(self, _):
        if not self.recipients:
            await self.reply("503 5.5.1 RCPT first")
            return
        await self.reply("354 End with a dot alone")
        data = bytearray()
        while (line := await self.reader.readline()) not in (b".\r\n", b""):
            data += line[1:] if line.startswith(b".") else line
            if len(data) > MESSAGE_MAX:
                raise ValueError("message too large")
        if not line:
            return
        if any(one.lower().startswith("slow@") for one in self.recipients):
            await asyncio.sleep(SLOW_SECONDS)
        path = self.world.keep(self.sender, self.recipients, bytes(data))
        say(f"taken     {self.sender or '<>'} -> {', '.join(self.recipients)}: {path.name}")
        self.forget()
        await self.reply(f"250 2.0.0 Ok: kept as {path.name}")

    async def on_rset(self, _):
        self.forget()
        await self.reply("250 2.0.0 Ok")

    async def on_noop(self, _):
        await self.reply("250 2.0.0 Ok")

    async def on_quit(self, _):
        await self.reply("221 2.0.0 Bye")

    def forget(self):
        self.sender, self.recipients = None, []


async def serve(port, folder):
    world = World(folder)

    async def session(reader, writer):
        try:
            await Session(world, reader, writer).run()
        except (ConnectionError, asyncio.IncompleteReadError, ValueError) as error:
            say(f"broken    {error}")
        finally:
            writer.close()

    server = await asyncio.start_server(session, "127.0.0.1", port, limit=LINE_MAX)
    say(f"listening on 127.0.0.1:{port}")
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with server:
        await stop.wait()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    asyncio.run(serve(arguments.port, arguments.folder))


if __name__ == "__main__":
    main()
