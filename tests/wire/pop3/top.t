# RFC 1939 §7 TOP: the header, the empty line, so many lines of the body
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: TOP 2 0
S: +OK *
S: From: bob@b.example
S: Subject: Report
S: 
S: .
C: TOP 2 3
S: +OK *
S: From: bob@b.example
S: Subject: Report
S: 
S: Line one
S: Line two
S: 
S: .
C: TOP 3 2
S: +OK *
S: Subject: Dots
S: 
S: ..
S: ...two
S: .
C: TOP 5 10
S: +OK *
S: Subject: header only
S: .
C: TOP 2
S: -ERR *
C: TOP 2 x
S: -ERR *
C: TOP 2 -1
S: -ERR *
C: TOP 9 1
S: -ERR *
