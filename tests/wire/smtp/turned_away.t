# A client that is turned away in the greeting may only QUIT (RFC 5321 §3.1).
H: connect 554 5.7.1 No service for you
S: 554 5.7.1 No service for you
C: EHLO client.example
S: 503 5.5.1 *
C: NOOP
S: 503 5.5.1 *
C: BDAT 6
C: QUIT
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
