# RFC 9051 §4.3, RFC 7888 §4-5: literals, tags, states, abuse
OPTION: tls
OPTION: literal-
OPTION: bad_commands 6
S: * OK *
C: + NOOP
S: * BAD *
C: a
S: * BAD *
C: b FROBNICATE {3}
S: b BAD *
C: c NOOP
S: c OK *
C: d FETCH 1 {3+}
C: abc
S: d BAD *
# refused before it is read
C: e LOGIN {9000}
S: e BAD [TOOBIG] *
C: f LOGIN {99999999999999999999+}
S: * BYE [TOOBIG] *
X:
