# What the host decides is what the client hears (RFC 5321 §4.2), several lines included (§4.2.1).
H: mail <banned@b.example> 451 4.7.1 Try again later
H: rcpt <bob@a.example> 452 4.2.2 Mailbox full
H: data 451 4.3.0 Cannot take it now
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
C: MAIL FROM:<banned@b.example>
S: 451 4.7.1 Try again later
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<bob@a.example>
S: 452 4.2.2 Mailbox full
C: RCPT TO:<alice@a.example>
S: 250 2.1.5 *
C: DATA
S: 451 4.3.0 Cannot take it now
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: QUIT
S: 221 2.0.0 *
X:
