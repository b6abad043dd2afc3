# A group whose MAIL is refused fails as a whole (RFC 2920 §3.1, RFC 5321 §4.1.4).
H: mail <spam@b.example> 550 5.7.1 Not you
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
C: MAIL FROM:<spam@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 550 5.7.1 Not you
S: 503 5.5.1 *
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
