# Verbs in any case, trailing space, unknown ones (RFC 5321 §2.4, §4.1.1, §4.2.4).
S: 220 mx.a.example ESMTP *
C: eHlO client.example
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
C: mail from:<alice@b.example><SP><SP>
S: 250 2.1.0 *
C: Rcpt To: <bob@a.example>
S: 250 2.1.5 *
C: rset<SP>
S: 250 2.0.0 *
R: rset
C: noop whatever you say
S: 250 2.0.0 *
C: FOO
S: 500 5.5.1 *
C: MAILFROM:<a@b.example>
S: 500 5.5.1 *
C: STARTTLX
S: 500 5.5.1 *
C: XCLIENT NAME=evil.example
S: 500 5.5.1 *
C: 
S: 500 5.5.1 *
C: <SP>NOOP
S: 500 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
