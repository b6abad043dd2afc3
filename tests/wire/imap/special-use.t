# RFC 6154 §2 SPECIAL-USE in LIST, §3 CREATE with USE and USEATTR
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY * CREATE-SPECIAL-USE * SPECIAL-USE *] *
C: b CREATE Entwurf (USE (\Drafts))
S: b OK *
C: c LIST (SPECIAL-USE) "" *
S: * LIST (\Drafts \HasNoChildren) "/" Entwurf
S: * LIST (\Sent \HasNoChildren) "/" Sent
S: c OK *
C: d CREATE Again (USE (\Sent))
S: d NO [USEATTR] *
C: e CREATE Two (USE (\Junk \Archive))
S: e NO [USEATTR] *
C: f CREATE Other (USE (\Unheard))
S: f NO [USEATTR] *
C: g CREATE Sent (USE (\Trash))
S: g NO [ALREADYEXISTS] *
C: h CREATE None (USE ())
S: h OK *
C: i CREATE Bad (USE \Sent)
S: i BAD *
C: j CREATE Bad (USED (\Sent))
S: j BAD *
C: k CREATE Bad (USE (\Sent)
S: k BAD *
C: l LIST "" (Again Two Other Bad)
S: l OK *
C: m LIST "" None RETURN (SPECIAL-USE)
S: * LIST (\HasNoChildren) "/" None
S: m OK *
