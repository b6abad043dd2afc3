# Forward-paths (RFC 5321 §4.1.1.3): postmaster without a domain, case, quoting, source routes; what is none.
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
C: MAIL FROM:<>
S: 250 2.1.0 *
C: RCPT TO:<Postmaster>
S: 250 2.1.5 *
C: RCPT TO:<postmaster@a.example>
S: 250 2.1.5 *
C: RCPT TO:<BOB@A.EXAMPLE>
S: 250 2.1.5 *
C: RCPT TO:<"bob"@a.example>
S: 250 2.1.5 *
C: RCPT TO:<@relay.example:bob@a.example>
S: 250 2.1.5 *
C: RCPT TO:<"b\ob"@a.example>
S: 250 2.1.5 *
C: RCPT TO:<>
S: 501 5.1.3 *
C: RCPT TO:<bob>
S: 501 5.1.3 *
C: RCPT TO:bob@a.example
S: 501 5.1.3 *
C: RCPT TO:<bob@a.example>x
S: 501 5.1.3 *
C: RCPT TO:<<repeat 65 b>@a.example>
S: 501 5.1.3 *
C: RCPT TO:<bob@a.example> FOO
S: 555 5.5.4 *
C: RCPT TO:<carol@a.example>
S: 550 5.1.1 *
C: RCPT TO:<bob@c.example>
S: 550 5.7.1 *
C: DATA
S: 354 *
C: .
S: 250 2.0.0 *
M: <> | <postmaster> | <postmaster@a.example> | <BOB@A.EXAMPLE> | <bob@a.example> | <bob@a.example> | <bob@a.example>
C: QUIT
S: 221 2.0.0 *
X:
