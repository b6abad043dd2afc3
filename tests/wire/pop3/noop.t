# RFC 1939 §5 NOOP: in TRANSACTION; verbs in any case, blanks behind them
OPTION: tls
S: +OK *ready
C: NOOP
S: -ERR *
C: USER alice@a.example
S: +OK *
C: PASS secret
S: +OK 5 messages (*
C: NOOP
S: +OK *
C: nOoP 
S: +OK *
C: NOOP 1
S: -ERR *
