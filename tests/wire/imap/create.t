# RFC 9051 §6.3.4 CREATE, RFC 6154 §3 USE, RFC 8474 §4.1 MAILBOXID
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b CREATE Drafts (USE (\Drafts))
S: b OK [MAILBOXID (*)] *
C: c CREATE drafts/
S: c OK *
C: d CREATE INBOX
S: d NO [ALREADYEXISTS] *
C: e CREATE x (USE (\Nonsense))
S: e NO [USEATTR] *
C: f LIST (SPECIAL-USE) "" Dr*
S: * LIST (\Drafts \HasNoChildren) "/" Drafts
S: f OK *
C: g CREATE "a	b"
S: g BAD *
C: h CREATE {2}
S: + OK
C: h2
S: h OK *
