# RFC 2971 §3.1 ID
S: * OK *
C: a ID ("name" "x" "version" NIL)
S: * ID ("name" "Fumi")
S: a OK *
C: b ID NIL
S: * ID *
S: b OK *
C: c ID (name x)
S: c BAD *
