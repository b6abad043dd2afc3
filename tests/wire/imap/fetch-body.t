# RFC 9051 §6.4.5.1 sections and partials, RFC 3516 BINARY; \Seen is set by BODY and not by PEEK
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b FETCH 3 BODY.PEEK[TEXT]
S: * 3 FETCH (BODY[TEXT] {20}
S: Line one
S: Line two
S: )
S: b OK *
C: c FETCH 3 BODY.PEEK[HEADER.FIELDS (From "CC")]
S: * 3 FETCH (BODY[HEADER.FIELDS (From CC)] {44}
S: From: bob@b.example
S: Cc: carol@c.example
S: 
S: )
S: c OK *
C: d FETCH 2 (BODY.PEEK[1] BODY.PEEK[2.MIME]<0.12> BODY.PEEK[3] BODY.PEEK[1.HEADER])
S: * 2 FETCH (BODY[1] {11}
S: The agenda. BODY[2.MIME]<0> {12}
S: Content-Type BODY[3] NIL BODY[1.HEADER] NIL)
S: d OK *
C: e FETCH 2 (BINARY.SIZE[2] BINARY.PEEK[1])
S: * 2 FETCH (BINARY.SIZE[2] 3 BINARY[1] {11}
S: The agenda.)
S: e OK *
C: f FETCH 3 BODY[TEXT]<5.3>
S: * 3 FETCH (FLAGS (\Flagged \Seen) BODY[TEXT]<5> {3}
S: one)
S: * 3 FETCH (FLAGS (\Flagged \Seen))
S: f OK *
C: g FETCH 3 BODY.PEEK[TEXT]<99.3>
S: * 3 FETCH (BODY[TEXT]<99> {0}
S: )
S: g OK *
C: h FETCH 1 BODY[MIME]
S: h BAD *
C: i FETCH 1 RFC822.TEXT
S: * 1 FETCH (RFC822.TEXT {15}
S: Hello, world.
S: )
S: i OK *
