# RFC 1939 §5 RSET unmarks
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: DELE 1
S: +OK *
C: DELE 2
S: +OK *
C: RSET
S: +OK *
C: STAT
S: +OK 5 368
C: RETR 2
S: +OK 73 octets
S~: .
C: QUIT
S: +OK *
X:
S2: +OK *ready
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: +OK 5 messages (368 octets)
