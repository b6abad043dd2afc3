# RFC 3501 §6.3.9 LSUB; RFC 9051 §6.3.7, §6.3.8 SUBSCRIBE and UNSUBSCRIBE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b LSUB "" *
S: * LSUB () "/" INBOX
S: b OK *
C: c SUBSCRIBE Work/&Z3FOrA-
S: c OK *
C: d LSUB "" *
S: * LSUB () "/" INBOX
S: * LSUB () "/" Work/&Z3FOrA-
S: d OK *
C: e UNSUBSCRIBE INBOX
S: e OK *
C: f LSUB "" %
S: f OK *
C: g SUBSCRIBE Nothing
S: g NO [NONEXISTENT] *
