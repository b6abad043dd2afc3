"""Two servers on one PostgreSQL: what one of them commits is told to the sessions of the other."""
import re
import shutil
import unittest
import urllib.request

from harness import Fumi, message, require_fumi
from peers import Postgres
from processes import wait_until

HANAKO = "hanako@acme.example"


class TwoNodes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        require_fumi()
        cls.server = Postgres()
        cls.addClassCleanup(cls.server.stop)
        connection = cls.server.create("fumi")
        cls.one = Fumi({"postgres": connection})
        cls.addClassCleanup(cls.one.stop)
        cls.one.start().populate()
        cls.two = Fumi({"postgres": connection, "server.node": 1})
        cls.addClassCleanup(cls.two.stop)
        # The nodes of an installation share the root key and the tenants' keys.
        shutil.rmtree(cls.two.data)
        shutil.copytree(cls.one.data, cls.two.data)
        cls.two.start()
        for node in (cls.one, cls.two):
            wait_until(lambda node=node: cls.hears(node), "hearing the other node")

    @staticmethod
    def hears(node):
        with urllib.request.urlopen(f"{node.operator_url}/metrics", timeout=5) as answer:
            return re.search(rb"(?m)^fumi_store_hears_nodes 1", answer.read()) is not None

    def idle(self, node):
        session = node.imap()
        self.addCleanup(session.shutdown)
        self.assertEqual(session.select("INBOX")[0], "OK")
        session.send(b"I1 IDLE\r\n")
        self.assertTrue(session.readline().startswith(b"+ "))
        return session

    def append(self, node, subject):
        session = node.imap()
        status, data = session.append("INBOX", "", None, message(subject).as_bytes())
        self.assertEqual(status, "OK", data)
        session.logout()

    def count(self, node):
        session = node.imap()
        number = int(session.select("INBOX", readonly=True)[1][0])
        session.logout()
        return number

    def assert_told(self, session, number):
        """The session's socket has a deadline: silence is a failure."""
        line = session.readline()
        while b"EXISTS" not in line:
            self.assertTrue(line.startswith(b"* "), line)
            line = session.readline()
        self.assertEqual(line, b"* %d EXISTS\r\n" % number)

    def test_idle_hears_the_other_node(self):
        for here, there in ((self.one, self.two), (self.two, self.one)):
            before = self.count(here)
            waiting = self.idle(there)
            self.append(here, "one")
            self.assert_told(waiting, before + 1)
            self.append(here, "two")
            self.assert_told(waiting, before + 2)

    def test_idle_survives_a_killed_listener(self):
        before = self.count(self.one)
        waiting = self.idle(self.two)
        killed = self.server.query("fumi", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                                   " WHERE application_name = 'fumi listener'")
        self.assertEqual(killed, "2")
        # Whether the listener is back already or not: what it misses it asks for.
        self.append(self.one, "after")
        self.assert_told(waiting, before + 1)


if __name__ == "__main__":
    unittest.main()
