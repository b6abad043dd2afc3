# RFC 1939 §5 LIST: all of them, one, marked ones left out; exact octets
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: LIST
S: +OK 5 messages (368 octets)
S: 1 201
S: 2 73
S: 3 45
S: 4 27
S: 5 22
S: .
C: LIST 2
S: +OK 2 73
C: LIST 6
S: -ERR *
C: LIST 0
S: -ERR *
C: LIST x
S: -ERR *
C: LIST 99999999999
S: -ERR *
C: LIST 1 2
S: -ERR *
C: DELE 2
S: +OK *
C: LIST
S: +OK 4 messages (295 octets)
S: 1 201
S: 3 45
S: 4 27
S: 5 22
S: .
C: LIST 2
S: -ERR *
