# RFC 8314 §4.1, RFC 2595 §2.3: no passwords in clear; CAPA does not offer them (RFC 2449 §6.2)
S: +OK *ready
C: USER alice@a.example
S: -ERR *TLS*
C: PASS secret
S: -ERR *TLS*
C: AUTH PLAIN AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S: -ERR *TLS*
C: AUTH LOGIN
S: -ERR *TLS*
C: STAT
S: -ERR *
C: QUIT
S: +OK *
X:
