# Commands out of order (RFC 5321 §4.1.4).
S: 220 mx.a.example ESMTP *
C: MAIL FROM:<alice@b.example>
S: 503 5.5.1 *
C: RCPT TO:<bob@a.example>
S: 503 5.5.1 *
C: DATA
S: 503 5.5.1 *
C: NOOP
S: 250 2.0.0 *
C: RSET
S: 250 2.0.0 *
C: VRFY bob
S: 252 2.5.0 *
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
C: RCPT TO:<bob@a.example>
S: 503 5.5.1 *
C: DATA
S: 503 5.5.1 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: MAIL FROM:<alice@b.example>
S: 503 5.5.1 *
C: STARTTLS
S: 503 5.5.1 *
C: DATA
S: 554 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
