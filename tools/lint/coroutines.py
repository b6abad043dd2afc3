"""The coroutine rules (STYLE: coroutines 1-4, 6, 8), as far as tokens show them."""
import re

from source import match_backward, match_forward

_AWAIT = re.compile(r"\bco_await\b")
_CO = re.compile(r"\bco_(await|return|yield)\b")
_BLOCK_HEAD = re.compile(r"(^|[;{}:)]|\b(else|do|try|mutable|noexcept|const|override|final)|->[\w:<>,\s*&]+)\s*$")
_CONTROL = re.compile(r"\s*(?:else\b|do\b|(?:case\b[^;{}?]*?|default\s*|\w+\s*)(?<!:):(?!:)|(if|while|for|switch)\b\s*(?:constexpr\s*)?)")
_PREFIX_OK = re.compile(r"^\s*$|^\s*co_return\s*$|^\s*\(\s*void\s*\)\s*$|(?<![=!<>])=\s*$")
_LAMBDA = re.compile(r"\[([^\[\]{};]*)\]\s*(?:<[^{};]*?>\s*)?(?=[({]|mutable|noexcept|->)")
_SPAWN = re.compile(r"\bspawn\s*\(")
_SPAWNED_CALL = re.compile(r"(?:^|[\s.>:(&*])([a-z_]\w*)\s*\(")
_DETACHED = re.compile(r"\b(?:boost::)?(?:asio::)?\bco_spawn\b|\basio::detached\b|\buse_detached\b|\.\s*detach\s*\(\s*\)")
_LOCK = re.compile(r"\b(?:std::)?(lock_guard|unique_lock|scoped_lock|shared_lock)\b\s*(?:<[^;{}]*?>)?\s+(\w+)\s*[({]")
_BORROWED = re.compile(r"\b(string_view|span)\b|\bconst\b[^,]*&(?!&)")


def check(file, spawned=frozenset()):
    findings = []
    if "co_" in file.code:
        findings += _check_awaits(file)
        findings += _check_lambdas(file)
        findings += _check_locks(file)
    findings += _check_detached(file)
    if spawned:
        findings += _check_roots(file, spawned)
    return findings


def statement_of(code, at):
    """(start, where): the start of the statement that holds `at`, and why the await stands wrongly, or None."""
    i = at - 1
    while i >= 0:
        c = code[i]
        if c in ")]":
            i = match_backward(code, i) - 1
            continue
        if c in "([":
            before = re.search(r"(\w+)\s*$", code[:i][-80:])
            word = before.group(1) if before else ""
            place = f"inside {word} (...)" if word in ("if", "while", "switch", "for") else "inside an argument list"
            return i, place
        if c in ";}":
            return i + 1, None
        if c == "{":
            if _BLOCK_HEAD.search(code[max(0, i - 300):i]):
                return i + 1, None
            return i, "inside braces"
        if c == "?":
            return i, "in a conditional expression"
        if code.startswith(("&&", "||"), i) and i < at:
            return i, "beside && or ||"
        i -= 1
    return 0, None


def _strip_control(prefix):
    while True:
        match = _CONTROL.match(prefix)
        if not match:
            return prefix
        end = match.end()
        if match.group(1):
            if end >= len(prefix) or prefix[end] != "(":
                return prefix
            end = match_forward(prefix, end) + 1
        prefix = prefix[end:]


def _check_awaits(file):
    code, findings, last_end = file.code, [], -1
    for match in _AWAIT.finditer(code):
        at = match.start()
        start, wrong = statement_of(code, at)
        if wrong:
            findings += file.find("await", at, f"co_await {wrong}: name its result in a statement of its own")
            continue
        if at < last_end:
            findings += file.find("await", at, "two co_await in one statement")
            continue
        if not _PREFIX_OK.search(_strip_control(code[start:at])):
            findings += file.find("await", at, "co_await inside an expression: name its result first")
        last_end, problem = _scan_tail(code, match.end())
        if problem:
            findings += file.find("await", at, problem)
    return findings


