# RFC 9051 §6.4.5 FETCH and §7.5.2: items, macros, ENVELOPE, BODYSTRUCTURE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b FETCH 1 (FLAGS UID INTERNALDATE RFC822.SIZE)
S: * 1 FETCH (FLAGS (\Seen) UID 1 INTERNALDATE " 7-Feb-2022 01:00:00 +0000" RFC822.SIZE 201)
S: b OK *
C: c FETCH 1 ALL
S: * 1 FETCH (FLAGS (\Seen) INTERNALDATE "*" RFC822.SIZE 201 ENVELOPE ("Mon, 07 Feb 2022 10:00:00 +0900" "Hello" (("Alice Example" NIL "alice" "a.example")) (("Alice Example" NIL "alice" "a.example")) (("Alice Example" NIL "alice" "a.example")) ((NIL NIL "bob" "b.example")) NIL NIL NIL "<1@a.example>"))
S: c OK *
C: d FETCH 3 FULL
S: * 3 FETCH (FLAGS (\Flagged) INTERNALDATE "*" RFC822.SIZE * ENVELOPE (*"<1@a.example>" "<3@b.example>") BODY ("TEXT" "PLAIN" NIL NIL NIL "7BIT" 20 2))
S: d OK *
C: e UID FETCH 2 BODYSTRUCTURE
S: * 2 FETCH (UID 2 BODYSTRUCTURE (("TEXT" "PLAIN" ("charset" "utf-8") NIL NIL "7BIT" 11 0 NIL NIL NIL NIL)("APPLICATION" "OCTET-STREAM" NIL NIL NIL "BASE64" 4 NIL ("ATTACHMENT" ("filename" "a.bin")) NIL NIL) "MIXED" ("boundary" "b1") NIL NIL NIL))
S: e OK *
C: f FETCH 1 (EMAILID THREADID SAVEDATE PREVIEW MODSEQ)
S: * 1 FETCH (EMAILID (E1) THREADID NIL SAVEDATE "*" PREVIEW "Preview" MODSEQ (100))
S: f OK *
C: g FETCH 1 PREVIEW (LAZY)
S: * 1 FETCH (PREVIEW NIL)
S: g OK *
C: h FETCH 1 (ALL)
S: h BAD *
C: i FETCH 4 FLAGS
S: i BAD *
C: j FETCH 0 FLAGS
S: j BAD *
C: k UID FETCH 9:* (FLAGS)
S: * 3 FETCH (UID 3 FLAGS (\Flagged))
S: k OK *
C: l FETCH 1:3 (FLAGS) (CHANGEDSINCE 101)
S: * 3 FETCH (FLAGS (\Flagged) MODSEQ (102))
S: l OK *
