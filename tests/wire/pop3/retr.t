# RFC 1939 §5 RETR, §3 byte-stuffing
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: RETR 2
S: +OK 73 octets
S: From: bob@b.example
S: Subject: Report
S: 
S: Line one
S: Line two
S: 
S: Line four
S: .
C: RETR 3
S: +OK 45 octets
S: Subject: Dots
S: 
S: ..
S: ...two
S: middle.dot
S: ..end
S: .
C: RETR 5
S: +OK 22 octets
S: Subject: header only
S: .
C: RETR 4 
S: +OK 27 octets
S~: .
C: RETR
S: -ERR *
C: RETR 6
S: -ERR *
C: RETR -1
S: -ERR *
C: RETR 1  2
S: -ERR *
