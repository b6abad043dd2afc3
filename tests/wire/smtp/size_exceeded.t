# A message over the limit is read to its end and refused (RFC 1870 §6.3); one of exactly the limit is not.
L: size_max=100
S: 220 mx.a.example ESMTP *
C: EHLO client.example
S: 250-mx.a.example
S: 250-PIPELINING
S: 250-SIZE 100
S: 250-8BITMIME
S: 250-SMTPUTF8
S: 250-CHUNKING
S: 250-BINARYMIME
S: 250-ENHANCEDSTATUSCODES
S: 250-DSN
S: 250-STARTTLS
S: 250-LIMITS MAILMAX=1000 RCPTMAX=100
S: 250 HELP
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: <repeat 98 x>
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: <repeat 98 x>
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: <repeat 99 x>
C: .
S: 552 5.3.4 *
R: too_large
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: <repeat 5000 x>
C: ..
C: .
C: NOOP
S: 552 5.3.4 *
S: 250 2.0.0 *
R: too_large
C: QUIT
S: 221 2.0.0 *
X:
