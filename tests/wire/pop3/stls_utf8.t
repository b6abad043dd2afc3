# RFC 6856 §2.1: no STLS after UTF8
S: +OK *ready
C: UTF8
S: +OK *
C: STLS
S: -ERR *
C: QUIT
S: +OK *
X:
