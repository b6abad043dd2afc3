# BDAT (RFC 3030 §2, §4.1, §4.2), pipelined; chunks may end within a CRLF, dots mean nothing.
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
C: RCPT TO:<bob@a.example>
C: BDAT 6
C- .<CR><LF>ab<CR>
C: BDAT 4
C- <LF>cd<CR>
C: BDAT 1 LAST
C- <LF>
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.0.0 6 octets received
S: 250 2.0.0 10 octets received
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: .
B: ab
B: cd
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: BDAT 3
C- a<CR><LF>
S: 250 2.0.0 *
C: bdat 0 last
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
B: a
C: QUIT
S: 221 2.0.0 *
X:
