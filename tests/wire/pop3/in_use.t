# RFC 1939 §4 exclusive access, RFC 2449 §8.1.2 [IN-USE]: until the first session ends
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
S2: +OK *ready
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: -ERR [IN-USE] *
C2: AUTH PLAIN AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S2: -ERR [IN-USE] *
C: QUIT
S: +OK *
X:
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: +OK 5 messages (*
