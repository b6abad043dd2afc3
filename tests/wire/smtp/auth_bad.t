# AUTH gone wrong (RFC 4954 §4): unknown mechanism, no base64, cancelled, too long, in a transaction.
O: role=submission tls=active
L: auth_failures_max=10
S: 220 mx.a.example ESMTP *
C: AUTH PLAIN
S: 503 5.5.1 *
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
C: AUTH
S: 501 5.5.4 *
C: AUTH CRAM-MD5
S: 504 5.5.4 *
C: AUTH OAUTHBEARER
S: 504 5.5.4 *
C: AUTH PLAIN !!!
S: 501 5.5.2 *
C: AUTH PLAIN =
S: 501 5.5.2 *
C: AUTH PLAIN
S: 334<SP>
C: *
S: 501 5.7.0 *
C: AUTH PLAIN
S: 334<SP>
C: not base64
S: 501 5.5.2 *
C: AUTH LOGIN
S: 334 *
C: <repeat 12287 A>
S: 500 5.5.6 *
C: AUTH PLAIN <repeat 12280 A>
S: 500 5.5.2 *
C: AUTH PLAIN <repeat 6000 A>
S: 501 5.5.2 *
C: AUTH PLAIN <base64 <NUL>alice<NUL>wonderland>
S: 235 2.7.0 *
C: QUIT
S: 221 2.0.0 *
X:
