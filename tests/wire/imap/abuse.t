# Too many bad commands in a row end the connection
OPTION: bad_commands 2
S: * OK *
C: a X
S: a BAD *
C: b X
S: b BAD *
C: c X
S: c BAD *
S: * BYE *
X:
