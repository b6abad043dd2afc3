# RFC 9051 §6.3.5 DELETE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b DELETE inbox
S: b NO [CANNOT] *
C: c DELETE Sent
S: c OK *
C: d DELETE Sent
S: d NO [NONEXISTENT] *
