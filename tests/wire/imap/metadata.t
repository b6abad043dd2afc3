# RFC 5464 §4 GETMETADATA, SETMETADATA; RFC 9590 LIST-METADATA
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: d SETMETADATA INBOX (/private/comment "My own")
S: d OK *
C: e SETMETADATA INBOX (/private/values/small "SMALLER 5000" /private/values/boss/x ~{2}
S: + OK
C: xy /private/values "")
S: e OK *
C: f GETMETADATA (DEPTH 1) INBOX /private/values
S: * METADATA INBOX (/private/values "" /private/values/small "SMALLER 5000")
S: f OK *
C: g GETMETADATA INBOX (MAXSIZE 6 DEPTH infinity) (/private)
S: * METADATA INBOX (/private/comment "My own" /private/values "" /private/values/boss/x "xy")
S: g OK [METADATA LONGENTRIES 12] *
C: h GETMETADATA INBOX (/private/none /private/comment)
S: * METADATA INBOX (/private/comment "My own" /private/none NIL)
S: h OK *
C: i SETMETADATA INBOX (/private/comment NIL)
S: i OK *
C: j GETMETADATA INBOX /private/comment
S: * METADATA INBOX (/private/comment NIL)
S: j OK *
C: k SETMETADATA "" (/private/color "red")
S: k OK *
C: l GETMETADATA "" (/private/color)
S: * METADATA "" (/private/color "red")
S: l OK *
C: m SETMETADATA "" (/shared/comment "x")
S: m NO [NOPERM] *
C: n GETMETADATA Nothing /private/comment
S: n NO [NONEXISTENT] *
C: o SETMETADATA Nothing (/private/comment "x")
S: o NO [NONEXISTENT] *
C: p LIST "" % RETURN (METADATA (/private/values))
S: * LIST (\HasNoChildren) "/" INBOX
S: * METADATA INBOX (/private/values "")
S: * LIST (*\Sent*) "/" Sent
S: * METADATA Sent (/private/values NIL)
S: * LIST (\HasChildren) "/" Work
S: * METADATA Work (/private/values NIL)
S: p OK *
C: q GETMETADATA INBOX comment
S: q BAD *
C: r GETMETADATA INBOX /private/a*
S: r BAD *
C: s GETMETADATA INBOX /private//a
S: s BAD *
C: t GETMETADATA INBOX /privately
S: t BAD *
C: u SETMETADATA INBOX (/private "x")
S: u BAD *
C: v SETMETADATA INBOX ()
S: v BAD *
C: w GETMETADATA (DEPTH 2) INBOX /private/a
S: w BAD *
C: x SETMETADATA INBOX (/private/a "x"
S: x BAD *
C: y GETMETADATA INBOX (/private/a
S: y BAD *
