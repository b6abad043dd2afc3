# RFC 2342 §5, RFC 9051 §6.3.10 NAMESPACE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b NAMESPACE
S: * NAMESPACE (("" "/")) (("Other Users/" "/")) (("Shared/" "/"))
S: b OK *
