# RFC 2449 §6.2 USER and §6.3 SASL under TLS, also after login; RFC 8314 §3.1: no STLS there
OPTION: tls
S: +OK *ready
C: CAPA
S: +OK *
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S: USER
S: SASL *PLAIN LOGIN
S: EXPIRE NEVER
S~: IMPLEMENTATION *
S: .
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 *
C: capa
S: +OK *
S~: USER
S: SASL *PLAIN LOGIN
S: EXPIRE NEVER
S~: .
