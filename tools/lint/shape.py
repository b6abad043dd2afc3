"""The shape of files: lengths, #pragma once, using namespace, bool parameters."""
import re

from source import match_backward

HEADER_LINES_MAX = 150
FILE_LINES_MAX = 600
FUNCTION_LINES_MAX = 70

_BOOL = re.compile(r"\bbool\b")
_USING = re.compile(r"\busing\s+namespace\b")
_CONTAINER = re.compile(r"^\s*(?:inline\s+|export\s+|typedef\s+|template\s*<[^{}]*>\s*)*"
                        r"(namespace|class|struct|union|enum|extern)\b", re.DOTALL)
_NOT_FUNCTIONS = {"if", "while", "for", "switch", "return", "sizeof", "decltype", "alignas", "explicit", "noexcept",
                  "requires", "void", "bool", "int", "auto", "static_assert", "catch", "defined"}


def check(file, allowed_lengths=frozenset()):
    findings = []
    if file.is_header:
        findings += _check_header(file, allowed_lengths)
        findings += _check_bools(file)
    if file.lines > FILE_LINES_MAX:
        findings += file.find("file-length", 0, f"{file.lines} lines; over {FILE_LINES_MAX} needs a reason", "warning",
                              line=1)
    if not file.is_test:
        findings += _check_functions(file)
    return findings


def _check_header(file, allowed_lengths):
    findings = []
    is_precompiled = file.path.startswith("cmake/")
    if "#pragma once" not in file.text and not is_precompiled:
        findings += file.find("pragma", 0, "#pragma once is missing", line=1)
    for match in _USING.finditer(file.code):
        findings += file.find("using", match.start(), "using namespace in a header")
    if file.lines > HEADER_LINES_MAX and file.path not in allowed_lengths and file.path.startswith("src/") and not file.is_test:
        findings += file.find("header-length", 0,
                              f"{file.lines} lines; a contract has at most {HEADER_LINES_MAX} (exceptions: tools/lint/allow.txt)",
                              line=1)
    return findings


def _opening_paren(code, at):
    """Offset of the "(" of the parameter list that `at` stands in, or -1."""
    i = at - 1
    angles = 0
    while i >= 0:
        c = code[i]
        if c in ")]}":
            i = match_backward(code, i)
        elif c == ">":
            angles += 0 if code[i - 1] in "-=" else 1
        elif c == "<":
            if angles == 0:
                return -1
            angles -= 1
        elif c == "(":
            return i
        elif c in ";{}[":
            return -1
        i -= 1
    return -1


def _check_bools(file):
    code, findings = file.code, []
    for match in _BOOL.finditer(code):
        before = re.sub(r"\bconst\s*$", "", code[:match.start()][-120:].rstrip()).rstrip()
        if not before.endswith(("(", ",")):
            continue
        opening = _opening_paren(code, match.start())
        name = re.search(r"(\w+)\s*$", code[max(0, opening - 80):opening]) if opening > 0 else None
        if name and name.group(1) not in _NOT_FUNCTIONS:
            findings += file.find("bool", match.start(),
                                  f"{name.group(1)} takes a bool: use an enum with two values (// lint: bool-ok why)")
    return findings


def functions(code):
    """(begin, end) offsets of each function body that stands in a namespace or class."""
    stack, head_start = [], 0
    for i, c in enumerate(code):
        if c == ";":
            head_start = i + 1
        elif c == "{":
            head = code[head_start:i]
            outer = stack[-1][0] if stack else "container"
            if i and (code[i - 1].isalnum() or code[i - 1] in "_>"):
                kind = "value"  # clang-format puts a space before the brace of a body, none in member_{1}
            elif outer != "container":
                kind = "block"
            elif _CONTAINER.match(head) and not re.search(r"\)\s*(const|noexcept|override|final|\s)*$", head):
                kind = "container"
            else:
                kind = "function" if "(" in head else "block"
            stack.append((kind, i))
            if kind != "value":
                head_start = i + 1
        elif c == "}":
            kind, begin = stack.pop() if stack else ("block", i)
            if kind != "value":
                head_start = i + 1
            if kind == "function":
                yield begin, i


def _check_functions(file):
    findings = []
    for begin, end in functions(file.code):
        lines = file.line_of(end) - file.line_of(begin) + 1
        if lines > FUNCTION_LINES_MAX:
            findings += file.find("function-length", begin,
                                  f"function of {lines} lines; over {FUNCTION_LINES_MAX} needs a reason", "warning")
    return findings
