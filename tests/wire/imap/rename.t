# RFC 9051 §6.3.6 RENAME
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b RENAME Sent "Sent Mail"
S: b OK *
C: c RENAME Sent x
S: c NO [NONEXISTENT] *
C: d RENAME Work INBOX
S: d NO [ALREADYEXISTS] *
C: e LIST "" S*
S: * LIST (\Sent \HasNoChildren) "/" "Sent Mail"
S: e OK *
