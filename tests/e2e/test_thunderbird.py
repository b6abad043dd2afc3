"""Thunderbird, without a screen: it reads, marks, moves, deletes and sends."""
import base64
import ssl
import unittest

from harness import PASSWORD, FumiTest, message, octets
from marionette import Marionette
from processes import remove, scratch, wait_until

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"

# What every script begins with.
MODULES = """
    const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.allServers.find(each => each.type == "imap");
    const find = path => server.rootFolder.descendants.find(
        each => each.URI.endsWith("/" + path) || each.URI.endsWith("/" + encodeURI(path)));
    const messages = path => [...find(path).messages];
    const header = subject => messages("INBOX").find(each => each.subject == subject);
"""

ACCOUNT = """
    const {MailServices} = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const [user, password, imap, smtp, authority] = args;
    Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB).addCertFromBase64(authority, "C,,");
    for (const origin of ["imap://localhost", "smtp://localhost"]) {
      const login = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
      login.init(origin, null, origin, user, password, "", "");
      await Services.logins.addLoginAsync(login);
    }
    const server = MailServices.accounts.createIncomingServer(user, "localhost", "imap");
    server.port = imap;
    server.socketType = Ci.nsMsgSocketType.SSL;
    server.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
    const out = MailServices.outgoingServer.createServer("smtp");
    const door = out.QueryInterface(Ci.nsISmtpServer);
    door.hostname = "localhost";
    door.port = smtp;
    out.username = user;
    out.socketType = Ci.nsMsgSocketType.SSL;
    out.authMethod = Ci.nsMsgAuthMethod.passwordCleartext;
    const identity = MailServices.accounts.createIdentity();
    identity.email = user;
    identity.fullName = "花子";
    identity.smtpServerKey = out.key;
    identity.doFcc = false;
    const account = MailServices.accounts.createAccount();
    account.addIdentity(identity);
    account.incomingServer = server;
    MailServices.accounts.defaultAccount = account;
    // Logs in, and learns of the other folders on the way.
    server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox).getNewMessages(null, null);
"""

SEND = """
    const [sender, to, path] = args;
    const file = Cc["@mozilla.org/file/local;1"].createInstance(Ci.nsIFile);
    file.initWithPath(path);
    const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    fields.from = sender;
    fields.to = to;
    const account = MailServices.accounts.defaultAccount;
    const send = Cc["@mozilla.org/messengercompose/send;1"].createInstance(Ci.nsIMsgSend);
    send.sendMessageFile(account.defaultIdentity, account.key, fields, file, false, false,
                         Ci.nsIMsgSend.nsMsgDeliverNow, null, null, null, "");
"""


class Thunderbird(FumiTest):
    def setUp(self):
        self.folder = scratch("thunderbird")
        self.addCleanup(remove, self.folder)
        self.program = Marionette("thunderbird", self.folder, {"mail.server.default.check_new_mail": False})
        self.addCleanup(self.program.stop)

    def make_account(self):
        authority = ssl.PEM_cert_to_DER_cert(self.fumi.authority.ca.read_text())
        self.program.script(ACCOUNT, HANAKO, PASSWORD, self.fumi.ports["imaps"], self.fumi.ports["submissions"],
                            base64.b64encode(authority).decode())

    def script(self, body, *arguments):
        return self.program.script(MODULES + body, *arguments)

    def wait(self, body, what, *arguments):
        return self.program.wait(MODULES + body, what, *arguments)

    def update(self, folder="INBOX"):
        self.script('find(args[0]).QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, null);', folder)

    def flags(self, subject, folder="INBOX"):
        session = self.fumi.imap()
        try:
            session.select(folder, readonly=True)
            number = session.search(None, "SUBJECT", f'"{subject}"')[1][0].decode()
            return session.fetch(number, "(FLAGS)")[1][0].decode() if number else ""
        finally:
            session.logout()

    def test_reads_marks_moves_deletes_and_sends(self):
        session = self.fumi.imap()
        self.addCleanup(session.logout)
        for subject in ("read me", "move me", "delete me"):
            session.append("INBOX", "", None, octets(message(subject, text=f"The text of {subject}.\n")))
        session.create("Projects")
        self.make_account()
        self.wait('return !!find("INBOX") && !!find("Projects");', "the folders")
        self.update()
        self.wait('return messages("INBOX").length == 3;', "three headers")

        # It reads what the server has, body and all.
        self.wait("""
            const folder = find("INBOX").QueryInterface(Ci.nsIMsgImapMailFolder);
            if (folder.locked) return false;  // still busy with the headers
            folder.setFlag(Ci.nsMsgFolderFlags.Offline);
            try {
              folder.downloadAllForOffline({OnStartRunningUrl() {}, OnStopRunningUrl() {}}, null);
            } catch (busy) {
              return false;
            }
            return true;
        """, "the folder to be free")
        self.wait('return messages("INBOX").every(each => each.flags & Ci.nsMsgMessageFlags.Offline);', "the bodies")
        text = self.script("""
            const uri = find("INBOX").getUriForMsg(header("read me"));
            return new Promise(resolve => {
              const reader = Cc["@mozilla.org/scriptableinputstream;1"].createInstance(Ci.nsIScriptableInputStream);
              let text = "";
              const listener = {
                QueryInterface: ChromeUtils.generateQI(["nsIStreamListener", "nsIRequestObserver"]),
                onStartRequest() {},
                onDataAvailable(request, stream, offset, count) { reader.init(stream); text += reader.read(count); },
                onStopRequest() { resolve(text); },
              };
              MailServices.messageServiceFromURI(uri).streamMessage(uri, listener, null, null, false, "", true);
            });
        """)
        self.assertIn("The text of read me.", text)

        self.script('find("INBOX").markMessagesRead([header("read me")], true);')
        self.script('find("INBOX").markMessagesFlagged([header("read me")], true);')
        wait_until(lambda: "\\Flagged" in (found := self.flags("read me")) and "\\Seen" in found, "the flags")

        self.script('MailServices.copy.copyMessages(find("INBOX"), [header("move me")], find("Projects"), true, '
                    'null, null, false);')
        self.fumi.wait_subject("move me", mailbox="Projects")
        wait_until(lambda: sorted(self.fumi.subjects()) == ["delete me", "read me"], "the move")

        self.script('find("INBOX").deleteMessages([header("delete me")], null, false, false, null, false);')
        self.fumi.wait_subject("delete me", mailbox="Trash")

        # What another client does it is told of.
        session.select("INBOX")
        session.append("INBOX", "", None, octets(message("from elsewhere")))
        self.update()
        self.wait('return !!header("from elsewhere");', "the new header")

        mail = self.folder / "mail.eml"
        mail.write_bytes(octets(message("Thunderbird で送信", sender=HANAKO, to=TARO)))
        self.script(SEND, HANAKO, TARO, str(mail))
        wait_until(lambda: len(self.fumi.subjects(TARO)) == 1, "the mail that was sent")
        self.assertIn("utf-8", self.fumi.subjects(TARO)[0].lower())


if __name__ == "__main__":
    unittest.main()
