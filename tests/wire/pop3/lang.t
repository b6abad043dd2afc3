# RFC 6856 §3 LANG: the list, a language, a range, "*", an unknown one; in both states
OPTION: tls
S: +OK *ready
C: LANG
S: +OK *
S: en English
S: ja 日本語
S: .
C: LANG ja
S: +OK ja 言語を日本語にしました
C: STAT
S: -ERR 今は使えないコマンドです
C: LANG xx
S: -ERR その言語は使えません
C: USER alice@a.example
S: +OK パスワードを送ってください
C: PASS secret
S: +OK メール 5 通 (368 オクテット)
C: LANG en-GB
S: +OK en Language is English
C: LANG JA-jp
S: +OK ja *
C: DELE 2
S: +OK 2 番に削除の印をつけました
C: LANG *
S: +OK en Language is English
C: LANG a b
S: -ERR Syntax error
C: LANG ENGLISH
S: -ERR *
