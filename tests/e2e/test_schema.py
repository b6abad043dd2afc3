"""The admin API by its own document: schemathesis makes requests from it; no answer is a 5xx or off its schema."""
import pathlib
import re
import unittest

from harness import FumiTest
from processes import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build/schemathesis/bin/schemathesis"
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"


@unittest.skipUnless(PROGRAM.exists(), "schemathesis is not installed: ./dev setup")
class Schema(FumiTest):
    # What a client alone would never wait for: following the log.
    def test_operators_part(self):
        code, output = run([PROGRAM, "run", f"{self.fumi.operator_url}/api/admin/v1/openapi.json",
                            "--experimental=openapi-3.1", "--header", f"Authorization: Bearer {self.fumi.token}",
                            "--checks", CHECKS, "--data-generation-method", "all", "--hypothesis-max-examples", "15",
                            "--hypothesis-seed", "1", "--hypothesis-suppress-health-check", "all", "--request-timeout",
                            "90000", "--validate-schema", "true",
                            # A stream of mail, which it can't write; mail_stream_fuzz.cpp tries that.
                            "--exclude-path-regex", "/imports/[^/]+/mail$"], check=False, seconds=900,
                           environment={"NO_COLOR": "1", "PYTHONUTF8": "1"})
        tested = re.search(r"Tested .* operations|\d+ passed|Performed checks", output)
        self.assertEqual(code, 0, output[-6000:])
        self.assertTrue(tested, output[-3000:])


if __name__ == "__main__":
    unittest.main()
