#!/usr/bin/env python3
"""Rows of a benchmark into results/NAME.json, and RESULTS.md from all of those.

    report.py save NAME --rows FILE --began "TIME LOAD" --results DIR --program FUMI --settings NAME=VALUE...
    report.py write --results DIR
"""
import argparse
import json
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BUSY = 1.0  # load average before a run from which on its figures are marked

ACCEPT = ("delivered", "accepted", "p50_ms", "p99_ms", "cpu_s_per_1000")


def spread(text):
    """"1/2/3" as {min, median, max}; None for a failed cell."""
    try:
        low, median, high = (float(part) for part in text.strip().split("/"))
    except ValueError:
        return None
    return {"min": low, "median": median, "max": high}


def accept_row(line):
    head, *cells = [cell.strip() for cell in line.split("|")]
    words = head.rsplit(None, 3)
    if len(words) != 4 or not all(word.isdigit() for word in words[1:]):
        return None
    row = {"server": words[0].strip(), "size": int(words[1]), "sessions": int(words[2]), "messages": int(words[3])}
    if cells == ["failed"]:
        return {**row, "failed": True}
    row.update(zip(ACCEPT, map(spread, cells)))
    memory = re.match(r"(\d+)/(\d+), (\d+)", cells[5])
    if memory:
        row["peak_rss_mib"], row["peak_pss_mib"], row["processes"] = map(int, memory.groups())
    return row


def idle_row(line):
    found = re.match(r"(\S+) (tls|clear)\s+(\d+) connections \| KiB each: PSS (\S+)\s+RSS (\S+)", line)
    if not found:
        return None
    return {"server": found[1], "channel": found[2], "connections": int(found[3]), "pss_kib": spread(found[4]),
            "rss_kib": spread(found[5])}


def mix_row(line):
    found = re.match(r"(\S+)\s+sess\s+(\d+) \| ops/s (\S+)\s*\| p50 ms (\S+)\s*\| p99 ms (\S+)\s*\| CPU s/1000 op (\S*)\s*\|(.*)", line)
    if not found:
        return None
    operations = dict(re.findall(r"(\w+)=([\d.]+/[\d.]+)", found[7]))
    errors = re.search(r"errors=(\d+)", found[7])
    return {"server": found[1], "sessions": int(found[2]), "ops": spread(found[3]), "p50_ms": spread(found[4]),
            "p99_ms": spread(found[5]), "cpu_s_per_1000": spread(found[6]), "errors": int(errors[1]) if errors else None,
            "operations_p50_p99_ms": operations}


def sync_row(line):
    found = re.match(r"(\S+) (\d+): (.*)", line)
    if not found:
        return None
    return {"server": found[1], "sessions": int(found[2]),
            "per_message": {name: float(count) for name, count in re.findall(r"(\w+)/msg=([\d.]+)", found[3])}}


def fetch_row(line):
    found = re.match(r"(\S+) sess (\d+) ahead (\d+) \| messages/s (\S+) \| p50 ms (\S+) \| p99 ms (\S+) \| CPU s/1000 (\S+)", line)
    if not found:
        return None
    return {"server": found[1], "sessions": int(found[2]), "ahead": int(found[3]), "messages_per_s": spread(found[4]),
            "p50_ms": spread(found[5]), "p99_ms": spread(found[6]), "cpu_s_per_1000": spread(found[7])}


def search_row(line):
    return json.loads(line) if line.startswith("{") else None


def large_row(line):
    found = re.match(r"(\S+)\s+(\S.*?)\s+ms (\d[\d.]*/[\d.]+/[\d.]+)", line)
    if not found:
        return None
    return {"server": found[1], "command": found[2], "ms": spread(found[3])}


PARSERS = {"smtp": accept_row, "relay": accept_row, "idle": idle_row, "imap": mix_row, "imap-large": large_row,
           "imap-huge": search_row, "syncs": sync_row, "pop3": fetch_row, "search": search_row}


def output(*command):
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=HERE)
    return done.stdout.strip()


def machine():
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text("ascii", "replace"))
    memory = re.search(r"MemTotal:\s*(\d+)", pathlib.Path("/proc/meminfo").read_text("ascii"))
    versions = {}
    for name, package in (("postfix", "postfix"), ("dovecot", "dovecot-core"), ("opensmtpd", "opensmtpd"),
                          ("fts-xapian", "dovecot-fts-xapian"), ("cyrus", "cyrus-common")):
        version = output("dpkg-query", "-W", "-f", "${Version}", package)
        if version:
            versions[name] = version
    return {"cpu": cpu[1] if cpu else "unknown", "cores": os.cpu_count(), "memory_mib": int(memory[1]) // 1024,
            "kernel": output("uname", "-sr"), "peers": versions}


def save(arguments):
    parse = PARSERS[arguments.name]
    rows = [row for row in map(parse, arguments.rows.read_text("utf-8").splitlines()) if row]
    if not rows:
        print(f"bench: {arguments.name} made no rows; nothing is saved", file=sys.stderr)
        return 1
    began, load = arguments.began.split()
    commit = output("git", "rev-parse", "--short=12", "HEAD")
    result = {
        "bench": arguments.name, "began": began, "load_before": float(load), "load_after": os.getloadavg()[0],
        "commit": commit, "changed": bool(output("git", "status", "--porcelain", "--", "../src", "../cmake")),
        "program": output(arguments.program, "version"), "machine": machine(),
        "settings": dict(setting.split("=", 1) for setting in arguments.settings), "rows": rows}
    arguments.results.mkdir(parents=True, exist_ok=True)
    path = arguments.results / f"{arguments.name}.json"
    path.write_text(json.dumps(result, indent=1, ensure_ascii=False) + "\n", "utf-8")
    print(f"saved {path}")
    return write(arguments)


def figure(value, key="median"):
    if not value:
        return "-"
    number = value[key]
    return f"{number:,.0f}" if number >= 100 else f"{number:.2f}"


def times(ours, theirs):
    if not ours or not theirs or not theirs["median"]:
        return "-"
    return f"{ours['median'] / theirs['median']:.2f} x"


def ratios(result):
    """Fumi over each peer, cell by cell."""
    ours = {(row["size"], row["sessions"]): row for row in result["rows"] if row["server"].startswith("fumi") and "failed" not in row}
    for row in result["rows"]:
        mine = ours.get((row["size"], row["sessions"]))
        if row["server"].startswith("fumi") or "failed" in row or not mine:
            continue
        yield (f"| {row['server']} | {row['sessions']} | {row['size']} | {times(mine['delivered'], row['delivered'])} "
               f"| {times(mine['cpu_s_per_1000'], row['cpu_s_per_1000'])} | {times(mine['p50_ms'], row['p50_ms'])} "
               f"| {times(mine['p99_ms'], row['p99_ms'])} |")


