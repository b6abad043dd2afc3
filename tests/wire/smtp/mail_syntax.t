# MAIL's argument (RFC 5321 §4.1.1.2, §4.1.2, §4.5.3.1).
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
C: MAIL 
S: 501 5.5.4 *
C: MAIL TO:<a@b.example>
S: 501 5.5.4 *
C: MAIL FROM:
S: 501 5.1.7 *
C: MAIL FROM:a@b.example
S: 501 5.1.7 *
C: MAIL FROM:<a@b.example
S: 501 5.1.7 *
C: MAIL FROM:<a b@b.example>
S: 501 5.1.7 *
C: MAIL FROM:<a@>
S: 501 5.1.7 *
C: MAIL FROM:<@b.example>
S: 501 5.1.7 *
C: MAIL FROM:<a>
S: 501 5.1.7 *
C: MAIL FROM:<a@b..example>
S: 501 5.1.7 *
C: MAIL FROM:<a@-b.example>
S: 501 5.1.7 *
C: MAIL FROM:<a@[300.1.1.1]>
S: 501 5.1.7 *
C: MAIL FROM:<a@b.example>SIZE=1
S: 501 5.1.7 *
C: MAIL FROM:<<repeat 300 a>@b.example>
S: 501 5.1.7 *
C: MAIL FROM:<a@<repeat 64 b>.example>
S: 501 5.1.7 *
C: MAIL FROM:<"a"b@b.example>
S: 501 5.1.7 *
C: MAIL FROM:<"a@b.example>
S: 501 5.1.7 *
C: MAIL FROM:<a@b.example> FOO=1
S: 555 5.5.4 *
C: MAIL FROM:<a@b.example> SIZE
S: 501 5.5.4 *
C: QUIT
S: 221 2.0.0 *
X:
