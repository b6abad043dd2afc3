# RFC 6856 §2.1, §5 [UTF8], where an operator wants it so: an internationalised header only in UTF-8 mode
OPTION: tls
OPTION: refuse-utf8
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: RETR 4
S: -ERR [UTF8] *
C: TOP 4 0
S: -ERR [UTF8] *
C: RETR 3
S: +OK *
S~: .
C: QUIT
S: +OK *
X:
S2: +OK *ready
C2: UTF8
S2: +OK *
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: +OK 5 *
C2: RETR 4
S2: +OK 27 octets
S2~: .
