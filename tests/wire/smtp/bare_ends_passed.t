# Where the host wants bare line ends, they are passed on, and still end nothing (RFC 5321 §2.3.8).
L: bare_ends=passed
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
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: a<LF>.<LF>b<CR>c
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: a<LF>.<LF>b<CR>c
C: QUIT
S: 221 2.0.0 *
X:
