# RFC 9051 §6.4.7 COPY, §6.4.8 MOVE; RFC 4315 §3 COPYUID; RFC 6851 §3 MOVE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b COPY 1,3 Sent
S: b OK [COPYUID 2 1,3 1:2] *
C: c UID COPY 9 Sent
S: c OK *
C: d COPY 1 Nothing
S: d NO [TRYCREATE] *
C: e MOVE 2:3 Work/&Z3FOrA-
S: * OK [COPYUID 4 2:3 1:2] *
S: * 3 EXPUNGE
S: * 2 EXPUNGE
S: e OK *
C: f UID MOVE 1 Work
S: * OK [COPYUID 3 1 1] *
S: * 1 EXPUNGE
S: f OK *
C: g COPY 1 Sent
S: g BAD *
