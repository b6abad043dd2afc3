# RFC 9051 §6.3.13, RFC 2177 IDLE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b IDLE
S: + idling
C2: a LOGIN alice@a.example secret
S2~: a OK *
C2: b APPEND INBOX {2+}
C2: hi
S2: b OK *
S: * 4 EXISTS
C: DONE
S: b OK *
C: c IDLE
S: + idling
C: NOOP
S: c BAD *
