import contextlib
import io
import pathlib
import tempfile
import unittest

import summary

JUNIT = """<testsuite>
<testcase name="unit/a" status="run"><system-out>[doctest] test cases:  12 |  12 passed | 0 failed | 0 skipped
</system-out></testcase>
<testcase name="unit/b" status="fail"><failure/><system-out>[doctest] test cases: 5 | 3 passed | 2 failed | 0 skipped</system-out></testcase>
<testcase name="unit/crash" status="fail"><failure/><system-out>boom</system-out></testcase>
<testcase name="unit/leak" status="fail"><failure/><system-out>[doctest] test cases: 4 | 4 passed | 0 failed | 0 skipped
LeakSanitizer</system-out></testcase>
<testcase name="replay/x" status="run"><system-out>3 inputs replayed</system-out></testcase>
<testcase name="unit/absent" status="notrun"><skipped message="Unable to find executable"/></testcase>
<testcase name="unit/pg" status="notrun"><skipped message="SKIP_RETURN_CODE=77"/></testcase>
</testsuite>"""


class Summary(unittest.TestCase):
    def run_on(self, files):
        with tempfile.TemporaryDirectory() as folder:
            for name, text in files.items():
                (pathlib.Path(folder) / name).write_text(text)
            out = io.StringIO()
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
                code = summary.main(folder)
            return code, out.getvalue().splitlines()[-1]

    def test_adds_up_doctest_cases_and_json(self):
        code, line = self.run_on({
            "ctest.xml": JUNIT,
            "lint.json": '{"name": "lint", "passed": 9, "failed": 0, "skipped": 2}',
        })
        self.assertEqual(line, "29 passed, 5 failed, 3 skipped")
        self.assertEqual(code, 1)

    def test_all_passed(self):
        code, line = self.run_on({"a.json": '{"name": "a", "passed": 2, "failed": 0, "skipped": 0}'})
        self.assertEqual((code, line), (0, "2 passed, 0 failed"))

    def test_nothing_ran_is_a_failure(self):
        self.assertEqual(self.run_on({}), (1, "0 passed, 0 failed"))

    def test_unreadable_counts_are_a_failure(self):
        self.assertEqual(self.run_on({"a.json": "{"}), (1, "0 passed, 1 failed"))
        self.assertEqual(self.run_on({"ctest.xml": "<testsuite>"})[0], 1)


if __name__ == "__main__":
    unittest.main()
