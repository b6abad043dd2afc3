# RFC 5465 §5.4 MailboxName, §5.5 SubscriptionChange, §5.6 MailboxMetadataChange, §5.7 ServerMetadataChange, §6.2 PERSONAL, §6.4 SUBSCRIBED
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: b NOTIFY SET (personal (MailboxName SubscriptionChange MailboxMetadataChange ServerMetadataChange)) (subscribed (MessageNew MessageExpunge))
S: b OK *
C2: a LOGIN alice@a.example secret
S2~: a OK *
C2: b UNSUBSCRIBE INBOX
S2: b OK *
S: * LIST (\HasNoChildren) "/" INBOX
C2: c APPEND INBOX {12+}
C2: Subject: n
C2: 
S2: c OK *
C2: d SUBSCRIBE INBOX
S2: d OK *
S: * LIST (\HasNoChildren \Subscribed) "/" INBOX
C2: e APPEND INBOX {12+}
C2: Subject: n
C2: 
S2: e OK *
S: * STATUS INBOX (MESSAGES 5 UIDNEXT 6 UIDVALIDITY 1)
C2: f RENAME Work Play
S2: f OK *
S: * LIST (\HasChildren) "/" Play ("OLDNAME" (Work))
C2: g DELETE Sent
S2: g OK *
S: * LIST (\NonExistent) "/" Sent
C2: h SETMETADATA INBOX (/private/comment "x" /private/other "y")
S2: h OK *
S: * METADATA INBOX /private/comment /private/other
C2: i SETMETADATA INBOX (/private/comment NIL /private/other "y")
S2: i OK *
S: * METADATA INBOX /private/comment
C2: j SETMETADATA "" (/private/color "red")
S2: j OK *
S: * METADATA "" /private/color
C: c SUBSCRIBE Play
S: c OK *
C: d DELETE Play/&Z3FOrA-
S: d OK *
C: e SETMETADATA INBOX (/private/comment "mine")
S: e OK *
C: f NOOP
S: f OK *
C: g NOTIFY NONE
S: g OK *
C2: k UNSUBSCRIBE INBOX
S2: k OK *
C: h NOOP
S: h OK *
