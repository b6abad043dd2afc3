# Malformed DSN parameters (RFC 3461 §4, §4.1 to §4.4).
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
C: MAIL FROM:<alice@b.example> RET=ALL
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> RET
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> RET=FULL RET=FULL
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> ENVID
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> ENVID=
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> ENVID=a+0
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> ENVID=a+0D+0A
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> ENVID=<repeat 101 a>
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example> NOTIFY
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> NOTIFY=
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> NOTIFY=NEVER,SUCCESS
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> NOTIFY=SUCCESS,
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> NOTIFY=OFTEN
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> NOTIFY=DELAY NOTIFY=DELAY
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> ORCPT=bob
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> ORCPT=;bob
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> ORCPT=rfc822;
S: 501 5.5.4 *
C: RCPT TO:<bob@a.example> ORCPT=rfc822;a+zz
S: 501 5.5.4 *
C: QUIT
S: 221 2.0.0 *
X:
