"""Who may include whom: the table of the house (docs/architecture.md), and third-party headers."""
import re

_GROUPS = ("proto", "service", "store", "server", "api")
_LOW = {"base", "codec", "crypto", "config", "obs"}
_ABOVE_STORE = _LOW | {"mime", "mailauth", "proto", "domain", "service", "net"}

# Folder, or group of folders -> what it may include. A module may always include itself.
MAY_USE = {
    "base": set(),
    "codec": {"base"},
    "crypto": {"base", "codec"},
    "config": {"base", "codec"},
    "obs": {"base", "codec"},
    "mime": {"base", "codec", "crypto"},
    "mailauth": {"base", "codec", "crypto"},
    "proto": {"base", "codec", "mime", "proto/line", "proto/sasl"},
    "domain": {"base", "mime"},
    "service": _LOW | {"mime", "mailauth", "domain", "service"},
    "store": _LOW | {"domain", "store"},
    # Runs hostile files' readers: an adapter of a port, beside the stores.
    "extract": _LOW | {"domain"},
    "net": {"base", "config", "obs"},
    "server": _ABOVE_STORE | {"server"},
    # APIs are routes and handlers: they see the HTTP server's router, and no other server.
    "api": _ABOVE_STORE | {"api", "server/http"},
    "app": _ABOVE_STORE | {"store", "extract", "server", "api"},
}

# Where Asio may be seen at all, beyond base/task.h.
_ASIO_FOLDERS = {"net", "store", "server", "api", "app"}
_ASIO_HEADERS = re.compile(r"src/(net/.*|base/task)\.h$")

# Third-party headers that only their adapter may include.
_ADAPTERS = [
    (re.compile(r"sqlite3\.h$"), {"store"}),
    (re.compile(r"(postgresql/)?libpq"), {"store"}),
    (re.compile(r"spdlog/|fmt/"), {"base"}),
    (re.compile(r"toml\+\+/"), {"config"}),
    (re.compile(r"CLI/"), {"app"}),
    (re.compile(r"prometheus/"), {"obs"}),
    (re.compile(r"unbound\.h$"), {"net"}),
    (re.compile(r"zlib\.h$"), {"net"}),
    (re.compile(r"unicode/"), {"codec"}),
    (re.compile(r"argon2\.h$"), {"crypto"}),
    (re.compile(r"openssl/"), {"crypto", "net", "mailauth", "proto/sasl"}),
    (re.compile(r"boost/beast/"), {"proto", "net", "server"}),
    (re.compile(r"systemd/"), {"app", "net"}),
    (re.compile(r"(expat|seccomp)\.h$"), {"extract"}),
    (re.compile(r"^zip\.h$"), {"app", "extract"}),
]
_SLOW_STD = {"iostream", "regex", "ranges"}
# C headers that net's contracts need for socket types.
_POSIX_IN_NET = {"sys/types.h", "sys/socket.h", "netinet/in.h"}


def module_of(path):
    """"src/proto/smtp/server.h" -> "proto/smtp"; None outside src and for files beside the modules."""
    parts = path.split("/")
    if len(parts) < 3 or parts[0] != "src":
        return None
    if parts[1] in _GROUPS and len(parts) > 3:
        return f"{parts[1]}/{parts[2]}"
    return parts[1]


def group_of(module):
    return module.split("/")[0]


def may_include(module, other):
    if module == other:
        return True
    allowed = MAY_USE.get(group_of(module))
    if allowed is None:
        return False
    return other in allowed or group_of(other) in allowed


def check(file):
    module = module_of(file.path)
    if module is None:
        return []
    findings = []
    if group_of(module) not in MAY_USE:
        return file.find("rank", 0, f"src/{module} is not a folder of the house", line=1)
    for line, kind, name in file.includes():
        if kind == '"':
            findings += _check_own(file, module, line, name)
        else:
            findings += _check_foreign(file, module, line, name)
    return findings


def _check_own(file, module, line, name):
    if "/" not in name:
        return file.find("rank", 0, f'"{name}": include by the path from src/', line=line)
    other = module_of("src/" + name)
    if other is None or group_of(other) not in MAY_USE:
        return []
    findings = []
    if "/detail/" in name and other != module:
        findings += file.find("detail", 0, f"{name} is private to {other}", line=line)
    # Tests may wire a module to a real adapter; what they may not is to depend on the composition.
    allowed = may_include(module, other) or (file.is_test and group_of(other) != "app")
    if not allowed:
        findings += file.find("rank", 0, f"{module} must not include {other} ({name})", line=line)
    return findings


def _check_foreign(file, module, line, name):
    group = group_of(module)
    # What only private code includes: detail/ and what tests share is as private as a .cpp.
    is_public = file.is_header and "/detail/" not in file.path and not file.is_test
    if name.startswith("boost/asio"):
        if is_public and not _ASIO_HEADERS.search(file.path):
            return file.find("third-party", 0, f"<{name}>: Asio in a header outside net/ and base/task.h", line=line)
        if group not in _ASIO_FOLDERS and not file.is_test and file.path != "src/base/task.h":
            return file.find("third-party", 0, f"<{name}>: {group} must not see Asio", line=line)
        return []
    is_std = "/" not in name and "." not in name
    if is_std:
        if file.is_header and name in _SLOW_STD:
            return file.find("third-party", 0, f"<{name}> in a header costs every file that includes it", line=line)
        return []
    if is_public:
        if group == "net" and name in _POSIX_IN_NET:
            return []
        return file.find("third-party", 0, f"<{name}> in a header: keep it in a .cpp behind a type of ours", line=line)
    if file.is_test:
        return []
    for pattern, folders in _ADAPTERS:
        if pattern.match(name) and not folders & {group, module}:
            return file.find("third-party", 0, f"<{name}> belongs behind its adapter in {', '.join(sorted(folders))}",
                             line=line)
    return []


def check_cycles(files):
    """Services may use each other's public headers, but not in a circle."""
    edges = {}
    for file in files:
        module = module_of(file.path)
        if module is None or group_of(module) not in ("service", "store") or file.is_test:
            continue
        for line, kind, name in file.includes():
            other = module_of("src/" + name) if kind == '"' else None
            if other and other != module and group_of(other) == group_of(module):
                edges.setdefault(module, {}).setdefault(other, (file, line))
    findings = []
    for start in sorted(edges):
        stack, seen = [start], set()
        while stack:
            for other in edges.get(stack.pop(), {}):
                if other == start:
                    file, line = next(iter(edges[start].values()))
                    findings += file.find("cycle", 0, f"{start} includes itself through other modules", line=line)
                    stack = []
                    break
                if other not in seen:
                    seen.add(other)
                    stack.append(other)
    return findings
