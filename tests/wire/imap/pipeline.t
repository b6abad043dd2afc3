# RFC 9051 §5.5: commands in one flight are answered in order
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C-: 
C: b NOOP
S: b OK *
C: c SELECT INBOX
S~: c OK *
