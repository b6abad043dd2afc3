# RFC 1939 §5 DELE, §6 UPDATE: QUIT removes, and only QUIT
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: DELE 1
S: +OK *
C: DELE 1
S: -ERR *
C: RETR 1
S: -ERR *
C: TOP 1 0
S: -ERR *
C: DELE 3
S: +OK *
C: DELE
S: -ERR *
C: DELE 9
S: -ERR *
C: QUIT
S: +OK *
X:
S2: +OK *ready
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: +OK 3 messages (122 octets)
C2: RETR 1
S2: +OK 73 octets
S2~: .
