# RFC 5465 §6.1.2 SELECTED-DELAYED: expunges wait for a command that allows them; RFC 7162 §3.2.10 and RFC 9586 §3: VANISHED and UIDFETCH
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b NOTIFY SET (SELECTED-DELAYED (MessageNew MessageExpunge FlagChange))
S: b OK *
C: c SELECT INBOX
S~: c OK *
C2: a LOGIN alice@a.example secret
S2~: a OK *
C2: b SELECT INBOX
S2~: b OK *
C2: c STORE 1 +FLAGS.SILENT (\Deleted)
S2: c OK *
S: * 1 FETCH (FLAGS (\Deleted \Seen) UID 1)
C2: d EXPUNGE
S2: * 1 EXPUNGE
S2: d OK *
C2: e APPEND INBOX {12+}
C2: Subject: n
C2: 
S2: * 3 EXISTS
S2: e OK *
S: * 4 EXISTS
C: d FETCH 2:3 (UID)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: d OK *
C: e NOOP
S: * 1 EXPUNGE
S: e OK *
C: f ENABLE QRESYNC UIDONLY
S: * ENABLED QRESYNC UIDONLY
S: f OK *
C: g NOTIFY SET (SELECTED (MessageNew (FLAGS) MessageExpunge FlagChange))
S: g OK *
C2: f STORE 1 +FLAGS.SILENT (\Deleted)
S2: f OK *
S: * 2 UIDFETCH (FLAGS (\Deleted) MODSEQ (*))
C2: g UID EXPUNGE 2
S2: * 1 EXPUNGE
S2: g OK *
S: * VANISHED 2
C2: h APPEND INBOX (\Draft) {12+}
C2: Subject: n
C2: 
S2: * 3 EXISTS
S2: h OK *
S: * 3 EXISTS
S: * 5 UIDFETCH (FLAGS (\Draft))
