# A relay asks strangers for AUTH and trusts the addresses it is told to (RFC 6409 §4.3, RFC 5321 §7.9).
O: role=relay
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
C: MAIL FROM:<alice@a.example>
S: 530 5.7.0 *
C: QUIT
S: 221 2.0.0 *
X:
