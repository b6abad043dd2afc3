"""Small good and bad samples for every rule."""
import pathlib
import unittest

import coroutines
import headers
import layers
import lint
import rfc
import rfc_index
import shape
from source import SourceFile


def rules(findings):
    return [f.rule for f in findings]


def cpp(text, path="src/server/smtp/session.cpp"):
    return SourceFile(path, text)


class Source(unittest.TestCase):
    def test_blanks_comments_and_literals_but_keeps_lines(self):
        file = cpp('int a = 1\'000; // co_await\n/* x\ny */ auto s = "co_await \\" x"; char c = \'"\';\n'
                   'auto r = R"(co_await "\n)"; int end;\n#define X co_await \\\n  y\n')
        self.assertNotIn("co_await", file.code)
        self.assertEqual(file.code.count("\n"), file.text.count("\n"))
        self.assertEqual(len(file.code), len(file.text))
        self.assertIn("int end;", file.code)
        self.assertIn("1'000;", file.code)

    def test_allowance_needs_a_reason(self):
        file = cpp("// lint: bool-ok because\nx\n// lint: bool-ok\nx\n")
        self.assertEqual(file.find("bool", 0, "m", line=2), [])
        self.assertEqual(len(file.find("bool", 0, "m", line=4)), 1)
        self.assertEqual(len(file.find("rank", 0, "m", line=2)), 1)


class Awaits(unittest.TestCase):
    GOOD = [
        "co_await f();",
        "auto r = co_await f(a, b);",
        "const auto [a, b] = co_await f(x[1], g(y));",
        "co_return co_await f();",
        "x.y = co_await f();",
        "if (a) co_await f();",
        "if (a && b) { co_await f(); } else co_await g();",
        "for (;;) { Step step = engine.next(); const bool sent = co_await flush(); if (!sent) co_return; }",
        "switch (x) { case A::b: co_await f(); break; default: co_await g(); }",
        "(void)co_await f();",
        "auto t = [](int x) -> Task<int> { co_await f(x); co_return 1; };",
        "try { co_await f(); } catch (...) { }",
        "std::map<int, int> m{{1, 2}}; co_await f();",
        "std::string text = \"&& ? {\"; co_await f(text);",
    ]
    BAD = [
        "if (co_await f()) return;",
        "while (co_await f()) {}",
        "switch (co_await f()) {}",
        "if (auto r = co_await f(); r) {}",
        "auto x = a ? co_await f() : 1;",
        "auto x = a && co_await f();",
        "auto x = co_await f() || b;",
        "g(co_await f());",
        "auto x = !co_await f();",
        "auto x = co_await f() + co_await g();",
        "Thing t{co_await f()};",
        "co_await f(Thing{1, 2});",
        "co_await f({1, 2});",
        "auto r = co_await store.write(scope, [&](Tx& tx) { return tx.a(); });",
        "return x == co_await f();",
    ]

    def test_good(self):
        for body in self.GOOD:
            with self.subTest(body):
                self.assertEqual(coroutines.check(cpp(f"Task<void> S::run() {{ {body} }}")), [])

    def test_bad(self):
        for body in self.BAD:
            with self.subTest(body):
                self.assertIn("await", rules(coroutines.check(cpp(f"Task<void> S::run() {{ {body} }}"))))


class Lambdas(unittest.TestCase):
    def test_capturing_coroutine_is_refused(self):
        for text in ["auto t = [this] { co_return; };",
                     "spawn(\"x\", [&, a = 1](int x) mutable -> Task<void> { co_await f(x); });"]:
            with self.subTest(text):
                self.assertIn("lambda", rules(coroutines.check(cpp(f"void f() {{ {text} }}"))))

    def test_others_are_not(self):
        for text in ["auto t = [this] { return 1; };", "auto t = []() -> Task<void> { co_return; };",
                     "a[i] = 1; co_await f();", "[[nodiscard]] int x; { co_await f(); }",
                     "auto t = [&] { auto inner = []() -> Task<void> { co_return; }; return inner; };"]:
            with self.subTest(text):
                self.assertNotIn("lambda", rules(coroutines.check(cpp(f"Task<void> f() {{ {text} }}"))))


class Locks(unittest.TestCase):
    def test_lock_across_await(self):
        bad = "Task<void> f() { std::scoped_lock lock(m); x(); co_await g(); }"
        self.assertEqual(rules(coroutines.check(cpp(bad))), ["lock"])
        for good in ["Task<void> f() { { std::lock_guard<std::mutex> lock(m); x(); } co_await g(); }",
                     "Task<void> f() { std::unique_lock lock(m); lock.unlock(); co_await g(); }"]:
            self.assertEqual(coroutines.check(cpp(good)), [])


class Detached(unittest.TestCase):
    def test_outside_net_only(self):
        for text in ["boost::asio::co_spawn(ex, f(), tok);", "co_spawn(ex, f(), tok);", "t.detach();",
                     "f(asio::detached);"]:
            with self.subTest(text):
                self.assertIn("detached", rules(coroutines.check(cpp(text))))
                self.assertEqual(coroutines.check(cpp(text, "src/net/scope.cpp")), [])


class Roots(unittest.TestCase):
    def test_spawned_coroutines_own_their_arguments(self):
        caller = cpp('void f() { scope.spawn("s", session.serve(a, b)); scope.spawn("x", work(c)); }')
        names = coroutines.spawned_names(caller)
        self.assertEqual(names, {"serve", "work"})
        bad = cpp("Task<void> serve(std::string_view a, int b);\nTask<int> work(const std::string& c);\n", "src/server/a.h")
        self.assertEqual(rules(coroutines.check(bad, names)), ["root-args", "root-args"])
        good = cpp("Task<void> serve(std::string a, net::Stream& b);\nTask<int> other(const std::string& c);\n",
                   "src/server/a.h")
        self.assertEqual(coroutines.check(good, names), [])


class Layers(unittest.TestCase):
    CASES = [
        ("src/base/a.h", '"codec/b.h"', "rank"),
        ("src/codec/a.h", '"base/b.h"', None),
        ("src/codec/a.h", '"config/b.h"', "rank"),
        ("src/mime/a.cpp", '"crypto/b.h"', None),
        ("src/proto/smtp/a.cpp", '"proto/line/b.h"', None),
        ("src/proto/smtp/a.cpp", '"proto/imap/b.h"', "rank"),
        ("src/proto/smtp/a.cpp", '"domain/b.h"', "rank"),
        ("src/domain/ports/a.h", '"domain/b.h"', None),
        ("src/domain/a.h", '"store/sql/b.h"', "rank"),
        ("src/service/intake/a.cpp", '"service/spool/b.h"', None),
        ("src/service/intake/a.cpp", '"store/sql/b.h"', "rank"),
        ("src/service/intake/a_test.cpp", '"store/sql/b.h"', None),
        ("src/service/intake/a_test.cpp", '"app/b.h"', "rank"),
        ("src/store/sqlite/a.cpp", '"store/sql/b.h"', None),
        ("src/store/sqlite/a.cpp", '"service/intake/b.h"', "rank"),
        ("src/net/a.h", '"domain/b.h"', "rank"),
        ("src/server/smtp/a.cpp", '"net/b.h"', None),
        ("src/server/smtp/a.cpp", '"store/sql/b.h"', "rank"),
        ("src/app/a.cpp", '"store/sqlite/b.h"', None),
        ("src/mail/a.h", '"base/b.h"', "rank"),
        ("src/server/smtp/a.cpp", '"session.h"', "rank"),
        ("src/server/smtp/a.cpp", '"net/detail/b.h"', "detail"),
        ("src/net/a.cpp", '"net/detail/b.h"', None),
        ("src/net/a.h", "<boost/asio/post.hpp>", None),
        ("src/base/task.h", "<boost/asio/awaitable.hpp>", None),
        ("src/base/log.h", "<boost/asio/post.hpp>", "third-party"),
        ("src/server/smtp/a.h", "<boost/asio/post.hpp>", "third-party"),
        ("src/server/smtp/a.cpp", "<boost/asio/post.hpp>", None),
        ("src/proto/smtp/a.cpp", "<boost/asio/post.hpp>", "third-party"),
        ("src/crypto/a.h", "<openssl/evp.h>", "third-party"),
        ("src/crypto/a.cpp", "<openssl/evp.h>", None),
        ("src/service/spool/a.cpp", "<openssl/evp.h>", "third-party"),
        ("src/store/sqlite/a.cpp", "<sqlite3.h>", None),
        ("src/service/spool/a.cpp", "<sqlite3.h>", "third-party"),
        ("src/base/a.h", "<iostream>", "third-party"),
        ("src/base/a.cpp", "<regex>", None),
        ("src/base/a.h", "<string>", None),
        ("src/base/a.h", "<spdlog/spdlog.h>", "third-party"),
        ("src/net/detail/a.h", "<openssl/ssl.h>", None),
        ("src/service/spool/detail/a.h", "<openssl/ssl.h>", "third-party"),
        ("src/store/sql/detail/a.h", "<boost/asio/post.hpp>", None),
        ("src/proto/smtp/detail/a.h", "<boost/asio/post.hpp>", "third-party"),
        ("src/proto/sasl/a.cpp", "<openssl/hmac.h>", None),
        ("src/proto/smtp/a.cpp", "<openssl/hmac.h>", "third-party"),
        ("src/net/a.h", "<sys/socket.h>", None),
        ("src/mime/a.h", "<sys/socket.h>", "third-party"),
    ]

    def test_table(self):
        for path, include, rule in self.CASES:
            with self.subTest(path=path, include=include):
                self.assertEqual(rules(layers.check(SourceFile(path, f"#include {include}\n"))), [rule] if rule else [])

    def test_services_must_not_include_in_a_circle(self):
        a = SourceFile("src/service/a/a.h", '#include "service/b/b.h"\n')
        b = SourceFile("src/service/b/b.h", '#include "service/c/c.h"\n')
        c = SourceFile("src/service/c/c.h", '#include "service/a/a.h"\n')
        self.assertEqual(set(rules(layers.check_cycles([a, b, c]))), {"cycle"})
        self.assertEqual(layers.check_cycles([a, b]), [])


class Shape(unittest.TestCase):
    def header(self, text):
        return rules(shape.check(SourceFile("src/base/a.h", "#pragma once\n" + text)))

    def test_bools(self):
        for bad in ["void f(bool on);", "int f(int a, const bool on = true);", "explicit S(bool on);",
                    "void f(std::vector<int> v, bool on);"]:
            with self.subTest(bad):
                self.assertEqual(self.header(bad), ["bool"])
        for good in ["bool f();", "bool on = false;", "void f(int a); bool g();", "std::function<void(bool)> f;",
                     "template <class T, bool kX> void f();", "void f(bool on);  // lint: bool-ok it is std's",
                     "struct S { int a; bool b; };", "inline int f(int x) { return int(bool(x)); }"]:
            with self.subTest(good):
                self.assertEqual(self.header(good), [])

    def test_header_rules(self):
        self.assertEqual(rules(shape.check(SourceFile("src/base/a.h", "int x;\n"))), ["pragma"])
        self.assertEqual(self.header("using namespace std;"), ["using"])
        self.assertEqual(self.header("int x;\n" * 149), [])
        self.assertEqual(self.header("int x;\n" * 150), ["header-length"])
        long = SourceFile("src/base/a.h", "#pragma once\n" + "int x;\n" * 150)
        self.assertEqual(shape.check(long, {"src/base/a.h"}), [])

    def test_lengths_warn(self):
        found = shape.check(cpp("int x;\n" * 601))
        self.assertEqual([(f.rule, f.severity) for f in found], [("file-length", "warning")])
        body = "  x();\n" * 70
        text = "namespace a {\nclass B : C {\n  D() : e_{1} {\n" + body + "  }\n};\nint f() { if (a) { b(); } }\n}\n"
        self.assertEqual(rules(shape.check(cpp(text))), ["function-length"])
        self.assertEqual(shape.check(cpp("const T kTable{\n" + "  {1},\n" * 90 + "};\n")), [])


class Rfc(unittest.TestCase):
    INDEX = rfc.load_index("# x\n5321\t4.1.1\tCommands\n5321\t4.5\tMore\n5322\tA.1\tExamples\n7208\t*\tSPF\n")

    def check(self, text):
        return [f.message for f in rfc.check(SourceFile("src/a.h", text), self.INDEX)]

    def test_citations(self):
        for good in ["RFC 5321 §4.1.1.", "RFC 5321 §4.1.1, §4.5 and RFC 7208 §99", "RFC 5322 appendix A.1", "RFC 5321",
                     "RFC 5321 §4.1.1-4.5", "message/rfc822", "TODO(rfc 5321 §4.5): x"]:
            with self.subTest(good):
                self.assertEqual(self.check("// " + good), [])
        for bad in ["RFC 5321 §4.9", "RFC 5321 §4.5, §9", "RFC 9999", "RFC 5322 appendix B", "TODO(rfc 5321 §9)",
                    "RFC 5321 §4.1.1-4.6"]:
            with self.subTest(bad):
                self.assertEqual(len(self.check("// " + bad)), 1)

    def test_sections_are_read_from_texts(self):
        text = ("1.  Introduction ........ 3\n   2.1.  Terms . . . . . 4\n\n3.  The Model\n\n   1. a list item\n"
                "   Appendix A.  Grammar ..... 9\nAppendix B. Notes\n3.2.1.  Deep\n")
        found = rfc_index.sections_of(text)
        self.assertEqual(found["1"], "Introduction")
        self.assertEqual(found["2.1"], "Terms")
        self.assertEqual(set(found), {"1", "2", "2.1", "3", "3.1", "3.2", "3.2.1", "A", "B"})


class Tree(unittest.TestCase):
    def test_places_of_one_machine(self):
        for bad in ["/work" + "/wt/x", "see /tmp" + "/brief/b", "https://registry." + "npmjs.org/x"]:
            self.assertEqual(rules(lint.check_local("a.md", "\n" + bad)), ["local"])
        self.assertEqual(lint.check_local("a.md", "/var/lib/fumi, my/work" + "/main"), [])

    def test_allow_file_needs_reasons(self):
        self.assertEqual(lint.load_allowances("# c\nheader-length src/a.h it is a table\n"), {"header-length": {"src/a.h"}})
        with self.assertRaises(SystemExit):
            lint.load_allowances("header-length src/a.h\n")

    def test_header_hash_follows_includes(self):
        def digest(inner):
            files = {"src/a/a.h": SourceFile("src/a/a.h", '#include "b/b.h"\n'), "src/b/b.h": SourceFile("src/b/b.h", inner)}
            return headers.closure_hash("src/a/a.h", files, {})
        self.assertEqual(digest("int x;"), digest("int x;"))
        self.assertNotEqual(digest("int x;"), digest("int y;"))


if __name__ == "__main__":
    unittest.main()
