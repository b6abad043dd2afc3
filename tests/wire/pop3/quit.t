# RFC 1939 §4 QUIT before login, §6 after it
S: +OK *ready
C: QUIT 1
S: -ERR *
C: QUIT
S: +OK *
X:
