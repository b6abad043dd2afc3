# Too busy to talk (RFC 5321 §3.1, §3.8).
H: connect 421 4.3.2 Too many connections
S: 421 4.3.2 Too many connections
X:
