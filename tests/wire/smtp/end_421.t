# The host may end the session with any answer (RFC 5321 §3.8).
H: end 421 4.3.2 Shutting down
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
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 250 2.1.5 *
C: DATA
S: 354 *
C: hi
C: .
C: QUIT
S: 421 4.3.2 Shutting down
X:
