# RFC 5465 §3.1 NOTIFY SET, §5.1-5.3 messages of other mailboxes, §6.1.1 SELECTED between commands, §5.2 FETCH of new messages
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY * NOTIFY *] *
C: b SELECT INBOX
S~: b OK *
C: c NOTIFY SET STATUS (selected (MessageNew (UID FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)]) MessageExpunge FlagChange)) (mailboxes (Sent Nothing) (MessageNew MessageExpunge)) (subtree Work (MessageNew MessageExpunge FlagChange))
S: * STATUS Sent (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 2)
S: * STATUS Work (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 3 HIGHESTMODSEQ *)
S: * STATUS Work/&Z3FOrA- (MESSAGES 0 UIDNEXT 1 UIDVALIDITY 4 HIGHESTMODSEQ *)
S: c OK *
C2: a LOGIN alice@a.example secret
S2~: a OK *
C2: b APPEND Sent {14+}
C2: Subject: x
C2: 
C2: 
S2: b OK *
S: * STATUS Sent (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 2)
C2: c APPEND INBOX (\Flagged) {16+}
C2: Subject: new
C2: 
C2: 
S2: c OK *
S: * 4 EXISTS
S: * 4 FETCH (UID 4 FLAGS (\Flagged) BODY[HEADER.FIELDS (SUBJECT)] {16}
S: Subject: new
S: 
S: )
C2: d SELECT INBOX
S2~: d OK *
C2: e STORE 4 +FLAGS.SILENT (\Deleted)
S2: e OK *
S: * 4 FETCH (FLAGS (\Deleted \Flagged) UID 4)
C2: f UID EXPUNGE 4
S2: * 4 EXPUNGE
S2: f OK *
S: * 4 EXPUNGE
C2: g COPY 1 Work
S2: g OK *
S: * STATUS Work (MESSAGES 1 UIDNEXT 2 UIDVALIDITY 3)
C2: h SELECT Work
S2~: h OK *
C2: i STORE 1 -FLAGS.SILENT (\Seen)
S2: i OK *
S: * STATUS Work (UIDVALIDITY 3 UNSEEN 1)
C: d APPEND INBOX {12+}
C: Subject: o
C: 
S: * 4 EXISTS
S: d OK *
C: e APPEND Sent {12+}
C: Subject: o
C: 
S: e OK *
C: g NOTIFY NONE
S: g OK *
C2: j APPEND INBOX {12+}
C2: Subject: u
C2: 
S2: j OK *
C2: k APPEND Sent {12+}
C2: Subject: u
C2: 
S2: k OK *
C: h NOOP
S: h OK *
C: i NOTIFY SET (SELECTED (MessageNew MessageExpunge))
S: * 5 EXISTS
S: i OK *
C: j IDLE
S: + idling
C2: l SELECT INBOX
S2~: l OK *
C2: m STORE 1 +FLAGS.SILENT (\Deleted)
S2: m OK *
C2: n EXPUNGE
S2: * 1 EXPUNGE
S2: n OK *
S: * 1 EXPUNGE
C: DONE
S: j OK *
