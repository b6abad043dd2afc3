# RFC 5034 §4 an initial response spares a round trip
OPTION: tls
S: +OK *ready
C: AUTH PLAIN AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S: +OK 5 messages (*
C: STAT
S: +OK 5 368
