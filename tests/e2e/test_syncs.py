"""How many syncs a message costs: one group commit serves every session that waits."""
import asyncio
import re
import shutil
import signal
import subprocess
import time
import unittest

from durability import reply
from harness import FumiTest
from processes import HOST, wait_until

BODY = b"From: <jiro@peer.example>\r\nSubject: sync\r\n\r\n" + b"Hello, hello, hello.\r\n" * 100 + b".\r\n"


async def session(port, messages):
    reader, writer = await asyncio.open_connection(HOST, port)
    await reply(reader)
    writer.write(b"EHLO client.example\r\n")
    await reply(reader)
    for _ in range(messages):
        writer.write(b"MAIL FROM:<jiro@peer.example>\r\nRCPT TO:<hanako@acme.example>\r\nDATA\r\n")
        for _ in range(3):
            await reply(reader)
        writer.write(BODY)
        code, text = await reply(reader)
        if code != 250:
            raise AssertionError(text)
    writer.write(b"QUIT\r\n")
    await reply(reader)
    writer.close()


async def sessions(port, count, messages):
    await asyncio.gather(*(session(port, messages) for _ in range(count)))


class Syncs(FumiTest):
    def measure(self, count, messages):
        """(syncs, seconds) of `count` sessions with so many messages each."""
        trace = self.fumi.folder / f"strace-{count}"
        tracer = subprocess.Popen(["strace", "-f", "-o", str(trace), "-e", "trace=fsync,fdatasync,sync_file_range,msync",
                                   "-p", str(self.fumi.process.pid)], stderr=subprocess.PIPE)
        try:
            wait_until(lambda: b"attached" in tracer.stderr.readline(), "strace to attach")
            started = time.monotonic()
            asyncio.run(sessions(self.fumi.ports["smtp"], count, messages))
            seconds = time.monotonic() - started
        finally:
            tracer.send_signal(signal.SIGINT)
            tracer.wait(20)
            tracer.stderr.close()
        return len(re.findall(r"\b(?:fsync|fdatasync)\(", trace.read_text())), seconds

    @unittest.skipUnless(shutil.which("strace"), "strace is not installed")
    def test_syncs_per_message(self):
        asyncio.run(sessions(self.fumi.ports["smtp"], 2, 10))  # the segment and the log exist now
        limits = {1: 3.0, 50: 1.0}
        print("sessions  messages  syncs  syncs/message  messages/s", flush=True)
        for count, messages in ((1, 100), (50, 20)):
            syncs, seconds = self.measure(count, messages)
            per = syncs / (count * messages)
            print(f"{count:8}  {count * messages:8}  {syncs:5}  {per:13.2f}  {count * messages / seconds:10.0f}", flush=True)
            self.assertGreater(syncs, 0, "the tracer saw nothing")
            self.assertLessEqual(per, limits[count])


if __name__ == "__main__":
    unittest.main()
