# So is one that never sends mail (RFC 5321 §7.8); accepted mail starts the count anew.
L: chores_max=3
S: 220 mx.a.example ESMTP *
C: EHLO client.example
S: 250-mx.a.example
S: 250-PIPELINING
S: 250-SIZE 1000000
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-CHUNKING
S: 250-BINARYMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-STARTTLS
S: 250-LIMITS MAILMAX=1000 RCPTMAX=100
S: 250 HELP
C: NOOP
S: 250 2.0.0 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: NOOP
C: RSET
C: VRFY bob
C: HELP
S: 250 2.0.0 *
S: 250 2.0.0 *
S: 252 2.5.0 *
S: 421 4.7.0 *
R: rset
X:
