# SMTPUTF8 (RFC 6531 §3.3 to §3.5): addresses in UTF-8, only where announced.
H: rcpt <ボブ@例え.example> 250 2.1.5 Ok
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
C: MAIL FROM:<アリス@b.example>
S: 553 5.6.7 *
C: MAIL FROM:<alice@b.example>
S: 250 2.1.0 *
C: RCPT TO:<ボブ@例え.example>
S: 553 5.6.7 *
C: RSET
S: 250 2.0.0 *
R: rset
C: MAIL FROM:<アリス@b.example> SMTPUTF8
S: 250 2.1.0 *
C: RCPT TO:<ボブ@例え.example>
S: 250 2.1.5 *
C: RCPT TO:<a<xe3><x81>@a.example>
S: 500 5.5.2 *
C: DATA
S: 354 *
C: Subject: 件名
C: .
S: 250 2.0.0 *
M: <アリス@b.example> SMTPUTF8 | <ボブ@例え.example>
B: Subject: 件名
C: MAIL FROM:<alice@b.example> SMTPUTF8=1
S: 501 5.5.4 *
C: MAIL FROM:<alice@b.example> SMTPUTF8 SMTPUTF8
S: 501 5.5.4 *
C: QUIT
S: 221 2.0.0 *
X:
