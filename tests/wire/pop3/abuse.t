# RFC 1939 §3, §4: a peer that speaks something else is sent away
OPTION: bad_commands 3
S: +OK *ready
C: GET / HTTP/1.1
S: -ERR *
C: Host: localhost
S: -ERR *
C: 
S: -ERR *
C: x
S: -ERR Too many bad commands
X:
