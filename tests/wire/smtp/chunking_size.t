# The size limit holds over all chunks (RFC 3030 §2, RFC 1870 §6.3); a chunk far over it is not read.
L: size_max=100 size_slack=1000
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
C: BDAT 80
C- <repeat 80 x>
C: BDAT 21
C- <repeat 21 x>
C: BDAT 1 LAST
C- x
S: 250 2.0.0 *
S: 552 5.3.4 *
S: 503 5.5.1 *
R: too_large
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: BDAT 100000 LAST
S: 421 4.3.4 *
X:
