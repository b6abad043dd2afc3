# AUTH SCRAM-SHA-256 (RFC 5802 §5, RFC 7677): unknown users get a challenge as all others do.
O: role=submission tls=active
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
C: AUTH SCRAM-SHA-256 <base64 n,,n=nobody,r=abcdef>
S: 334 cj1hYmNkZWZ*
C: <base64 c=biws,r=abcdef,p=AAAA>
S: 501 5.5.2 *
C: QUIT
S: 221 2.0.0 *
X:
