# RFC 4314 §3 SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS; RFC 8440 LIST-MYRIGHTS
OPTION: tls
S: * OK [CAPABILITY *] ready
C: a LOGIN alice@a.example secret
S: a OK [CAPABILITY * ACL * LIST-MYRIGHTS * RIGHTS=kxte *] *
C: b MYRIGHTS INBOX
S: * MYRIGHTS INBOX lrswipkxteacd
S: b OK *
C: c GETACL inbox
S: * ACL INBOX alice*@a.example lrswipkxteacd
S: c OK *
C: d SETACL Work anyone lrs
S: d OK *
C: e SETACL Work anyone +wd
S: e OK *
C: f GETACL Work
S: * ACL Work alice*@a.example lrswipkxteacd anyone lrswxted
S: f OK *
C: g SETACL Work anyone -srwd
S: g OK *
C: h SETACL Work -anyone a
S: h OK *
C: i SETACL "Work" {6+}
C: anyone c
S: i OK *
C: j GETACL Work
S: * ACL Work alice*@a.example lrswipkxteacd * *
S: j OK *
C: k DELETEACL Work -anyone
S: k OK *
C: l GETACL Work
S: * ACL Work alice*@a.example lrswipkxteacd anyone kc
S: l OK *
C: m SETACL Work anyone ""
S: m OK *
C: n GETACL Work
S: * ACL Work alice*@a.example lrswipkxteacd
S: n OK *
C: o LISTRIGHTS Work anyone
S: * LISTRIGHTS Work anyone "" l r s w i p k x t e a c d
S: o OK *
C: p LISTRIGHTS Work -anyone
S: * LISTRIGHTS Work -anyone "" l r s w i p k x t e a c d
S: p OK *
C: r SETACL Work nobody@a.example lr
S: r NO [CANNOT] *
C: s LISTRIGHTS Work nobody@a.example
S: s NO [CANNOT] *
# RFC 4314 §6: what isn't there is answered alike everywhere.
C: t GETACL Nothing
S: t NO [NONEXISTENT] *
C: u SETACL Nothing anyone lr
S: u NO [NONEXISTENT] *
C: v DELETEACL Nothing anyone
S: v NO [NONEXISTENT] *
C: w LISTRIGHTS Nothing anyone
S: w NO [NONEXISTENT] *
C: x MYRIGHTS Nothing
S: x NO [NONEXISTENT] *
# RFC 4314 §3.1: unrecognized and uppercase rights are BAD.
C: y SETACL Work anyone lrq
S: y BAD *
C: z SETACL Work anyone lrS
S: z BAD *
C: aa SETACL Work anyone l0
S: aa BAD *
C: ab SETACL Work anyone +-l
S: ab BAD *
C: ac SETACL Work "" lr
S: ac BAD *
C: ad SETACL Work - lr
S: ad BAD *
C: ae SETACL Work anyone
S: ae BAD *
C: af GETACL
S: af BAD *
C: ag GETACL Work more
S: ag BAD *
C: ah MYRIGHTS ""
S: ah NO [CANNOT] *
C: ai LISTRIGHTS Work
S: ai BAD *
C: aj DELETEACL Work
S: aj BAD *
C: ak LIST "" (INBOX Work) RETURN (MYRIGHTS CHILDREN)
S: * LIST (\HasNoChildren) "/" INBOX
S: * MYRIGHTS INBOX lrswipkxteacd
S: * LIST (\HasChildren) "/" Work
S: * MYRIGHTS Work lrswipkxteacd
S: ak OK *
