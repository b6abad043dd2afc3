"""SIGKILL at random moments under 50 concurrent sessions: nothing acknowledged is lost, nothing is there twice.

FUMI_CRASH_ROUNDS is the number of kills in all (default 100), half on each engine.
"""
import os
import time
import unittest

from durability import Trial, cluster
from harness import require_fumi

ROUNDS = max(2, int(os.environ.get("FUMI_CRASH_ROUNDS", "100")))
SEED = int(os.environ.get("FUMI_CRASH_SEED", time.time_ns() % 1_000_000))
CHECK_EVERY = 10


class Crash(unittest.TestCase):
    def setUp(self):
        require_fumi()

    def trial(self, name, rounds, options=None):
        print(f"{name}: FUMI_CRASH_SEED={SEED}", flush=True)
        trial = Trial(options, SEED)
        self.addCleanup(trial.close)
        for number in range(1, rounds + 1):
            trial.round(lambda fumi: fumi.crash())
            if number % CHECK_EVERY == 0:
                self.assertEqual(trial.audit_mailboxes()[0], [], f"after {number} kills")
        problems = trial.audit()
        print(f"{name}: {trial.summary()}", flush=True)
        self.assertEqual(problems, [])
        self.assertGreater(sum(len(m.acknowledged) for m in trial.ledger.mails.values()), rounds * 5, "too little load")

    def test_sqlite(self):
        self.trial("sqlite", ROUNDS // 2)

    def test_postgres(self):
        server, connection = cluster()
        self.addCleanup(server.stop)
        self.trial("postgres", ROUNDS - ROUNDS // 2, {"postgres": connection})


if __name__ == "__main__":
    unittest.main()
