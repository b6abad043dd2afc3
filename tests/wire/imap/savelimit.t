# RFC 9738 §3 SAVELIMIT: COPY and APPEND alone are limited
OPTION: tls
OPTION: save_limit 2
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY * SAVELIMIT=2*] *
C: b SELECT INBOX
S~: b OK [READ-WRITE] *
C: c FETCH 1:3 (UID)
S: * 1 FETCH (UID 1)
S: * 2 FETCH (UID 2)
S: * 3 FETCH (UID 3)
S: c OK *
C: d UID COPY 1:3 Sent
S: d NO [MESSAGELIMIT 2] *
C: e COPY 2:3 Sent
S: e OK [COPYUID 2 2:3 1:2] *
C: f MOVE 1:3 Work
S: * OK [COPYUID 3 1:3 1:3] *
S: * 3 EXPUNGE
S: * 2 EXPUNGE
S: * 1 EXPUNGE
S: f OK *
