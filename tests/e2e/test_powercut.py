"""Power cuts: fumi-powercut runs on a disk that forgets what was not synced; each kill is a power cut.

Every second cut is a torn one: each unsynced sector survives or not. FUMI_POWERCUT_ROUNDS (20).
"""
import os
import signal
import time
import unittest

from durability import Trial
from harness import BUILD, require_fumi

ROUNDS = max(2, int(os.environ.get("FUMI_POWERCUT_ROUNDS", "24")))
SEED = int(os.environ.get("FUMI_CRASH_SEED", time.time_ns() % 1_000_000))
PROGRAM = BUILD / "fumi-powercut"


def cut(fumi):
    fumi.crash()


def torn_cut(fumi):
    os.kill(fumi.process.pid, signal.SIGUSR1)


class PowerCut(unittest.TestCase):
    def setUp(self):
        require_fumi()
        self.assertTrue(PROGRAM.exists(), f"{PROGRAM} is not built")

    def trial(self, seed):
        print(f"FUMI_CRASH_SEED={seed}", flush=True)
        trial = Trial(None, seed, program=PROGRAM)
        self.addCleanup(trial.close)
        return trial

    def test_nothing_is_lost(self):
        trial = self.trial(SEED)
        for number in range(1, ROUNDS + 1):
            trial.fumi.environment["FUMI_POWERCUT_SEED"] = str(SEED + number)
            trial.round(torn_cut if number % 2 else cut)
            if number % 5 == 0:
                self.assertEqual(trial.audit_mailboxes()[0], [], f"after {number} power cuts")
        problems = trial.audit()
        print(f"power cuts: {trial.summary()}", flush=True)
        self.assertEqual(problems, [])
        self.assertGreater(sum(len(m.acknowledged) for m in trial.ledger.mails.values()), ROUNDS * 5, "too little load")

    def test_the_test_sees_a_loss(self):
        """The same on a disk that lies about syncs: if this finds nothing, the test above proves nothing."""
        trial = self.trial(SEED + 1)
        trial.fumi.environment["FUMI_POWERCUT_SYNC"] = "ignored"
        trial.run_loop(trial.fumi.restart)
        trial.round(cut, seconds=5)  # long enough for acknowledgements on a busy machine
        trial.fumi.environment.clear()
        trial.run_loop(trial.fumi.restart)
        lost = [p for p in trial.audit_mailboxes()[0] if "(acknowledged) is not in the mailbox" in p]
        acknowledged = sum(len(m.acknowledged) for m in trial.ledger.mails.values())
        print(f"a disk that lies: {acknowledged} acknowledged, {len(lost)} copies lost, as they should be", flush=True)
        self.assertGreater(len(lost), 0)


if __name__ == "__main__":
    unittest.main()
