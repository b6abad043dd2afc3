# A client that makes nothing but errors is sent away (RFC 5321 §7.8, §3.8).
L: errors_max=3
S: 220 mx.a.example ESMTP *
C: FOO
C: BAR
C: RCPT TO:<bob@a.example>
C: BAZ
C: NOOP
S: 500 5.5.1 *
S: 500 5.5.1 *
S: 503 5.5.1 *
S: 421 4.7.0 *
X:
