# Reverse-paths of all kinds (RFC 5321 §4.1.2, §4.5.5): null, quoted, source routes, literals, VERP.
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
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <> | <bob@a.example>
C: MAIL FROM:<alice@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
C: MAIL FROM:<"alice smith"@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <"alice smith"@b.example> | <bob@a.example>
C: MAIL FROM:<"alice"@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
C: MAIL FROM:<@x.example,@y.example:alice@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@b.example> | <bob@a.example>
C: MAIL FROM:<alice@[192.0.2.1]>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@[192.0.2.1]> | <bob@a.example>
C: MAIL FROM:<alice@[IPv6:2001:db8::1]>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice@[IPv6:2001:db8::1]> | <bob@a.example>
C: MAIL FROM:<alice+tag=x@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <alice+tag=x@b.example> | <bob@a.example>
C: MAIL FROM:<a..b.@docomo.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <"a..b."@docomo.example> | <bob@a.example>
C: MAIL FROM:<<repeat 100 v>@b.example>
C: RCPT TO:<bob@a.example>
C: DATA
S: 250 2.1.0 *
S: 250 2.1.5 *
S: 354 *
C: .
S: 250 2.0.0 *
M: <vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv@b.example> | <bob@a.example>
C: QUIT
S: 221 2.0.0 *
X:
