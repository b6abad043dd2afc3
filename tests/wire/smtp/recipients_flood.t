# A client that goes on and on with recipients is sent away (RFC 5321 §4.5.3.1.10, §7.8).
L: recipient_failures_max=1000
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
C*500: RCPT TO:<u<i>@a.example>
C*100: RCPT TO:<bob@a.example>
C*600: RCPT TO:<alice@a.example>
S: 250 2.1.0 *
S*500: 550 5.1.1 *
S*100: 250 2.1.5 *
S*500: 452 4.5.3 *
S: 421 4.7.0 *
X:
