# AUTH is not allowed in a transaction (RFC 4954 §3).
O: role=relay tls=active peer=trusted
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
S: 250-AUTH SCRAM-SHA-256 PLAIN LOGIN
S: 250-LIMITS MAILMAX=1000 RCPTMAX=100
S: 250 HELP
C: MAIL FROM:<alice@a.example>
S: 250 2.1.0 *
C: AUTH PLAIN <base64 <NUL>alice<NUL>wonderland>
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
