# RFC 9051 §6.2.3 LOGIN, with literals (RFC 7888 §3)
OPTION: tls
S: * OK *
C: a LOGIN alice@a.example wrong
S: a NO [AUTHENTICATIONFAILED] *
C: b LOGIN {15}
S: + OK
C: alice@a.example {6}
S: + OK
C: secret
S: b OK [CAPABILITY *] *
C: c LOGIN alice@a.example secret
S: c BAD *
