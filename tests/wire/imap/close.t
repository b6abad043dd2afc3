# RFC 3691 §2, RFC 9051 §6.4.1 CLOSE expunges silently, §6.4.2 UNSELECT does not; RFC 3501 §6.4.1 CHECK
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b CHECK
S: b OK *
C: c STORE 3 +FLAGS (\Deleted)
S: * 3 FETCH (FLAGS (\Deleted \Flagged))
S: c OK *
C: d UNSELECT
S: d OK *
C: e CHECK
S: e BAD *
C: f STATUS INBOX (MESSAGES DELETED)
S: * STATUS INBOX (MESSAGES 3 DELETED 1)
S: f OK *
C: g SELECT INBOX
S~: g OK *
C: h CLOSE
S: h OK *
C: i STATUS INBOX (MESSAGES)
S: * STATUS INBOX (MESSAGES 2)
S: i OK *
