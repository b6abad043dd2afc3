"""The sample mail of the demo, as a business in Tokyo and its partners would write it."""
import email.policy
import email.utils
from email.header import Header
from email.message import EmailMessage
from email.mime.text import MIMEText

CRLF = email.policy.SMTP

ORDER_CSV = "品番,品名,数量,単価\r\nA-100,封筒（角形２号）,500,12\r\nB-220,便箋 100 枚,40,380\r\n"


def minimal_pdf(text):
    """A PDF of one page that says `text`; viewers open it."""
    stream = f"BT /F1 24 Tf 72 760 Td ({text}) Tj ET".encode()
    objects = [b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               b"<< /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream",
               b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    out, offsets = bytearray(b"%PDF-1.4\n"), []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    table = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + b"".join(b"%010d 00000 n \n" % at for at in offsets)
    out += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(out)


def iso_2022_jp(subject, sender, to, text):
    """As Japanese mail programs have written it since the nineties: 7 bit, ISO-2022-JP."""
    mail = MIMEText(text, "plain", "iso-2022-jp")
    mail["Subject"] = Header(subject, "iso-2022-jp")
    name, address = sender
    mail["From"] = f"{Header(name, 'iso-2022-jp').encode()} <{address}>"
    mail["To"] = to
    finish(mail, address)
    return mail.as_bytes(policy=mail.policy.clone(linesep="\r\n"))


def modern(subject, sender, to, text, html=None, attachments=()):
    mail = EmailMessage(policy=CRLF)
    name, address = sender
    mail["Subject"], mail["To"] = subject, to
    mail["From"] = email.utils.formataddr((name, address))
    finish(mail, address)
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for file_name, kind, data in attachments:
        main, sub = kind.split("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=file_name)
    return mail.as_bytes()


def finish(mail, address):
    mail["Date"] = email.utils.format_datetime(email.utils.localtime())
    mail["Message-ID"] = email.utils.make_msgid(domain=address.partition("@")[2])


HANAKO, TARO, ALICE = "hanako@acme.example", "taro@acme.example", "alice@globex.example"


def from_outside():
    """(envelope sender, recipient, octets): what others sent to us, by SMTP to port 25's stand-in."""
    yield ("yamada@partner.example", HANAKO,
           iso_2022_jp("【お見積り】封筒・便箋の件", ("山田 一郎", "yamada@partner.example"), HANAKO,
                       "株式会社アクメ 佐藤様\n\nいつもお世話になっております。パートナー商事の山田です。\n"
                       "先日ご依頼いただきましたお見積りの件、明日までにお送りいたします。\n\n"
                       "納期は二週間ほど頂戴しております。ご確認のほどよろしくお願いいたします。\n\n"
                       "--\nパートナー商事株式会社 営業部 山田 一郎\n"))
    yield ("yamada@partner.example", HANAKO,
           modern("お見積書をお送りします", ("山田 一郎", "yamada@partner.example"), HANAKO,
                  "佐藤様\n\nお見積書（PDF）と明細（CSV）をお送りします。\nご不明な点がございましたらお知らせください。\n\n山田\n",
                  attachments=[("お見積書_2026年11月.pdf", "application/pdf", minimal_pdf("Quotation 2026-11")),
                               ("明細.csv", "text/csv", ORDER_CSV.encode("cp932"))]))
    yield ("emma@customer.example", TARO,
           modern("Delivery date of order 4711?", ("Emma Weber", "emma@customer.example"), TARO,
                  "Dear Mr Suzuki,\n\ncould you tell us when order 4711 will leave your warehouse? "
                  "Our project starts on 7 December.\n\nKind regards\nEmma Weber\n",
                  html="<p>Dear Mr Suzuki,</p><p>could you tell us when <b>order 4711</b> will leave your warehouse? "
                       "Our project starts on 7&nbsp;December.</p><p>Kind regards<br>Emma Weber</p>"))
    yield ("newsletter@trade-press.example", ALICE,
           modern("Five mails nobody reads, and what to do about it", ("Trade Press", "newsletter@trade-press.example"), ALICE,
                  "The week in business mail.\n\n1. The report that is sent because it was always sent\n2. ...\n"))


def from_inside():
    """(login, recipient, octets): what our people sent, by submission with STARTTLS and AUTH."""
    yield (HANAKO, TARO,
           modern("会議の件（11月25日 14時）", ("佐藤 花子", HANAKO), TARO,
                  "鈴木さん\n\n明後日の会議ですが、14時から第二会議室でお願いします。\n議題は封筒の発注と年末の配送計画です。\n\n佐藤\n"))
    yield (TARO, HANAKO,
           modern("Re: 会議の件（11月25日 14時）", ("鈴木 太郎", TARO), HANAKO,
                  "佐藤さん\n\n承知しました。配送計画の資料は当日の朝までに共有します。\n\n鈴木\n"))
    yield (HANAKO, ALICE,
           modern("Samples for Globex", ("Hanako Sato", HANAKO), ALICE,
                  "Hello Alice,\n\nthe samples went out this morning; you should have them by Thursday.\n\nBest regards\nHanako\n"))
    yield (ALICE, "customer@outside.example",
           modern("Your invoice 2026-1123", ("Alice Martin", ALICE), "customer@outside.example",
                  "Dear customer,\n\nplease find your invoice attached.\n\nGlobex\n",
                  attachments=[("invoice-2026-1123.pdf", "application/pdf", minimal_pdf("Invoice 2026-1123"))]))
    yield (HANAKO, "bounce@outside.example",
           modern("ご担当者様の変更について", ("佐藤 花子", HANAKO), "bounce@outside.example",
                  "お世話になっております。アクメの佐藤です。\n担当変更のご連絡をお送りいたします。\n"))


def for_folder():
    """(login, folder, octets): what hanako's mail program keeps, by IMAP APPEND."""
    yield (HANAKO, "Projects",
           modern("Notes: packaging redesign", ("佐藤 花子", HANAKO), HANAKO,
                  "- 窓付き封筒は三色\n- sample by 1 December\n- budget: see quotation of Partner Trading\n"))
