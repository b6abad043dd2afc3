"""A tenant's own administrators: roles by the command line, sessions and tokens over HTTP, nothing of another tenant."""
import http.client
import json
import unittest

from harness import PASSWORD, PROGRAM, FumiTest
from processes import HOST, run

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"
COOKIE = "__Host-fumi"


class Roles(FumiTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.fumi.populate("other", "other.example", ("ken",))
        cls.fumi.cli("role", "grant", "owner", HANAKO, "--tenant", "acme")

    def ask(self, method, path, body=None, *, part="http", **headers):
        """(status, headers, JSON or None) of a call to the tenants' part, or to the operator's."""
        connection = http.client.HTTPConnection(HOST, self.fumi.ports[part], timeout=20)
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        if body is not None:
            fields["Content-Type"] = "application/json"
            body = json.dumps(body)
        connection.request(method, "/api/admin/v1" + path, body, fields)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(content) if content else None

    def log_in(self, address=HANAKO, password=PASSWORD):
        status, headers, answer = self.ask("POST", "/session", {"address": address, "password": password})
        self.assertEqual(status, 201, answer)
        cookie = headers["Set-Cookie"]
        for attribute in ("; Secure", "; HttpOnly", "; SameSite=Strict", "; Path=/"):
            self.assertIn(attribute, cookie)
        self.assertTrue(cookie.startswith(COOKIE + "=fumi_ses_"))
        return {"Cookie": cookie.partition(";")[0], "X-CSRF-Token": answer["csrf_token"]}

    def test_owners_are_told_by_mail(self):
        self.fumi.cli("role", "grant", "auditor", TARO, "--tenant", "acme")
        self.assertTrue(any("Change_of_roles" in subject or "=?" in subject for subject in self.fumi.subjects(HANAKO)))
        lines = self.fumi.cli("role", "list", "--tenant", "acme", "--json")[1].splitlines()
        mine = [one for one in map(json.loads, lines) if one["holder"] == TARO]
        self.assertEqual([one["role"] for one in mine], ["auditor"])
        code, output = self.fumi.cli("role", "grant", "admin", TARO, "--tenant", "acme", check=False)
        self.assertEqual(code, 1)
        self.assertIn("had better not be", output)
        self.fumi.cli("role", "revoke", mine[0]["id"], "--tenant", "acme")

    def test_the_last_owner_stays(self):
        code, output = self.fumi.cli("account", "delete", HANAKO, check=False)
        self.assertEqual(code, 1)
        self.assertIn("last owner", output)

    def test_session_from_login_to_logout(self):
        self.assertEqual(self.ask("POST", "/session", {"address": HANAKO, "password": "wrong"})[0], 401)
        session = self.log_in()
        status, _, who = self.ask("GET", "/session", **session)
        self.assertEqual((status, who["address"], who["tenant"], who["roles"]), (200, HANAKO, "acme", ["owner"]))
        status, _, page = self.ask("GET", "/tenants/acme/accounts", **session)
        self.assertEqual(status, 200)
        self.assertEqual({one["address"] for one in page["items"]}, {HANAKO, TARO})
        # Without the header the cookie reads, and changes nothing.
        bare = {"Cookie": session["Cookie"]}
        self.assertEqual(self.ask("GET", "/session", **bare)[0], 200)
        self.assertEqual(self.ask("DELETE", "/session", **bare)[0], 403)
        self.assertEqual(self.ask("DELETE", "/session", **session)[0], 204)
        self.assertEqual(self.ask("GET", "/session", **session)[0], 401)

    def test_nothing_of_the_server_or_of_another_tenant(self):
        session = self.log_in()
        for path, status in (("/tenants", 404), ("/tenants/other", 404), ("/tenants/nobody", 404), ("/tenants/acme", 200),
                             ("/accounts/ken%40other.example", 404), ("/queue?tenant=other", 404)):
            with self.subTest(path):
                self.assertEqual(self.ask("GET", path, **session)[0], status)
        member = self.log_in(TARO)
        self.assertEqual(self.ask("GET", "/tenants/acme/accounts", **member)[0], 403)
        # Each part of the API has its listener and its own callers.
        self.assertEqual(self.ask("GET", "/tenants/acme", part="operator", **session)[0], 401)
        operator = {"Authorization": "Bearer " + self.fumi.token}
        self.assertEqual(self.ask("GET", "/tenants/acme", **operator)[0], 401)
        self.assertEqual(self.ask("GET", "/tenants/acme", part="operator", **operator)[0], 200)

    def test_a_program_with_a_token(self):
        made = self.fumi.json("token", "create", "nightly", "--tenant", "acme", "--role", "admin")
        environment = {"FUMI_URL": f"http://{HOST}:{self.fumi.ports['http']}", "FUMI_TOKEN": made["token"]}
        code, output = run([PROGRAM, "account", "list", "--tenant", "acme"], environment=environment, check=False)
        self.assertEqual(code, 0, output)
        self.assertIn(TARO, output)
        code, output = run([PROGRAM, "role", "grant", "owner", TARO, "--tenant", "acme"], environment=environment, check=False)
        self.assertEqual(code, 1, output)
        self.fumi.cli("token", "revoke", made["id"], "--tenant", "acme")
        code, output = run([PROGRAM, "account", "list", "--tenant", "acme"], environment=environment, check=False)
        self.assertEqual(code, 1, output)


if __name__ == "__main__":
    unittest.main()
