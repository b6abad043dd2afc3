# RFC 2449 §6.5 LOGIN-DELAY and §6.7 EXPIRE as an operator sets them
OPTION: login_delay 60
OPTION: expire 30
S: +OK ready
C: CAPA
S: +OK *
S~: EXPIRE 30
S: LOGIN-DELAY 60
S~: .
