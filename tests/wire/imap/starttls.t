# RFC 9051 §6.2.1 STARTTLS: what is pipelined in clear is thrown away
S: * OK *
C: a LOGIN alice@a.example secret
S: a NO [PRIVACYREQUIRED] *
C: b AUTHENTICATE PLAIN AGFsaWNlQGEuZXhhbXBsZQBzZWNyZXQ=
S: b NO [PRIVACYREQUIRED] *
C: c STARTTLS
S: c OK *
T:
C: d STARTTLS
S: d BAD *
C: e CAPABILITY
S: * CAPABILITY * AUTH=PLAIN
S: e OK *
C: f LOGIN alice@a.example secret
S: f OK *
