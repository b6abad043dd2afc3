# HELO (RFC 5321 §3.2, §4.1.1.1) has no extensions, so no parameters and no BDAT.
S: 220 mx.a.example ESMTP *
C: HELO client.example
S: 250 mx.a.example
C: MAIL FROM:<alice@b.example> SIZE=10
S: 555 5.5.4 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example> NOTIFY=NEVER
S: 555 5.5.4 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: BDAT 4 LAST
C- QUIT
S: 502 5.5.1 *
C: DATA
S: 354 *
C: hi
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: hi
C: QUIT
S: 221 2.0.0 *
X:
