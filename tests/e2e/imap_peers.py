"""Other IMAP servers, to move away from: Dovecot and Cyrus, each with a user and TLS. They need root.

Cyrus is taken where it is: installed (cyrus-imapd, sasl2-bin), or unpacked by bench/peers/install.sh.
"""
import imaplib
import pathlib
import pwd
import shutil
import ssl

from peers import Authority
from processes import HOST, Process, free_port, remove, run, scratch

CYRUS = next((root for root in ("/usr/lib/cyrus/bin", "/opt/peers/cyrus/usr/lib/cyrus/bin")
              if pathlib.Path(root, "imapd").exists() and shutil.which("saslpasswd2")), None)
PASSWORD = "old pass\\word\" 1"


class ImapPeer:
    """What the two have in common: `port` speaks clear and STARTTLS, `tls_port` TLS at once."""

    separator = "/"
    prefix = ""  # of personal mailboxes beside INBOX

    def __init__(self):
        self.folder = scratch(type(self).__name__.lower())
        self.authority = Authority()
        self.port, self.tls_port = free_port(), free_port()
        self.chain, self.key = self.authority.issue("old.example")
        self.process = self.launch()
        self.process.wait_port(self.tls_port)

    def launch(self):
        raise NotImplementedError

    def session(self, user="hanako"):
        context = ssl.create_default_context(cafile=self.authority.ca)
        context.check_hostname = False
        client = imaplib.IMAP4_SSL(HOST, self.tls_port, ssl_context=context, timeout=60)
        client.login(user, PASSWORD)
        return client

    def stop(self):
        self.process.stop()
        self.authority.stop()
        remove(self.folder)


class Dovecot(ImapPeer):
    def launch(self):
        nobody = pwd.getpwnam("nobody")
        mail = self.folder / "mail"
        mail.mkdir()
        shutil.chown(mail, "nobody")
        (self.folder / "users").write_text(f"hanako:{{PLAIN}}{PASSWORD}::::::\n")
        (self.folder / "dovecot.conf").write_text(f"""
base_dir = {self.folder}/run
state_dir = {self.folder}/run
log_path = {self.folder}/log
instance_name = fumi-e2e-{self.port}
protocols = imap
listen = {HOST}
ssl = yes
ssl_cert = <{self.chain}
ssl_key = <{self.key}
disable_plaintext_auth = no
auth_mechanisms = plain login scram-sha-256
mail_location = sdbox:{mail}/%u
mail_fsync = never
mail_max_userip_connections = 50
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = {self.folder}/users
}}
userdb {{
  driver = static
  args = uid={nobody.pw_uid} gid={nobody.pw_gid} home={mail}/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {self.port}
  }}
  inet_listener imaps {{
    port = {self.tls_port}
    ssl = yes
  }}
}}
namespace inbox {{
  inbox = yes
  separator = /
  mailbox "Sent Items" {{
    auto = create
    special_use = \\Sent
  }}
  mailbox Trash {{
    auto = create
    special_use = \\Trash
  }}
}}
""")
        return Process(["dovecot", "-F", "-c", self.folder / "dovecot.conf"], self.folder / "start.log")


class Cyrus(ImapPeer):
    """With its classic names: "." between levels, everything below "INBOX."."""

    separator = "."
    prefix = "INBOX."

    def launch(self):
        for part in ("conf", "proc", "lock", "spool", "socket", "sieve"):
            (self.folder / part).mkdir()
        for file in (self.chain, self.key):
            shutil.chown(file, "cyrus")
        (self.folder / "imapd.conf").write_text(f"""
configdirectory: {self.folder}/conf
proc_path: {self.folder}/proc
mboxname_lockpath: {self.folder}/lock
defaultpartition: default
partition-default: {self.folder}/spool
sievedir: {self.folder}/sieve
altnamespace: no
unixhierarchysep: no
admins: cyrus
servername: old.example
allowplaintext: yes
sasl_mech_list: PLAIN LOGIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {self.folder}/sasldb2
tls_server_cert: {self.chain}
tls_server_key: {self.key}
duplicate_db_path: {self.folder}/conf/deliver.db
idlesocket: {self.folder}/socket/idle
notifysocket: {self.folder}/socket/notify
lmtpsocket: {self.folder}/socket/lmtp
syslog_prefix: cyrus-e2e
""")
        (self.folder / "cyrus.conf").write_text(f"""
START {{
  recover cmd="/usr/lib/cyrus/bin/ctl_cyrusdb -C {self.folder}/imapd.conf -r"
}}
SERVICES {{
  imap  cmd="{CYRUS}/imapd -C {self.folder}/imapd.conf" listen="{HOST}:{self.port}" prefork=0
  imaps cmd="{CYRUS}/imapd -s -C {self.folder}/imapd.conf" listen="{HOST}:{self.tls_port}" prefork=0
}}
EVENTS {{
}}
""")
        for user in ("hanako", "cyrus"):
            run(["saslpasswd2", "-p", "-c", "-f", self.folder / "sasldb2", "-u", "old.example", user], stdin=PASSWORD)
        run(["chown", "-R", "cyrus:mail", self.folder])
        return Process(["/usr/lib/cyrus/bin/master", "-C", self.folder / "imapd.conf", "-M", self.folder / "cyrus.conf",
                        "-p", self.folder / "master.pid"], self.folder / "start.log")

    def __init__(self):
        super().__init__()
        admin = self.session("cyrus")
        admin.create("user.hanako")
        admin.logout()