def _scan_tail(code, i):
    """Reads on to the statement's end; returns it and what is wrong on the way."""
    depth, problem = 0, None
    while i < len(code):
        c = code[i]
        if c in "([":
            depth += 1
        elif c in ")]":
            depth -= 1
            if depth < 0:
                return i, problem
        elif c == "{":
            problem = problem or "braces (aggregate or lambda) in a statement that awaits: name the value, then move it"
            i = match_forward(code, i)
        elif c == ";" and depth == 0:
            return i, problem
        elif depth == 0 and (c == "?" or code.startswith(("&&", "||"), i)):
            problem = problem or "co_await beside &&, || or ?: name its result first"
        i += 1
    return i, problem


def lambdas(code):
    """(offset, captures, body_begin, body_end) of each lambda."""
    for match in _LAMBDA.finditer(code):
        before = code[:match.start()].rstrip()
        previous = re.search(r"(\w+)$", before)
        if before.endswith((")", "]", "[", "operator")) or (previous and previous.group(1) not in (
                "return", "co_return", "co_await", "co_yield", "case", "else", "and", "or", "not")):
            continue
        i = match.end()
        while i < len(code) and code[i] not in "{;":
            if code[i] in "([":
                i = match_forward(code, i)
            elif code[i] in ")],":
                break
            i += 1
        if i < len(code) and code[i] == "{":
            yield match.start(), match.group(1).strip(), i, match_forward(code, i)


def _check_lambdas(file):
    code, findings = file.code, []
    found = list(lambdas(code))
    for offset, captures, begin, end in found:
        if not captures:
            continue
        body = code[begin:end]
        for _, _, inner_begin, inner_end in found:
            if begin < inner_begin and inner_end <= end:
                body = body[:inner_begin - begin] + " " * (inner_end - inner_begin) + body[inner_end - begin:]
        if _CO.search(body):
            findings += file.find("lambda", offset, "a lambda with captures must not be a coroutine: use a named function")
    return findings


def _check_locks(file):
    code, findings = file.code, []
    for match in _LOCK.finditer(code):
        depth, i = 0, match.end() - 1
        unlock = re.compile(r"\b" + re.escape(match.group(2)) + r"\s*\.\s*unlock\b")
        while i < len(code):
            if code[i] == "{":
                depth += 1
            elif code[i] == "}":
                depth -= 1
                if depth < 0:
                    break
            i += 1
        block = code[match.end():i]
        for await_match in _AWAIT.finditer(block):
            if not unlock.search(block[:await_match.start()]):
                findings += file.find("lock", match.end() + await_match.start(),
                                      f"co_await while {match.group(1)} {match.group(2)} is held")
                break
    return findings


def _check_detached(file):
    if file.path.startswith("src/net/") or not file.path.startswith("src/") or file.is_test:
        return []
    findings = []
    for match in _DETACHED.finditer(file.code):
        findings += file.find("detached", match.start(),
                              f"{match.group(0).strip()}: outside net/ use TaskScope::spawn, which is stopped and joined")
    return findings


def spawned_names(file):
    """Names of the coroutines that this file gives to TaskScope::spawn."""
    names = set()
    for match in _SPAWN.finditer(file.code):
        arguments = file.code[match.end():match_forward(file.code, match.end() - 1)]
        comma = arguments.find(",")
        call = _SPAWNED_CALL.search(arguments[comma + 1:]) if comma >= 0 else None
        if call and call.group(1) not in ("move", "forward"):
            names.add(call.group(1))
    return names


def _check_roots(file, spawned):
    findings = []
    pattern = re.compile(r"\bTask\s*<[^;{}()]*>\s+(?:\w+::)*(" + "|".join(sorted(spawned)) + r")\s*\(")
    for match in pattern.finditer(file.code):
        parameters = file.code[match.end():match_forward(file.code, match.end() - 1)]
        borrowed = _BORROWED.search(parameters)
        if borrowed:
            findings += file.find("root-args", match.start(1),
                                  f"{match.group(1)} is spawned: its parameters must own what they need ({borrowed.group(0).strip()})")
    return findings
