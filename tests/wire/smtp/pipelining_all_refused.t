# DATA pipelined behind recipients of whom none is accepted gets no 354 (RFC 2920 §3.1).
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
C: MAIL FROM:<alice@b.example>
C: RCPT TO:<nobody@a.example>
C: RCPT TO:<other@c.example>
C: DATA
S: 250 2.1.0 *
S: 550 5.1.1 *
S: 550 5.7.1 *
S: 554 5.5.1 *
C: RSET
S: 250 2.0.0 *
R: rset
C: QUIT
S: 221 2.0.0 *
X:
