# RFC 9738 §3 MESSAGELIMIT with MOVE, which is done in part; with MODIFIED of RFC 7162 §3.1.3
OPTION: tls
OPTION: message_limit 2
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b SELECT INBOX
S~: b OK [READ-WRITE] *
C: c STORE 1:3 (UNCHANGEDSINCE 1) +FLAGS (\Draft)
S: * OK [MESSAGELIMIT 2 2] *
S: c OK [MODIFIED 2:3] *
C: d MOVE 1:3 Work
S: * OK [COPYUID 3 2:3 1:2] *
S: * 3 EXPUNGE
S: * 2 EXPUNGE
S: d OK [MESSAGELIMIT 2 2] *
C: e MOVE 1:* Work
S: * OK [COPYUID 3 1 3] *
S: * 1 EXPUNGE
S: e OK *
