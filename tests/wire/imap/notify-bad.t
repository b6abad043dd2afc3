# RFC 5465 §3.1 BADEVENT, §5 events that go together, §6.1 what SELECTED takes, §8 grammar
OPTION: tls
S: * OK [CAPABILITY *] ready
C: x NOTIFY NONE
S: x BAD *
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b NOTIFY
S: b BAD *
C: c NOTIFY SET
S: c BAD *
C: d NOTIFY SET STATUS
S: d BAD *
C: e NOTIFY NONE x
S: e BAD *
C: f NOTIFY SET (selected (AnnotationChange))
S: f NO [BADEVENT (MessageNew MessageExpunge FlagChange MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)] *
C: g NOTIFY SET (personal (X-Event))
S: g NO [BADEVENT (*)] *
C: h NOTIFY SET (personal (MessageNew))
S: h BAD *
C: i NOTIFY SET (personal (MessageExpunge))
S: i BAD *
C: j NOTIFY SET (personal (FlagChange))
S: j BAD *
C: k NOTIFY SET (selected (MailboxName))
S: k BAD *
C: l NOTIFY SET (selected NONE) (selected-delayed NONE)
S: l BAD *
C: m NOTIFY SET (personal (MessageNew (UID) MessageExpunge))
S: m BAD *
C: n NOTIFY SET (selected (MessageNew (NOTHING) MessageExpunge))
S: n BAD *
C: o NOTIFY SET (selected (MessageNew (UID MessageExpunge))
S: o BAD *
C: p NOTIFY SET (nobody (MailboxName))
S: p BAD *
C: q NOTIFY SET (mailboxes (MailboxName))
S: q BAD *
C: r NOTIFY SET (subtree () (MailboxName))
S: r BAD *
C: s NOTIFY SET (personal ())
S: s BAD *
C: t NOTIFY SET (personal (MailboxName)
S: t BAD *
C: u NOTIFY SET (inboxes (MailboxName))(personal NONE)
S: u BAD *
C: v NOTIFY SET (selected (MessageNew (BODY[] UID) MessageExpunge)) (inboxes NONE) (subtree-one Work (MailboxName))
S: v OK *
C: w notify set status (selected-delayed none)
S: w OK *
