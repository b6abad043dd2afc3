# RFC 6856 §2 UTF8: in AUTHORIZATION, without arguments; messages as they are
OPTION: tls
S: +OK *ready
C: UTF8 please
S: -ERR *
C: UTF8
S: +OK *
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: RETR 4
S: +OK 27 octets
S: Subject: 会議
S: 
S: 本文
S: .
