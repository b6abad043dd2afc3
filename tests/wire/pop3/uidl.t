# RFC 1939 §7 UIDL: unique, the same in another session
OPTION: tls
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: UIDL
S: +OK *
S: 1 ${v=}-1
S: 2 ${v}-2
S: 3 ${v}-3
S: 4 ${v}-4
S: 5 ${v}-5
S: .
C: UIDL 3
S: +OK 3 ${v}-3
C: UIDL 7
S: -ERR *
C: DELE 1
S: +OK *
C: UIDL 1
S: -ERR *
C: UIDL
S: +OK *
S: 2 ${v}-2
S~: .
C: QUIT
S: +OK *
X:
S2: +OK *ready
C2: USER alice@a.example
S2: +OK *
C2: PASS secret
S2: +OK 4 *
C2: UIDL
S2: +OK *
S2: 1 ${v}-2
S2: 2 ${v}-3
S2~: .
