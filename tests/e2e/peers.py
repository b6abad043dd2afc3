"""The programs around Fumi: PostgreSQL, a DNS server, Postfix, an SMTP sink, a certificate authority."""
import contextlib
import os
import pathlib
import pwd
import shutil
import signal
import socket
import socketserver
import threading

from processes import HOST, Process, free_port, remove, run, scratch, wait_until


def as_user(name):
    """The prefix that runs a command as another user, where we are root and it exists."""
    if os.getuid() != 0:
        return []
    user = pwd.getpwnam(name)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]


class Postgres:
    """A PostgreSQL cluster of its own. Without fsync: tests of durability don't run on it."""

    def __init__(self):
        binaries = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"))
        if not binaries:
            raise FileNotFoundError("PostgreSQL is not installed")
        self.binaries = binaries[-1]
        self.folder = scratch("pg")
        self.port = free_port()
        prefix = as_user("postgres")
        if prefix:
            shutil.chown(self.folder, "postgres")
        data = self.folder / "data"
        run([*prefix, self.binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale",
             "--no-sync"], folder=self.folder)
        self.command = [*prefix, self.binaries / "postgres", "-D", data, "-p", self.port, "-k", self.folder, "-c",
                        f"listen_addresses={HOST}", "-c", "fsync=off", "-c", "max_connections=100"]
        self.process = None
        self.start()
        # What a program should connect with: superusers pass row-level security by.
        run([self.binaries / "createuser", "-h", HOST, "-p", self.port, "-U", "postgres", "fumi"])

    def create(self, name):
        """Makes an empty database and returns its connection URL."""
        run([self.binaries / "createdb", "-h", HOST, "-p", self.port, "-U", "postgres", "-O", "fumi", name])
        return f"postgresql://fumi@{HOST}:{self.port}/{name}"

    def query(self, name, sql):
        return run([self.binaries / "psql", "-h", HOST, "-p", self.port, "-U", "postgres", "-XAtq", "-v", "ON_ERROR_STOP=1",
                    "-d", name, "-c", sql])[1].strip()

    def crash(self):
        self.process.kill()

    def start(self):
        self.process = Process(self.command, self.folder / "postgres.log", folder=self.folder)
        wait_until(lambda: run([self.binaries / "pg_isready", "-q", "-h", HOST, "-p", self.port], check=False)[0] == 0,
                   "PostgreSQL to be ready", 60)

    def stop(self):
        self.process.stop()
        remove(self.folder)


class Dns:
    """Knot, authoritative for the zones given: {"peer.example": ["@ MX 10 mx", "mx A 127.0.0.1"]}."""

    def __init__(self, zones):
        self.folder = scratch("dns")
        self.port = free_port()
        self.zones = {}
        self.process = None
        self._write(zones)
        self._start()

    def _write(self, zones):
        self.zones.update(zones)
        listed = []
        for name, records in self.zones.items():
            text = f"$ORIGIN {name}.\n$TTL 60\n@ SOA ns.{name}. root.{name}. 1 60 60 600 1\n@ NS ns\nns A {HOST}\n"
            (self.folder / f"{name}.zone").write_text(text + "\n".join(records) + "\n")
            listed.append(f'  - domain: {name}\n    file: "{self.folder / (name + ".zone")}"\n')
        (self.folder / "run").mkdir(exist_ok=True)
        (self.folder / "knot.conf").write_text(
            f'server:\n    rundir: "{self.folder / "run"}"\n    listen: {HOST}@{self.port}\n'
            f'database:\n    storage: "{self.folder}"\n'
            "log:\n  - target: stderr\n    any: info\n"
            "template:\n  - id: default\n    zonefile-sync: -1\n    journal-content: none\n    semantic-checks: off\n"
            "zone:\n" + "".join(listed))

    def _start(self):
        self.process = Process(["knotd", "-c", self.folder / "knot.conf"], self.folder / "knot.log")
        first = next(iter(self.zones))
        wait_until(lambda: self.lookup(first, "SOA"), "the DNS server")

    def lookup(self, name, kind):
        _, output = run(["kdig", f"@{HOST}", "-p", self.port, "+short", "+time=1", "+retry=0", name, kind], check=False)
        return [] if output.startswith(";;") else output.split("\n")[:-1]

    def set(self, zones):
        """Replaces or adds zones."""
        self.process.stop()
        self._write(zones)
        self._start()

    def stop(self):
        self.process.stop()
        remove(self.folder)


class Authority:
    """A certificate authority for a test: ca.pem, and certificates for names (and 127.0.0.1)."""

    def __init__(self):
        self.folder = scratch("ca")
        self.ca = self.folder / "ca.pem"
        run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
             "-subj", "/CN=Fumi test authority", "-keyout", self.folder / "ca.key", "-out", self.ca])

    def issue(self, name):
        """(certificate chain, key) files for a host name."""
        base = self.folder / name
        run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
             "-keyout", f"{base}.key", "-out", f"{base}.csr"])
        pathlib.Path(f"{base}.ext").write_text(f"subjectAltName=DNS:{name},DNS:localhost,IP:{HOST}\n")
        run(["openssl", "x509", "-req", "-days", "2", "-in", f"{base}.csr", "-CA", self.ca, "-CAkey", self.folder / "ca.key",
             "-CAcreateserial", "-extfile", f"{base}.ext", "-out", f"{base}.pem"])
        return pathlib.Path(f"{base}.pem"), pathlib.Path(f"{base}.key")

    def stop(self):
        remove(self.folder)


_MASTER_CF = """{host}:{port} inet n - n - - smtpd
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 1 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
virtual unix - n n - - virtual
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""


class Postfix:
    """A Postfix instance with queue, configuration and log of its own. Needs root.

    `mailboxes` are addresses that it delivers into Maildirs; everything else goes to `relay` (host,
    port) if that is given. `settings` are lines for main.cf.
    """

    def __init__(self, hostname, *, mailboxes=(), relay=None, settings=(), port=None):
        self.folder = scratch("postfix")
        self.hostname = hostname
        self.port = port or free_port()
        for part in ("etc", "queue", "data", "mail"):
            (self.folder / part).mkdir()
        shutil.chown(self.folder / "data", "postfix")
        shutil.chown(self.folder / "mail", "nobody")
        self._configure(mailboxes, relay, settings)
        self.process = Process(["postfix", "-c", self.folder / "etc", "start-fg"], self.folder / "start.log")
        self.process.wait_port(self.port)

    def _configure(self, mailboxes, relay, settings):
        etc = self.folder / "etc"
        nobody = pwd.getpwnam("nobody")
        domains = sorted({address.split("@")[1] for address in mailboxes})
        (etc / "mailboxes").write_text("".join(f"{address} {address}/\n" for address in mailboxes))
        lines = [
            "compatibility_level = 3.6", f"queue_directory = {self.folder}/queue", f"data_directory = {self.folder}/data",
            f"maillog_file = {self.folder}/maillog", f"maillog_file_prefixes = {self.folder}", "mail_owner = postfix",
            "setgid_group = postdrop", f"myhostname = {self.hostname}", "mydestination =", f"mynetworks = {HOST}/32",
            f"inet_interfaces = {HOST}", "inet_protocols = ipv4", "alias_maps =", "alias_database =",
            "local_recipient_maps =", "smtpd_peername_lookup = no", "disable_dns_lookups = yes", "smtp_host_lookup = native",
            "biff = no", "minimal_backoff_time = 2s", "maximal_backoff_time = 4s", "queue_run_delay = 2s",
            f"virtual_mailbox_domains = {' '.join(domains)}", f"virtual_mailbox_maps = texthash:{etc}/mailboxes",
            f"virtual_mailbox_base = {self.folder}/mail", f"virtual_uid_maps = static:{nobody.pw_uid}",
            f"virtual_gid_maps = static:{nobody.pw_gid}", "virtual_minimum_uid = 1",
            *([f"relayhost = [{relay[0]}]:{relay[1]}"] if relay else []), *settings]
        (etc / "main.cf").write_text("\n".join(lines) + "\n")
        (etc / "master.cf").write_text(_MASTER_CF.format(host=HOST, port=self.port))
        if not pathlib.Path("/etc/postfix/main.cf").exists():
            # Without a system-wide main.cf the tools refuse private ones; an empty one configures nothing.
            pathlib.Path("/etc/postfix/main.cf").write_text("compatibility_level = 3.6\n")

    def messages(self, address):
        """The messages delivered to a mailbox, as bytes."""
        return [path.read_bytes() for path in sorted((self.folder / "mail" / address).glob("new/*"))]

    def wait_messages(self, address, count, seconds=40):
        return wait_until(lambda: (m := self.messages(address)) and len(m) >= count and m,
                          f"{count} messages for {address} at Postfix; its log:\n{self.log()[-3000:]}", seconds)

    def log(self):
        path = self.folder / "maillog"
        return path.read_text("utf-8", "replace") if path.exists() else self.process.output()

    def master_pid(self):
        try:
            return int((self.folder / "queue/pid/master.pid").read_text())
        except (OSError, ValueError):
            return 0

    def stop(self):
        # The master makes a session of its own, so it must be ended by the pid that it wrote.
        master = self.master_pid()
        if master:
            with contextlib.suppress(ProcessLookupError):
                os.kill(master, signal.SIGTERM)

            def is_gone():
                self.process.child.poll()  # reaps it where it is our own child
                return not pathlib.Path(f"/proc/{master}").exists()

            wait_until(is_gone, "Postfix to end")
        self.process.stop()
        remove(self.folder)


class SmtpSink:
    """Accepts mail and remembers it as (sender, [recipients], bytes).

    `reply(verb, argument)` may return a line to answer instead of the usual one: to refuse, defer or
    greylist. `close_after` (a verb) drops the connection there.
    """

    def __init__(self, reply=None, close_after=None, port=0):
        self.messages = []
        self.commands = []
        self.reply = reply or (lambda verb, argument: None)
        self.close_after = close_after
        self.connections = set()
        sink = self

        class Handler(socketserver.StreamRequestHandler):
            timeout = 60

            def handle(self):
                sink.connections.add(self.connection)
                try:
                    sink.serve(self.rfile, self.wfile)
                except (OSError, ValueError):
                    pass
                finally:
                    sink.connections.discard(self.connection)

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True
            request_queue_size = 128

        self.server = Server((HOST, port), Handler)
        self.port = self.server.server_address[1]
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        self.thread.start()

    def serve(self, lines, out):
        def say(text):
            out.write(text.encode() + b"\r\n")
            out.flush()

        sender, recipients = None, []
        say("220 sink.example ESMTP")
        while line := lines.readline(4096):
            verb, _, argument = line.decode("utf-8", "replace").strip().partition(" ")
            verb = verb.upper()
            self.commands.append((verb, argument))
            if verb == self.close_after:
                return
            other = self.reply(verb, argument)
            if other:
                say(other)
                if other.startswith("421"):
                    return
            elif verb == "EHLO":
                say("250-sink.example\r\n250-PIPELINING\r\n250-8BITMIME\r\n250-SMTPUTF8\r\n250 SIZE 104857600")
            elif verb == "MAIL":
                sender, recipients = argument[5:].split(" ")[0].strip("<>"), []
                say("250 2.1.0 OK")
            elif verb == "RCPT":
                recipients.append(argument[3:].split(" ")[0].strip("<>"))
                say("250 2.1.5 OK")
            elif verb == "DATA" and not recipients:
                say("554 5.5.1 no valid recipients")
            elif verb == "DATA":
                say("354 go on")
                body = []
                while (data := lines.readline(1 << 20)) and data != b".\r\n":
                    body.append(data[1:] if data.startswith(b".") else data)
                final = self.reply(".", "")
                if not final:
                    self.messages.append((sender, recipients, b"".join(body)))
                say(final or "250 2.0.0 kept")
            elif verb == "QUIT":
                say("221 2.0.0 bye")
                return
            else:
                say("250 2.0.0 OK")

    def wait_messages(self, count, seconds=40):
        return wait_until(lambda: len(self.messages) >= count and list(self.messages), f"{count} messages at the sink", seconds)

    def stop(self):
        """Closes the port and what is still connected: a peer that went away, not one that listens on."""
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.connections):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
