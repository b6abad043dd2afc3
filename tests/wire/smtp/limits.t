# LIMITS (RFC 9422 §4.1): transactions beyond MAILMAX are told to come later.
L: transactions_max=2
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
S: 250-LIMITS MAILMAX=2 RCPTMAX=100
S: 250 HELP
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: RSET
S: 250 2.0.0 *
R: rset
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: RSET
S: 250 2.0.0 *
R: rset
C: MAIL FROM:<alice@b.example>
S: 452 4.5.3 *
C: QUIT
S: 221 2.0.0 *
X:
