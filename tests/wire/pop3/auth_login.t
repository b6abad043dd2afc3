# RFC 5034 §4, §6: several challenges; AUTH alone lists the mechanisms, for old clients
OPTION: tls
S: +OK *ready
C: AUTH
S: +OK *
S~: PLAIN
S: LOGIN
S: .
C: AUTH LOGIN
S: + VXNlcm5hbWU6
C: YWxpY2VAYS5leGFtcGxl
S: + UGFzc3dvcmQ6
C: c2VjcmV0
S: +OK 5 messages (*
