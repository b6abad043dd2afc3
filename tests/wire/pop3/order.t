# RFC 1939 §4, §5: commands of the other state; those that are none; LAST is gone, APOP not offered
OPTION: tls
S: +OK *ready
C: STAT
S: -ERR *
C: LIST
S: -ERR *
C: RETR 1
S: -ERR *
C: DELE 1
S: -ERR *
C: RSET
S: -ERR *
C: UIDL
S: -ERR *
C: TOP 1 1
S: -ERR *
C: APOP alice@a.example c4c9334bac560ecc979e58001b3e22fb
S: -ERR *
C: XTND
S: -ERR *
C: 
S: -ERR *
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 *
C: LAST
S: -ERR *
C: UTF8
S: -ERR *
C: STATS
S: -ERR *
