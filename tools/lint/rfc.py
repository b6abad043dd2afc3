"""RFC citations: "RFC 5321 §4.1.1, §4.5" must name sections that exist."""
import re

_CITATION = re.compile(
    r"(?<![\w/])(?:RFC[ -]?|rfc )(?P<number>\d{3,5})(?P<sections>(?:[\s,;]*(?:and |or |to |– ?|- ?)?(?:§+\s?|[Aa]ppendix )[\dA-Z][\w.]*"
    r"(?:[-–][\dA-Z][\w.]*)?)*)")
_SECTION = re.compile(r"(?:§+\s?|[Aa]ppendix )(?P<first>[\dA-Z][\w.]*)(?:[-–](?P<last>[\dA-Z][\w.]*))?")
INDEX = "docs/rfc/index.tsv"


def load_index(text):
    """{number: {section: title}}; section "*" means that any section is taken on trust."""
    index = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            number, section, title = line.split("\t", 2)
            index.setdefault(int(number), {})[section] = title
    return index


def citations(text):
    """(offset, number, [sections]) of each citation."""
    for match in _CITATION.finditer(text):
        sections = []
        for part in _SECTION.finditer(match.group("sections")):
            sections += [s.rstrip(".") for s in part.group("first", "last") if s]
        yield match.start(), int(match.group("number")), sections


def check(file, index):
    findings = []
    for offset, number, sections in citations(file.text):
        known = index.get(number)
        if known is None:
            findings += file.find("rfc", offset, f"RFC {number} is not in {INDEX}; add its text, or a line with section *")
            continue
        if "*" in known:
            continue
        for section in sections:
            if section not in known:
                findings += file.find("rfc", offset, f"RFC {number} has no section {section}")
    return findings
