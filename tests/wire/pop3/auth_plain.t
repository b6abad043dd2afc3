# RFC 5034 §4 AUTH with an initial response, a challenge, "=", "*" and bad base64; RFC 4616 PLAIN
OPTION: tls
S: +OK *ready
C: AUTH PLAIN AGFsaWNlQGEuZXhhbXBsZQB3cm9uZy1zZWNyZXQ=
S: -ERR [AUTH] *
C: AUTH PLAIN !!!!
S: -ERR *
C: AUTH PLAIN =
S: -ERR *
C: AUTH PLAIN
S: + 
C: *
S: -ERR *
C: AUTH PLAIN
S: + 
C: no base64
S: -ERR *
C: AUTH CRAM-MD5
S: -ERR *
C: AUTH PLAIN a b
S: -ERR *
C: auth plain
S: + 
C: AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S: +OK 5 messages (*
C: AUTH PLAIN AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S: -ERR *
