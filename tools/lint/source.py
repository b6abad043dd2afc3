"""A source file as the rules see it: raw text, and text with comments and literals blanked out."""
import bisect
import dataclasses
import re

_TOKEN = re.compile(
    r"//[^\n]*(?:\\\n[^\n]*)*"                      # line comment
    r"|/\*.*?\*/"                                   # block comment
    r'|(?:u8|[uUL])?R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'
    r'|(?:u8|[uUL])?"(?:\\.|[^"\\\n])*"'
    r"|\.?\d(?:'?[\w.])*"                           # numbers first: 1'000 is no character literal
    r"|'(?:\\.|[^'\\\n])+'",
    re.DOTALL)
_DIRECTIVE = re.compile(r"^[ \t]*#[^\n]*(?:\\\n[^\n]*)*", re.MULTILINE)
_INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]', re.MULTILINE)
_ALLOWANCE = re.compile(r"//\s*lint:\s*([\w-]+)-ok\b[ \t]*([^\n]*)")
_NOT_NEWLINE = re.compile(r"[^\n]")


def blank(text):
    return _NOT_NEWLINE.sub(" ", text)


def _replace(match):
    token = match.group(0)
    if token[0] in "0123456789.":
        return token
    if token[0] == "/":
        return blank(token)
    # Quotes stay, so that a literal is still seen as an operand.
    opening = token.index('"') if '"' in token else token.index("'")
    return token[:opening + 1] + blank(token[opening + 1:-1]) + token[-1]


@dataclasses.dataclass(frozen=True, order=True)
class Finding:
    path: str
    line: int
    rule: str
    message: str
    severity: str = "error"

    def __str__(self):
        return f"{self.path}:{self.line}: {self.severity}: {self.message} [{self.rule}]"


class SourceFile:
    """`path` is relative to the tree's root, with slashes."""

    def __init__(self, path, text):
        self.path = path
        self.text = text
        self.code = _DIRECTIVE.sub(lambda m: blank(m.group(0)), _TOKEN.sub(_replace, text))
        self._starts = [0] + [m.end() for m in re.finditer("\n", text)]
        self.lines = len(self._starts) - (1 if text.endswith("\n") else 0)
        self.allowed = {}
        for match in _ALLOWANCE.finditer(text):
            if match.group(2).strip():
                self.allowed.setdefault(match.group(1), set()).add(self.line_of(match.start()))

    def line_of(self, offset):
        return bisect.bisect_right(self._starts, offset)

    @property
    def is_header(self):
        return self.path.endswith(".h")

    @property
    def is_test(self):
        # Beside *_test.cpp: what tests share, in a testing/ folder, a *_for_test.h, or a conformance suite.
        return (self.path.endswith(("_test.cpp", "_fuzz.cpp", "_bench.cpp", "_for_test.h", "/testing.h", "/conformance.h"))
                or "/testing/" in self.path or self.path.startswith(("tests/", "bench/")))

    def includes(self):
        """(line, "<" or '"', name) of each include."""
        return [(self.line_of(m.start()), m.group(1), m.group(2)) for m in _INCLUDE.finditer(self.text)]

    def find(self, rule, offset_or_line, message, severity="error", *, line=None):
        """A list with the finding, or an empty one where `// lint: RULE-ok why` stands on its line or the one above."""
        at = line if line is not None else self.line_of(offset_or_line)
        if self.allowed.get(rule, set()) & {at, at - 1}:
            return []
        return [Finding(self.path, at, rule, message, severity)]


def match_forward(code, opening):
    """Offset of the bracket that closes the one at `opening`, or the end of the text."""
    pairs = {"(": ")", "[": "]", "{": "}"}
    depth = 0
    for at in range(opening, len(code)):
        c = code[at]
        if c in pairs:
            depth += 1
        elif c in ")]}":
            depth -= 1
            if depth == 0:
                return at
    return len(code)


def match_backward(code, closing):
    """Offset of the bracket that opens the one closed at `closing`, or -1."""
    depth = 0
    for at in range(closing, -1, -1):
        c = code[at]
        if c in ")]}":
            depth += 1
        elif c in "([{":
            depth -= 1
            if depth == 0:
                return at
    return -1
