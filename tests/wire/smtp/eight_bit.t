# 8BITMIME (RFC 6152): the parameter is passed on; 8-bit text arrives as it is.
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
C: MAIL FROM:<alice@b.example> BODY=8BITMIME
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: 日本語<xff>
C: .
S: 250 2.0.0 *
M: <alice@b.example> BODY=8BITMIME | <bob@a.example>
B: 日本語<xff>
C: MAIL FROM:<alice@b.example> BODY=9BIT
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> BODY
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> body=7bit BODY=7BIT
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> body=7bit
S: 250 2.1.0 *
C: QUIT
S: 221 2.0.0 *
X:
