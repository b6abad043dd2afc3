# RFC 5161 §3.1, RFC 9051 §6.3.1 ENABLE: only what is new is named
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b ENABLE CONDSTORE X-UNKNOWN
S: * ENABLED CONDSTORE
S: b OK *
C: c ENABLE CONDSTORE UTF8=ACCEPT
S: * ENABLED UTF8=ACCEPT
S: c OK *
C: d ENABLE QRESYNC IMAP4rev2
S: * ENABLED QRESYNC IMAP4rev2
S: d OK *
# RFC 5464 §4.1: METADATA responses that nobody asked for MAY be offered; NOTIFY tells of annotations here.
C: m ENABLE METADATA METADATA-SERVER
S: * ENABLED
S: m OK *
C: e ENABLE
S: e BAD *
