# RFC 9051 §6.3.12 APPEND, RFC 3502 MULTIAPPEND, RFC 6855 §4 UTF8, RFC 7888 §4 refusals
OPTION: tls
OPTION: append_octets 100
S: * OK *
C: a LOGIN alice@a.example secret
S: a OK *
C: b APPEND Sent (\Seen $Work) " 7-Feb-2022 10:00:00 +0900" {5}
S: + OK
C: hello
S: b OK [APPENDUID 2 1] *
C: c APPEND Sent {1+}
C-: x
C:  (\Draft) ~{3}
S: + OK
C: two
S: c OK [APPENDUID 2 2:3] *
# a synchronising literal is refused before it is sent
C: d APPEND Sent {101}
S: d NO [TOOBIG] *
# another is swallowed
C: e APPEND Sent {101+}
C-: 0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789
C: 0
S: e NO [TOOBIG] *
C: f APPEND Nothing {5}
S: f NO [TRYCREATE] *
C: g APPEND Sent {0}
S: g NO *
C: h APPEND Sent (\Seen) "nonsense" {5}
S: h BAD *
C: i APPEND Sent UTF8 (~{5+}
C: hello)
S: i BAD *
C: j ENABLE UTF8=ACCEPT
S: * ENABLED *
S: j OK *
C: k APPEND Sent UTF8 (~{5+}
C: hello)
S: k OK [APPENDUID 2 4] *
C: l APPEND {4+}
C: Sent {2}
S: + OK
C: hi
S: l OK [APPENDUID 2 5] *
# the second message is refused: none is there
C: m APPEND Sent {2+}
C: hi {101}
S: m NO [TOOBIG] *
C: n APPEND Sent {2+}
C: hi junk
S: n BAD *
C: o STATUS Sent (MESSAGES)
S: * STATUS Sent (MESSAGES 5)
S: o OK *
C: p APPEND Sent
S: p BAD *
