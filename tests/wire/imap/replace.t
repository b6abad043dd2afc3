# RFC 8508 §3 REPLACE and UID REPLACE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b REPLACE 1 Sent {2+}
C: hi
S: b BAD *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: c REPLACE 2 INBOX (\Seen \Draft) {12}
S: + OK
C-: Subject: a
C: 
C: 
S: * OK [APPENDUID 1 4] *
S: * 2 EXPUNGE
S: * 3 EXISTS
S: c OK *
C: d FETCH 3 (FLAGS RFC822.SIZE)
S: * 3 FETCH (FLAGS (\Draft \Seen) RFC822.SIZE 12)
S: d OK *
C: e UID REPLACE 4 Sent {5+}
C: hello
S: * OK [APPENDUID 2 1] *
S: * 3 EXPUNGE
S: e OK *
C: f STATUS Sent (MESSAGES)
S: * STATUS Sent (MESSAGES 1)
S: f OK *
C: g REPLACE 3 Sent {5+}
C: hello
S: g *
C: h UID REPLACE 9 Sent {5}
S: h NO *
C: i REPLACE 1 Nothing {5}
S: i NO [TRYCREATE] *
C: j REPLACE 1:2 Sent {5}
S: j BAD *
C: k REPLACE 0 Sent {5}
S: k BAD *
C: l REPLACE 1 Sent {2+}
C: hi {2}
S: l BAD *
C: m REPLACE 1
S: m BAD *
C: n UID REPLACE * {4+}
C: Sent {2}
S: + OK
C: hi
S: * OK [APPENDUID 2 2] *
S: * 2 EXPUNGE
S: n OK *
C: o EXAMINE INBOX
S~: o OK [READ-ONLY] *
C: p REPLACE 1 Sent {5}
S: p NO *
C: q STATUS Sent (MESSAGES)
S: * STATUS Sent (MESSAGES 2)
S: q OK *
