# RFC 1939 §7 USER and PASS, §4 AUTHORIZATION; RFC 3206 §5 [AUTH]
OPTION: tls
S: +OK *ready
C: PASS secret
S: -ERR *
C: USER
S: -ERR *
C: USER nobody@a.example
S: +OK *
C: PASS secret
S: -ERR [AUTH] *
C: USER alice@a.example
S: +OK *
C: PASS wrong secret
S: -ERR [AUTH] *
C: PASS secret
S: -ERR *
C: user alice@a.example
S: +OK *
C: pass secret
S: +OK 5 messages (368 octets)
C: USER alice@a.example
S: -ERR *
C: PASS secret
S: -ERR *
C: QUIT
S: +OK *
X:
