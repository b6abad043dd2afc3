# RFC 9051 §6.1.2 NOOP polls; RFC 9051 §7.5.1 another session expunges and appends
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C2: a LOGIN alice@a.example secret
S2~: a OK *
C2: b SELECT INBOX
S2~: b OK *
C2: c STORE 2 +FLAGS.SILENT (\Deleted)
S2: c OK *
C2: d EXPUNGE
S2: * 2 EXPUNGE
S2: d OK *
C2: e APPEND INBOX {5+}
C2: hello
S2: * 3 EXISTS
S2: e OK [APPENDUID 1 4] *
# no EXPUNGE during FETCH, STORE and SEARCH
C: b FETCH 1 (UID)
S: * 1 FETCH (UID 1)
S: * 4 EXISTS
S: b OK *
C: c FETCH 2 (UID)
S: c NO [EXPUNGEISSUED] *
C: d SEARCH ALL
S: * SEARCH 1 3 4
S: d OK *
C: e NOOP
S: * 2 EXPUNGE
S: e OK *
C: f NOOP
S: f OK *
