# Command lines over the limit are refused and skipped to their end (RFC 5321 §4.5.3.1.4, §4.2.4).
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
C: NOOP <repeat 2041 x>
S: 250 2.0.0 *
C: NOOP <repeat 2042 x>
S: 500 5.5.2 *
C: NOOP <repeat 100000 x>
S: 500 5.5.2 *
C: NOOP
S: 250 2.0.0 *
C: QUIT
S: 221 2.0.0 *
X:
