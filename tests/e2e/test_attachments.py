"""Words in attached documents, found by IMAP SEARCH and JMAP Email/query; and files that nobody can read."""
import io
import shutil
import unittest
import urllib.request
import zipfile
from email.message import EmailMessage

from harness import FumiTest, octets
from processes import wait_until
from test_jmap import Client

HANAKO, TARO = "hanako@acme.example", "taro@acme.example"


def package(parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return out.getvalue()


def docx(text):
    return package({"[Content_Types].xml": "<Types/>", "word/document.xml":
                    f'<w:document xmlns:w="urn:w"><w:body><w:p><w:r><w:t>{text}</w:t></w:r></w:p></w:body></w:document>'})


def xlsx(text):
    return package({"xl/workbook.xml": '<workbook><sheets><sheet name="Sheet1"/></sheets></workbook>',
                    "xl/sharedStrings.xml": f"<sst><si><t>{text}</t></si></sst>",
                    "xl/worksheets/sheet1.xml": '<worksheet><row><c t="s"><v>0</v></c></row></worksheet>'})


def pptx(text):
    return package({"ppt/presentation.xml": "<p/>", "ppt/slides/slide1.xml": f'<s xmlns:a="urn:a"><a:p><a:t>{text}</a:t></a:p></s>'})


def odt(text):
    return package({"mimetype": "application/vnd.oasis.opendocument.text",
                    "content.xml": f'<o xmlns:text="urn:t"><text:p>{text}</text:p></o>'})


def rtf(text):
    return ("{\\rtf1\\ansi " + "".join(c if ord(c) < 128 else f"\\u{ord(c)}?" for c in text) + "}").encode()


def pdf(text):
    """A page whose letters are glyphs 1, 2, 3 …, which a ToUnicode table explains, as programs write it."""
    letters = sorted(set(text))
    glyphs = "".join(f"{letters.index(c) + 1:04x}" for c in text)
    table = "".join(f"<{number + 1:04x}> <{ord(c):04x}>\n" for number, c in enumerate(letters))
    cmap = ("/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def /CMapType 2 def 1 begincodespacerange "
            f"<0000> <ffff> endcodespacerange {len(letters)} beginbfchar {table} endbfchar endcmap end end")
    content = f"BT /F1 12 Tf 72 700 Td <{glyphs}> Tj ET"
    objects = ["<< /Type /Catalog /Pages 2 0 R >>", "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
               "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
               f"<< /Length {len(content)} >>\nstream\n{content}\nendstream",
               "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [6 0 R] /ToUnicode 7 0 R >>",
               "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (Adobe) /Ordering (Identity) "
               "/Supplement 0 >> /FontDescriptor 8 0 R >>",
               f"<< /Length {len(cmap)} >>\nstream\n{cmap}\nendstream",
               "<< /Type /FontDescriptor /FontName /A /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 /Ascent 800 /Descent -200 "
               "/CapHeight 700 /StemV 80 >>"]
    out, table = "%PDF-1.4\n", ""
    for number, body in enumerate(objects):
        table += f"{len(out):010d} 00000 n \n"
        out += f"{number + 1} 0 obj\n{body}\nendobj\n"
    return (out + f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}trailer\n<< /Size {len(objects) + 1} /Root 1 0 R >>\n"
            f"startxref\n{len(out)}\n%%EOF\n").encode()


# Subject, name of the file, its octets, and a word in Japanese and in English that stand nowhere else.
FILES = [("docx", "報告書.docx", docx("議事録は minutes です"), "議事録", "minutes"),
         ("xlsx", "a.xlsx", xlsx("売上高 turnover"), "売上高", "turnover"),
         ("pptx", "a.pptx", pptx("発表資料 keynote"), "発表資料", "keynote"),
         ("odt", "a.odt", odt("契約書 covenant"), "契約書", "covenant"),
         ("rtf", "a.rtf", rtf("覚書 memorandum"), "覚書", "memorandum"),
         ("pdf", "a.pdf", pdf("納品書 consignment"), "納品書", "consignment"),
         ("txt", "a.txt", "領収書 receipted".encode("cp932"), "領収書", "receipted"),
         ("html", "a.html", '<meta charset="euc-jp"><p>注文書 purchase<b>order</b></p>'.encode("euc_jp"), "注文書", "purchaseorder")]
HOSTILE = [("bomb", "bomb.docx", docx("x" + " " * 150_000_000)), ("cut", "cut.pdf", pdf("cut")[:60]), ("noise", "noise.xlsx", b"PK\x03\x04" + b"\x55" * 5000),
           ("entities", "lol.docx", package({"word/document.xml": '<!DOCTYPE l [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><l>&b;</l>'}))]


def mail(subject, name, content):
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = TARO, HANAKO, subject
    message.set_content(f"the body of {subject}\n")
    message.add_attachment(content, maintype="application", subtype="octet-stream", filename=name)
    return octets(message)


class Attachments(FumiTest):
    OPTIONS = {"search_interval": "100ms"}

    @classmethod
    def setUpClass(cls):
        if not shutil.which("pdftotext"):
            raise AssertionError("pdftotext is not installed (poppler-utils)")
        super().setUpClass()

    def search(self, session, key, text):
        session.literal = text.encode()
        status, data = session.uid("SEARCH", "CHARSET", "UTF-8", key)
        self.assertEqual(status, "OK")
        return data[0].decode().split()

    def test_words_in_files_are_found(self):
        session = self.fumi.imap()
        session.create("Files")
        for subject, name, content in [entry[:3] for entry in FILES] + HOSTILE:
            self.assertEqual(session.append("Files", None, None, mail(subject, name, content))[0], "OK")
        session.select("Files")
        # The last is found when the ones before it have been read, hostile ones among them.
        for number, (subject, _, _, japanese, english) in enumerate(FILES, 1):
            for word in (japanese, english):
                wait_until(lambda: self.search(session, "BODY", word) == [str(number)], f"{word} is found in {subject}", 60)
                self.assertEqual(self.search(session, "TEXT", word), [str(number)])
                self.assertEqual(self.search(session, "SUBJECT", word), [])
        jmap = Client(self.fumi)
        for subject, _, _, japanese, english in FILES:
            for word in (japanese, english):
                for key in ("text", "body"):
                    found = jmap.emails(["subject"], filter={key: word})
                    self.assertEqual([email["subject"] for email in found], [subject], (key, word))
        # Whatever a file did, its mail is found by the rest.
        for number, (subject, *_) in enumerate(HOSTILE, len(FILES) + 1):
            wait_until(lambda: self.search(session, "BODY", f"body of {subject}") == [str(number)], f"the mail of {subject}", 20)
        wait_until(lambda: self.status()["files_waiting"] == 0, "no file waits any more", 60)
        self.assertEqual(self.status()["files_unread"], len(HOSTILE))
        self.assertIn("UNREADABLE", self.fumi.cli("search", "status", "--account", HANAKO)[1])
        other = self.fumi.imap("taro@acme.example")
        other.select("INBOX")
        self.assertEqual(self.search(other, "TEXT", "minutes"), [])
        other.logout()

        self.fumi.cli("search", "rebuild", "--account", HANAKO)
        wait_until(lambda: self.search(session, "BODY", "納品書") == ["6"], "found again after a rebuild", 60)
        session.store("6", "+FLAGS", r"(\Deleted)")
        session.expunge()
        self.assertEqual(self.search(session, "BODY", "納品書"), [])
        session.logout()

    def status(self):
        return self.fumi.json("search", "status", "--account", HANAKO)

    def test_what_became_of_them_is_counted(self):
        session = self.fumi.imap(TARO)
        session.append("INBOX", None, None, mail("bomb", "bomb.docx", HOSTILE[0][2]))

        def over_limit():
            text = self.metrics()
            line = next((line for line in text.splitlines() if line.startswith('fumi_search_files{outcome="over_limit"}')), "")
            return line and float(line.split()[-1]) >= 1
        wait_until(over_limit, "the bomb is counted", 60)
        self.assertRegex(self.metrics(), r"(?m)^fumi_search_files_lag_seconds [\d.]+$")
        session.logout()

    def metrics(self):
        with urllib.request.urlopen(self.fumi.operator_url + "/metrics", timeout=20) as answer:
            return answer.read().decode()


if __name__ == "__main__":
    unittest.main()
