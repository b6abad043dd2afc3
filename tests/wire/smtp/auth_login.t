# AUTH LOGIN, with and without the name up front (RFC 4954 §4 for the exchange).
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
C: AUTH LOGIN
S: 334 <base64 Username:>
C: <base64 alice>
S: 334 <base64 Password:>
C: <base64 oops>
S: 535 5.7.8 *
C: AUTH LOGIN <base64 bob>
S: 334 <base64 Password:>
C: <base64 builder>
S: 235 2.7.0 *
C: QUIT
S: 221 2.0.0 *
X:
