# RFC 9051 §6.3.2 SELECT, §6.3.3 EXAMINE, §7.1 CLOSED; RFC 7162 §3.1.2.1
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b SELECT INBOX (CONDSTORE)
S: * FLAGS (\Answered \Flagged \Deleted \Seen \Draft)
S: * 3 EXISTS
S: * 0 RECENT
S: * OK [UNSEEN 2] *
S: * OK [PERMANENTFLAGS (\Answered \Flagged \Deleted \Seen \Draft \\\*)] *
S: * OK [UIDVALIDITY 1] *
S: * OK [UIDNEXT 4] *
S: * OK [HIGHESTMODSEQ 102] *
S: * OK [MAILBOXID (M1)] *
S: b OK [READ-WRITE] *
C: c EXAMINE Sent
S: * OK [CLOSED] *
S~: * OK [PERMANENTFLAGS ()] *
S~: c OK [READ-ONLY] *
C: d SELECT Nothing
S: * OK [CLOSED] *
S: d NO [NONEXISTENT] *
# a failed SELECT leaves no mailbox selected
C: e FETCH 1 UID
S: e BAD *
C: f SELECT INBOX (QRESYNC (1 1))
S: f BAD *
C: g ENABLE IMAP4rev2
S: * ENABLED IMAP4rev2
S: g OK *
C: h SELECT INBOX
S: * FLAGS *
S: * 3 EXISTS
S~: * LIST () "/" INBOX
S: h OK [READ-WRITE] *
