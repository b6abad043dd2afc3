# A line without end is not waited for (RFC 5321 §4.5.3.1).
S: 220 mx.a.example ESMTP *
C- <repeat 131072 x>
S: 421 4.5.2 *
X:
