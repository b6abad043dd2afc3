# HELP, VRFY and EXPN (RFC 5321 §4.1.1.6 to §4.1.1.8, §7.3), and commands long gone (Appendix F).
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
C: HELP
S: 214 2.0.0 *
C: HELP MAIL
S: 214 2.0.0 *
C: VRFY bob
S: 252 2.5.0 *
C: VRFY nobody
S: 252 2.5.0 *
C: VRFY
S: 501 5.5.4 *
C: EXPN staff
S: 502 5.5.1 *
C: TURN
S: 502 5.5.1 *
C: ETRN a.example
S: 502 5.5.1 *
C: SEND FROM:<a@b.example>
S: 502 5.5.1 *
C: SOML FROM:<a@b.example>
S: 502 5.5.1 *
C: SAML FROM:<a@b.example>
S: 502 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
