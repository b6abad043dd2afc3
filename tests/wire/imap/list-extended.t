# RFC 5258 §3 selection and return options, §3.5 CHILDINFO; RFC 9051 §6.3.9.6: not where the inferior is told itself; RFC 3348 §3
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY * CHILDREN * LIST-EXTENDED *] *
C: b SUBSCRIBE Work/&Z3FOrA-
S: b OK *
C: c LIST (SUBSCRIBED RECURSIVEMATCH) "" %
S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
S: * LIST (\HasChildren) "/" Work ("CHILDINFO" ("SUBSCRIBED"))
S: c OK *
C: d LIST (SUBSCRIBED RECURSIVEMATCH) "" *
S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
S: * LIST (\HasNoChildren \Subscribed) "/" Work/&Z3FOrA-
S: d OK *
C: e SUBSCRIBE Work
S: e OK *
C: f LIST (SUBSCRIBED REMOTE RECURSIVEMATCH) "" (W% Nothing)
S: * LIST (\HasChildren \Subscribed) "/" Work ("CHILDINFO" ("SUBSCRIBED"))
S: f OK *
C: g LIST (SUBSCRIBED) "" W%
S: * LIST (\HasChildren \Subscribed) "/" Work
S: g OK *
C: h LIST () "" (INBOX Sent) RETURN (SUBSCRIBED CHILDREN SPECIAL-USE)
S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: h OK *
C: i LIST (REMOTE) "" INBOX RETURN ()
S: * LIST (\HasNoChildren) "/" INBOX
S: i OK *
C: j LIST (REMOTE RECURSIVEMATCH) "" *
S: j BAD *
C: k LIST (SPECIAL-USE RECURSIVEMATCH) "" *
S: k BAD *
C: l LIST (NOTHING) "" *
S: l BAD *
C: m LIST "" * RETURN (NOTHING)
S: m BAD *
C: n LIST "" * RETURN (STATUS)
S: n BAD *
C: o LIST "" () RETURN (SUBSCRIBED)
S: o BAD *
C: p LIST (SUBSCRIBED "" *
S: p BAD *
C: q UNSUBSCRIBE Work/&Z3FOrA-
S: q OK *
C: r LIST (SUBSCRIBED RECURSIVEMATCH) "" W%
S: * LIST (\HasChildren \Subscribed) "/" Work
S: r OK *
