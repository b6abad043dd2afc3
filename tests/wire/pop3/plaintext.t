# RFC 8314 §4.1: passwords in clear only where an operator allows them
OPTION: plaintext
S: +OK *ready
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: QUIT
S: +OK *
X:
