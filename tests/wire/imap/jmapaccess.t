# RFC 9698 §3 JMAPACCESS
OPTION: tls
OPTION: jmap_url https://mail.a.example/.well-known/jmap
S: * OK [CAPABILITY *] ready
C: a GETJMAPACCESS
S: a BAD *
C: b LOGIN alice@a.example secret
S: b OK [CAPABILITY * OBJECTID * JMAPACCESS*] *
C: c GETJMAPACCESS
S: * JMAPACCESS "https://mail.a.example/.well-known/jmap"
S: c OK *
C: d GETJMAPACCESS now
S: d BAD *