def accept_tables(result):
    lines = ["Fumi divided by the peer (medians; more delivered is better, less CPU and time is):", "",
             "| peer | sessions | octets | delivered | CPU a message | accept p50 | accept p99 |", "|---|--:|--:|--:|--:|--:|--:|"]
    lines += ratios(result)
    lines += ["", "| server | octets | sessions | messages | delivered/s min/median/max | accept p50 ms | p99 ms | CPU s/1,000 | peak PSS MiB, processes |",
              "|---|--:|--:|--:|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        cells = f"| {row['server']} | {row['size']} | {row['sessions']} | {row['messages']} |"
        if "failed" in row:
            lines.append(cells + " failed | | | | |")
            continue
        rates = row["delivered"]
        lines.append(f"{cells} {rates['min']:.0f}/{rates['median']:.0f}/{rates['max']:.0f} | {figure(row['p50_ms'])} | {figure(row['p99_ms'])} "
                     f"| {figure(row['cpu_s_per_1000'])} | {row.get('peak_pss_mib', '-')}, {row.get('processes', '-')} |")
    return lines


def idle_tables(result):
    lines = ["| server | channel | connections | KiB each: PSS min/median/max | RSS median |", "|---|---|--:|--:|--:|"]
    for row in result["rows"]:
        pss = row["pss_kib"]
        lines.append(f"| {row['server']} | {row['channel']} | {row['connections']} | {pss['min']:.1f}/{pss['median']:.1f}/{pss['max']:.1f} "
                     f"| {figure(row['rss_kib'])} |")
    return lines


def mix_tables(result):
    lines = ["| server | sessions | operations/s min/median/max | p50 ms | p99 ms | CPU s/1,000 | errors |", "|---|--:|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        rate = row["ops"]
        lines.append(f"| {row['server']} | {row['sessions']} | {rate['min']:.0f}/{rate['median']:.0f}/{rate['max']:.0f} | {figure(row['p50_ms'])} "
                     f"| {figure(row['p99_ms'])} | {figure(row['cpu_s_per_1000'])} | {row['errors']} |")
    operations = sorted({name for row in result["rows"] for name in row["operations_p50_p99_ms"]})
    lines += ["", "p50/p99 ms of the last run, by operation:", "", "| server | sessions | " + " | ".join(operations) + " |",
              "|---|--:|" + "--:|" * len(operations)]
    for row in result["rows"]:
        lines.append(f"| {row['server']} | {row['sessions']} | " + " | ".join(row["operations_p50_p99_ms"].get(name, "-") for name in operations) + " |")
    return lines


def large_tables(result):
    servers = list(dict.fromkeys(row["server"] for row in result["rows"]))
    lines = ["Milliseconds for one command, min/median/max:", "", "| command | " + " | ".join(servers) + " |", "|---|" + "--:|" * len(servers)]
    for command in dict.fromkeys(row["command"] for row in result["rows"]):
        cells = {row["server"]: row["ms"] for row in result["rows"] if row["command"] == command}
        lines.append(f"| {command} | " + " | ".join("{min:.1f}/{median:.1f}/{max:.1f}".format(**cells[server]) if cells.get(server) else "-"
                                                    for server in servers) + " |")
    return lines


def huge_tables(result):
    servers = list(dict.fromkeys(row["server"] for row in result["rows"]))
    lines = ["Server and messages; milliseconds min/median/max, MiB (PSS of all processes) or a rate:", "",
             "| | " + " | ".join(servers) + " |", "|---|" + "--:|" * len(servers)]
    for command in dict.fromkeys(row["command"] for row in result["rows"]):
        cells = {row["server"]: row for row in result["rows"] if row["command"] == command}
        texts = []
        for server in servers:
            row = cells.get(server, {})
            if "ms" in row:
                texts.append("{min:.1f}/{median:.1f}/{max:.1f}".format(**row["ms"]))
            elif "mib" in row:
                texts.append(f"{row['mib']:.1f} MiB")
            else:
                texts.append(f"{row['rate']:,}" if "rate" in row else "-")
        lines.append(f"| {command} | " + " | ".join(texts) + " |")
    return lines


def sync_tables(result):
    lines = ["| server | sessions | calls a message |", "|---|--:|---|"]
    for row in result["rows"]:
        calls = ", ".join(f"{name} {count:.2f}" for name, count in row["per_message"].items()) or "none"
        lines.append(f"| {row['server']} | {row['sessions']} | {calls} |")
    return lines


def fetch_tables(result):
    lines = ["| server | sessions | RETR ahead | messages/s min/median/max | p50 ms | p99 ms | CPU s/1,000 |", "|---|--:|--:|--:|--:|--:|--:|"]
    for row in result["rows"]:
        rate = row["messages_per_s"]
        lines.append(f"| {row['server']} | {row['sessions']} | {row['ahead']} | {rate['min']:.0f}/{rate['median']:.0f}/{rate['max']:.0f} "
                     f"| {figure(row['p50_ms'])} | {figure(row['p99_ms'])} | {figure(row['cpu_s_per_1000'])} |")
    return lines


def search_tables(result):
    lines = ["| server | query | mails found (right) | ms min/median/max | p99 |", "|---|---|--:|--:|--:|"]
    for row in result["rows"]:
        if "index_s" in row:
            size = f"{row['index_octets'] / 1e6:,.1f} MB" if row["index_octets"] else "none"
            lines.append(f"| {row['server']} | *index of {row['mails']:,} mails made in {row['index_s']} s* | | *{size}* | |")
            continue
        times = row["ms"]
        found = f"{row['hits']:,}" + ("" if row["same"] else f" (**{row['right']:,}**)")
        lines.append(f"| {row['server']} | {row['query']} | {found} | {times['min']:.1f}/{times['median']:.1f}/{times['max']:.1f} "
                     f"| {figure(times, 'p99') if 'p99' in times else '-'} |")
    return lines


TABLES = {"smtp": ("SMTP accept, final local delivery", accept_tables), "relay": ("SMTP accept and relay to a sink", accept_tables),
          "imap": ("IMAP operation mix, in clear", mix_tables), "imap-large": ("A large mailbox, in clear", large_tables),
          "imap-huge": ("A mailbox of a million", huge_tables),
          "pop3": ("POP3, every message of a maildrop, in clear", fetch_tables),
          "search": ("SEARCH in Japanese and English", search_tables), "idle": ("Idle IMAP connections", idle_tables),
          "syncs": ("Syncs a message", sync_tables)}


def write(arguments):
    lines = ["# Measured", "", "Written by `bench/report.py` from `results/*.json`; how: [README.md](README.md). Ratios hold on other machines better than rates do."]
    for name, (title, tables) in TABLES.items():
        path = arguments.results / f"{name}.json"
        if not path.exists():
            continue
        result = json.loads(path.read_text("utf-8"))
        host = result["machine"]
        busy = ""
        if result["load_before"] >= BUSY:
            busy = f" **The machine was busy (load {result['load_before']:.1f} before): compare rows with care.**"
        lines += ["", f"## {title}", "",
                  f"{result['program']} at {result['commit']}{' with changes' if result['changed'] else ''}, {result['began']}; {host['cores']} cores, {host['cpu']}, "
                  f"{host['kernel']}; " + ", ".join(f"{peer} {version}" for peer, version in host["peers"].items()) + "; "
                  + ", ".join(f"{key} {value}" for key, value in result["settings"].items()) + "." + busy, ""]
        lines += tables(result)
    target = HERE / "RESULTS.md" if arguments.results.resolve() == HERE / "results" else arguments.results / "RESULTS.md"
    target.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"wrote {target}")
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    saver = commands.add_parser("save")
    saver.add_argument("name", choices=PARSERS)
    saver.add_argument("--rows", type=pathlib.Path, required=True)
    saver.add_argument("--began", required=True)
    saver.add_argument("--program", type=lambda text: str(pathlib.Path(text).resolve()), required=True)
    saver.add_argument("--settings", nargs="*", default=[], metavar="NAME=VALUE")
    saver.set_defaults(run=save)
    writer = commands.add_parser("write")
    writer.set_defaults(run=write)
    for command in (saver, writer):
        command.add_argument("--results", type=pathlib.Path, required=True)
    arguments = parser.parse_args()
    return arguments.run(arguments)


if __name__ == "__main__":
    sys.exit(main())
