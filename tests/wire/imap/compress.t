# RFC 4978 §3 COMPRESS; RFC 8437 §4.1 UNAUTHENTICATE ends it
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a COMPRESS DEFLATE
S: a BAD *
C: b LOGIN alice@a.example secret
S: b OK [CAPABILITY *] *
C: c CAPABILITY
S: * CAPABILITY * COMPRESS=DEFLATE *
S: c OK *
C: d COMPRESS
S: d BAD *
C: e COMPRESS LZS
S: e BAD *
C: f COMPRESS deflate
S: f OK *
Z: on
C: g NOOP
S: g OK *
C: h COMPRESS DEFLATE
S: h BAD [COMPRESSIONACTIVE] *
C: i SELECT INBOX
S~: i OK [READ-WRITE] *
C: j FETCH 1 (BODY.PEEK[TEXT])
S: * 1 FETCH (BODY[TEXT] {15}
S: Hello, world.
S: )
S: j OK *
C: k UNAUTHENTICATE
S: k OK *
Z: off
C: l LOGIN alice@a.example secret
S: l OK [CAPABILITY *] *
C: m COMPRESS DEFLATE
S: m OK *
Z: on
C: n LOGOUT
S: * BYE *
S: n OK *
X:
