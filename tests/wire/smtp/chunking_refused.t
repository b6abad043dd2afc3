# The host refuses a message at its first chunk; its octets are skipped (RFC 3030 §2).
H: data 452 4.3.1 Disk full
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
C: BDAT 6
C: QUIT
C: BDAT 6 LAST
C: QUIT
S: 452 4.3.1 Disk full
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
