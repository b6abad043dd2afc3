# RFC 8437 §2 UNAUTHENTICATE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b UNAUTHENTICATE
S: b OK *
C: c SELECT INBOX
S: c BAD *
C: d LOGIN {15+}
C-: alice@a.example
C:  "secret"
S: d OK *
