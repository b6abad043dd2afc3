# RFC 9698 §3 GETJMAPACCESS where no JMAP server is known
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b GETJMAPACCESS
S: b BAD *
