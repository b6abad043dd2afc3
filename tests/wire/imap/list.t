# RFC 9051 §6.3.9 LIST; RFC 3501 §5.1.3 modified UTF-7; RFC 5258, 5819, 6154
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b LIST "" ""
S: * LIST (\Noselect) "/" ""
S: b OK *
C: c LIST "" *
S: * LIST (\HasNoChildren) "/" INBOX
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: * LIST (\HasChildren) "/" Work
S: * LIST (\HasNoChildren) "/" Work/&Z3FOrA-
S: c OK *
C: d LIST "" %
S: * LIST (\HasNoChildren) "/" INBOX
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: * LIST (\HasChildren) "/" Work
S: d OK *
C: e LIST Work/ %
S: * LIST (\HasNoChildren) "/" Work/&Z3FOrA-
S: e OK *
C: f LIST "" inbox
S: * LIST (\HasNoChildren) "/" INBOX
S: f OK *
C: g LIST (SUBSCRIBED) "" *
S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
S: g OK *
C: h LIST "" (INBOX "Se%") RETURN (STATUS (MESSAGES UNSEEN))
S: * LIST (\HasNoChildren) "/" INBOX
S: * STATUS INBOX (MESSAGES 3 UNSEEN 2)
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: * STATUS Sent (MESSAGES 0 UNSEEN 0)
S: h OK *
C: i LIST (SPECIAL-USE) "" * RETURN (CHILDREN)
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: i OK *
C: j LIST (RECURSIVEMATCH) "" *
S: j BAD *
C: k LIST "" &Jjo
S: k BAD *
C: l ENABLE UTF8=ACCEPT
S: * ENABLED UTF8=ACCEPT
S: l OK *
C: m LIST "" Work/*
S: * LIST (\HasNoChildren) "/" "Work/東京"
S: m OK *
