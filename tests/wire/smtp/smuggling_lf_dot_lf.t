# Smuggling by LF.LF: it is no end of data, and the message that holds it is refused as a whole
# (RFC 5321 §2.3.8, §4.1.1.4).
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
C- safe<LF>.<LF>
C: MAIL FROM:<evil@b.example>
C: RCPT TO:<alice@a.example>
C: DATA
C: smuggled
C: .
S: 554 5.6.0 *
R: bare_line_ending
C: NOOP
S: 250 2.0.0 *
C: QUIT
S: 221 2.0.0 *
X:
