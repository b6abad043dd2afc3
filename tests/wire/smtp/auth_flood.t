# Guessing is cut off (RFC 4954 §9 on password guessing).
O: role=submission tls=active
L: auth_failures_max=2
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
C: AUTH PLAIN <base64 <NUL>alice<NUL>a>
S: 535 5.7.8 *
C: AUTH PLAIN <base64 <NUL>alice<NUL>b>
S: 535 5.7.8 *
C: AUTH PLAIN <base64 <NUL>alice<NUL>c>
S: 421 4.7.0 *
X:
