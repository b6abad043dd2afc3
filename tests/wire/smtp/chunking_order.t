# BDAT out of order (RFC 3030 §2): the octets are skipped, never obeyed; DATA and BDAT don't mix.
S: 220 mx.a.example ESMTP *
C: BDAT 6 LAST
C: QUIT
S: 502 5.5.1 *
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
C: BDAT 6 LAST
C: QUIT
S: 503 5.5.1 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: BDAT 6 LAST
C: QUIT
S: 554 5.5.1 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: BDAT 3
C- x<CR><LF>
S: 250 2.0.0 *
C: DATA
S: 503 5.5.1 *
C: RCPT TO:<alice@a.example>
S: 503 5.5.1 *
C: MAIL FROM:<alice@b.example>
S: 503 5.5.1 *
C: BDAT 3 LAST
C- y<CR><LF>
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: x
B: y
C: BDAT 6 LAST
C: QUIT
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
