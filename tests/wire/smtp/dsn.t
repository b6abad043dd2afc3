# DSN parameters (RFC 3461 §4.1 to §4.4, xtext §4): passed on as they are.
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
C: MAIL FROM:<alice@b.example> RET=HDRS ENVID=QQ314159+3D
C: RCPT TO:<bob@a.example> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Bx@a.example
C: RCPT TO:<alice@a.example> NOTIFY=NEVER
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@b.example> RET=HDRS ENVID=QQ314159+3D | <bob@a.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;Bob+2Bx@a.example | <alice@a.example> NOTIFY=NEVER
C: QUIT
S: 221 2.0.0 *
X:
