# RFC 9051 §6.4.6 STORE, RFC 7162 §3.1.3 UNCHANGEDSINCE
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY *] *
C: s SELECT INBOX
S~: s OK [READ-WRITE] *
C: b STORE 1 FLAGS (\Answered $Work)
S: * 1 FETCH (FLAGS ($Work \Answered))
S: b OK *
C: c UID STORE 2 -FLAGS.SILENT \Seen
S: c OK *
C: d STORE 1 FLAGS (\Recent)
S: d BAD *
C: e STORE 3 (UNCHANGEDSINCE 1) +FLAGS (\Deleted)
S: e OK [MODIFIED 3] *
C: f STORE 3 (UNCHANGEDSINCE 102) +FLAGS (\Deleted)
S: * 3 FETCH (FLAGS (\Deleted \Flagged) MODSEQ (*))
S: f OK *
C: g STORE 1 +FLAGS ()
S: * 1 FETCH (FLAGS ($Work \Answered) MODSEQ (*))
S: g OK *
C: h EXAMINE INBOX
S~: h OK *
C: i STORE 1 FLAGS ()
S: i NO [READ-ONLY] *
