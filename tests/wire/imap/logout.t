# RFC 9051 §6.1.3 LOGOUT: BYE, then OK, then close
S: * OK *
C: a LOGOUT
S: * BYE *
S: a OK *
X:
