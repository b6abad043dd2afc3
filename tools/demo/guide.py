"""What the demo prints when it stands: commands to paste, in Japanese and English.

A command is a line that begins with four blanks; a backslash at its end goes on in the next line.
tests/e2e/test_demo.py runs each of them.
"""
import shlex

TEXT = """
══════════════════════════════════════════════════════════════════════════════════════════════════
 Fumi が動いています。別の端末で、このフォルダーから貼り付けてください。
 Fumi is running. Paste these into another terminal, in this folder:

    cd {root}
    export FUMI_URL={operator_url} FUMI_TOKEN="$(cat {folder}/operator-token)"

 パスワード・鍵 / passwords and keys: {folder}/README.txt    記録 / log: {folder}/fumi.log

── 1. 外から届くメール / mail from outside (SMTP {smtp}) ──

    swaks --server 127.0.0.1:{smtp} --from yamada@partner.example --to hanako@acme.example \\
      --header "Subject: swaks kara hanako e" --body "Konnichiwa, Hanako-san."

    curl -s smtp://127.0.0.1:{smtp}/partner.example --mail-from yamada@partner.example \\
      --mail-rcpt hanako@acme.example -T {folder}/mail/from-outside-1.eml

 知らない宛先・中継はその場で断ります / unknown mailboxes and relaying are refused on the spot:

    swaks --server 127.0.0.1:{smtp} --from a@partner.example --to nobody@acme.example --quit-after RCPT || true
    swaks --server 127.0.0.1:{smtp} --from a@partner.example --to b@elsewhere.example --quit-after RCPT || true

── 2. 送信 / submission (STARTTLS + AUTH {submission}, TLS {submissions}) ──

    swaks --server 127.0.0.1:{submission} --tls --auth PLAIN --auth-user hanako@acme.example \\
      --auth-password {hanako} --from hanako@acme.example --to taro@acme.example \\
      --header "Subject: from 2587"

    curl -s --ssl-reqd --cacert {certificate} smtp://localhost:{submission}/client.example \\
      -u hanako@acme.example:{hanako} --mail-from hanako@acme.example --mail-rcpt customer@outside.example \\
      -T {folder}/mail/from-inside-1.eml

── 3. プログラムから / from a program: HTTP API, SMTP relay ({relay}) ──

    curl -s http://127.0.0.1:{http}/api/v2/emails/send.json -H 'Content-Type: application/json' -d @- <<'JSON'
    {{"api_user": "app@acme.example", "api_key": "{api_key}",
     "from": {{"name": "アクメ通販", "address": "shop@acme.example"}},
     "to": [{{"name": "田中様", "address": "tanaka@outside.example"}}],
     "subject": "ご注文を承りました", "text": "田中様\\n\\nご注文ありがとうございます。"}}
    JSON

    swaks --server 127.0.0.1:{relay} --auth PLAIN --auth-user app@acme.example --auth-password {api_key} \\
      --from shop@acme.example --to customer@outside.example --header "Subject: by the relay port"

── 4. 外の世界に届いたもの / what the world outside got (DKIM-signed) ──

    ls -l {folder}/outside
    grep -il '^DKIM-Signature' {folder}/outside/*.eml

── 5. 受信箱 / the inbox (IMAP over TLS {imaps}; STARTTLS {imap}) ──

    curl -s --cacert {certificate} -u hanako@acme.example:{hanako} "imaps://localhost:{imaps}/" -X 'LIST "" "*"'
    curl -s --cacert {certificate} -u hanako@acme.example:{hanako} "imaps://localhost:{imaps}/INBOX" -X 'FETCH 1:* (FLAGS ENVELOPE)'
    curl -s --cacert {certificate} -u hanako@acme.example:{hanako} "imaps://localhost:{imaps}/INBOX;MAILINDEX=1"

 POP3 でも読めます / the same by POP3 (TLS {pop3s}; STLS {pop3}):

    curl -s --cacert {certificate} -u hanako@acme.example:{hanako} "pop3s://localhost:{pop3s}/"
    curl -s --ssl-reqd --cacert {certificate} -u hanako@acme.example:{hanako} "pop3://localhost:{pop3}/1"

 Thunderbird など / in a mail program: IMAP 127.0.0.1:{imap} (STARTTLS), SMTP 127.0.0.1:{submission} (STARTTLS), hanako@acme.example / {hanako}

── 6. 一通ごとの経緯 / the story of each message ──

    {fumi} log --tenant acme
    {fumi} log --tenant acme --to taro@acme.example
    {fumi} queue list --tenant acme

── 7. 届かない宛先・後回しにする宛先 / recipients that refuse, and that say "later" ──

 端末をもう一つ開いて見守る / watch in one more terminal (Ctrl-C ends it):

    {fumi} log --tenant acme --follow

 bounce@ は拒否され、エラー通知が受信箱に戻ります。later@ は二度断られ、数秒ごとの再送で届きます。
 bounce@ is refused, and a report comes back into the inbox; later@ says 451 twice, and a retry some seconds later gets through:

    swaks --server 127.0.0.1:{submission} --tls --auth PLAIN --auth-user hanako@acme.example --auth-password {hanako} \\
      --from hanako@acme.example --to bounce@outside.example --header "Subject: bounce shimasu"
    swaks --server 127.0.0.1:{submission} --tls --auth PLAIN --auth-user hanako@acme.example --auth-password {hanako} \\
      --from hanako@acme.example --to later@outside.example --header "Subject: mata ato de"

── 8. 管理 / administration ──

    {fumi} tenant list
    {fumi} domain dns acme.example
    {fumi} account list --tenant acme
    {fumi} audit export --tenant acme --out {folder}/audit.jsonl && {fumi} audit verify {folder}/audit.jsonl
    curl -s {operator_url}/metrics | grep '^fumi_smtp_accepted_total'

══════════════════════════════════════════════════════════════════════════════════════════════════
"""

README = """Fumi demo / デモ

Everything here is for trying out; the passwords are known to all. 試用専用です。パスワードは公開されています。

  hanako@acme.example    {hanako}
  taro@acme.example      {taro}
  alice@globex.example   {alice}
  API user (HTTP API, SMTP relay) app@acme.example   {api_key}
  operator token         operator-token (export FUMI_TOKEN="$(cat {folder}/operator-token)")

Files / ファイル
  data/          the server's data: store, blobs, keys (サーバーのデータ)
  fumi.toml      its configuration (設定)
  fumi.log       its log (ログ)
  mail/          the sample mails (見本のメール)
  outside/       what the world outside got (外の世界に届いたメール)
  outside.log    and what happened there

Remove this folder to begin anew. 最初からやり直すには、このフォルダーを消してください。
"""


def quoted(values):
    return {name: shlex.quote(str(value)) if name in ("fumi", "folder", "certificate", "root") else value
            for name, value in values.items()}


def guide(values):
    return TEXT.format(**quoted(values))


def readme(values):
    return README.format(**quoted(values))
