# RFC 2449 §6.6 PIPELINING: answers in order, login and QUIT included
OPTION: tls
S: +OK *ready
C: USER alice@a.example
C: PASS secret
C: STAT
C: RETR 3
C: DELE 3
C: LIST 3
C: TOP 2 0
C: UIDL 1
C: QUIT
C: STAT
S: +OK *
S: +OK 5 messages (368 octets)
S: +OK 5 368
S: +OK 45 octets
S: Subject: Dots
S: 
S: ..
S: ...two
S: middle.dot
S: ..end
S: .
S: +OK *
S: -ERR *
S: +OK *
S: From: bob@b.example
S: Subject: Report
S: 
S: .
S: +OK 1 *-1
S: +OK *
X:
