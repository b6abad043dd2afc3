# The host may refuse a name (RFC 5321 §4.1.4); the client may give another.
H: hello 550 5.7.1 Not with that name
S: 220 mx.a.example ESMTP *
C: EHLO evil.example
S: 550 5.7.1 Not with that name
C: MAIL FROM:<alice@b.example>
S: 503 5.5.1 *
C: QUIT
S: 221 2.0.0 *
X:
