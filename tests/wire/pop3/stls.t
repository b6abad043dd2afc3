# RFC 2595 §4 STLS: in AUTHORIZATION only, once, and CAPA changes
S: +OK *ready
C: STLS now
S: -ERR *
C: STLS
S: +OK *
T:
C: STLS
S: -ERR *
C: CAPA
S: +OK *
S~: USER
S~: EXPIRE NEVER
S: UTF8
S~: .
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: STLS
S: -ERR *
