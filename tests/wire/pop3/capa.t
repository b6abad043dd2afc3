# RFC 2449 §5 CAPA in both states, §6 its lines; RFC 2595 §4: STLS in clear and before login only
S: +OK *ready
C: CAPA
S: +OK *
S: TOP
S: UIDL
S: RESP-CODES
S: AUTH-RESP-CODE
S: PIPELINING
S~: STLS
S: EXPIRE NEVER
S: UTF8
S: LANG
S: IMPLEMENTATION *
S: .
C: CAPA x
S: -ERR *
