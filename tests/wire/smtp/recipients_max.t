# 100 recipients are taken (RFC 5321 §4.5.3.1.8); more are told to come later (§4.5.3.1.10).
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
C*100: RCPT TO:<bob@a.example>
C*20: RCPT TO:<alice@a.example>
S: 250 2.1.0 *
S*100: 250 2.1.5 *
S*20: 452 4.5.3 *
C: QUIT
S: 221 2.0.0 *
X:
