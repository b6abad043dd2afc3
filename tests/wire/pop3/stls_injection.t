# RFC 2595 §4: what was pipelined behind STLS in clear is thrown away, and USER before it does not count
S: +OK *ready
C: LANG ja
S: +OK ja *
C: STLS
C: USER alice@a.example
C: DELE 1
S: +OK *
T:
C: PASS secret
S: -ERR USER comes first
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (368 octets)
