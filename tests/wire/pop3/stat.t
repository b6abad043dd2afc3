# RFC 1939 §5 STAT: messages that are not marked, and their octets
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: STAT
S: +OK 5 368
C: DELE 1
S: +OK *
C: STAT
S: +OK 4 167
C: STAT 1
S: -ERR *
