// Texts of files of every format, and of files that were made to hurt.
#include "extract/detail/document.h"

#include <doctest/doctest.h>

#include "codec/charset.h"
#include "extract/testing/files.h"

namespace fumi::extract::detail {
namespace {

using Outcome = ExtractedText::Outcome;
using extract::testing::docx;
using extract::testing::odt;
using extract::testing::paragraph;
using extract::testing::pptx;
using extract::testing::xlsx;
using extract::testing::zip;

ExtractedText read(std::string_view name, std::string_view bytes, std::uint64_t text_max = 1 << 20,
                   std::string_view type = "application/octet-stream") {
  DocumentLimits limits;
  limits.text_octets_max = text_max;
  return read_document(type, name, bytes, limits);
}
bool has(const ExtractedText& found, std::string_view what) {
  return found.text.find(what) != std::string::npos;
}
std::string in(std::string_view text, const char* charset) {
  return codec::from_utf8(text, charset)->bytes;
}

TEST_CASE("Office Open XML: text, tables, breaks, headers and titles; no codes, no twins") {
  const std::string body =
      paragraph("東京の会議") + "<w:tbl><w:tr><w:tc>" + paragraph("left") + "</w:tc><w:tc>" +
      paragraph("right") + "</w:tc></w:tr></w:tbl>" +
      "<w:p><w:r><w:t>re</w:t></w:r><w:r><w:t>port &amp; 1 &lt; 2</w:t><w:br/></w:r>"
      "<w:r><w:instrText>PAGEREF</w:instrText></w:r><w:del><w:r><w:delText>gone</w:delText></w:r>"
      "</w:del></w:p><mc:AlternateContent><mc:Choice>" +
      paragraph("once") + "</mc:Choice><mc:Fallback>" + paragraph("once") +
      "</mc:Fallback></mc:AlternateContent>";
  const ExtractedText found = read("x.bin", docx(body));
  CHECK(found.outcome == Outcome::whole);
  CHECK(found.form == "docx");
  CHECK(has(found, "東京の会議\n"));
  CHECK(has(found, "left\n\tright"));
  CHECK(has(found, "report & 1 < 2\n"));
  CHECK(has(found, "機密"));
  CHECK(has(found, "Title of it"));
  CHECK_FALSE(has(found, "PAGEREF"));
  CHECK_FALSE(has(found, "gone"));
  CHECK_FALSE(has(found, "Nobody"));
  CHECK(found.text.find("once") == found.text.rfind("once"));
}

TEST_CASE("spreadsheets: strings once, numbers, names of sheets; slides in their order") {
  const ExtractedText sheet = read("x.xlsx", xlsx());
  CHECK(sheet.outcome == Outcome::whole);
  CHECK(sheet.form == "xlsx");
  CHECK(sheet.text == "集計\n売上\nUmsatz\n\t4711\tinline\t\n");
  const ExtractedText slides = read("x.pptx", pptx());
  CHECK(slides.form == "pptx");
  CHECK(slides.text.starts_with("Slide 1\nSlide 2\n"));
  CHECK(slides.text.ends_with("Slide 10\nSlide 11\n"));
}

TEST_CASE("OpenDocument") {
  const ExtractedText found = read("x.odt", odt("見積書 quotation"));
  CHECK(found.outcome == Outcome::whole);
  CHECK(found.form == "odf");
  CHECK(found.text == "見積書 quotation\tafter\n");
  const std::string secret = zip({{"content.xml", "\x01\x02 garbage"},
                                  {"META-INF/manifest.xml", "<m><manifest:encryption-data/></m>"}});
  CHECK(read("x.odt", secret).outcome == Outcome::encrypted);
}

TEST_CASE("plain text and HTML in the charsets of Japan and of Windows") {
  const std::string text = "東京のカタカナで書いた会議の議事録です。";
  for (const char* charset : {"UTF-8", "Shift_JIS", "EUC-JP", "ISO-2022-JP"}) {
    CAPTURE(charset);
    const ExtractedText found = read("議事録.TXT", in(text, charset));
    CHECK(found.outcome == Outcome::whole);
    CHECK(found.text == text);
    const std::string html =
        "<html><head><meta http-equiv=Content-Type content=\"text/html; "
        "charset=" +
        std::string(charset) + "\"><title>x</title></head><body><p>" + in(text, charset) +
        "</p><script>alert(1)</script>";
    const ExtractedText page = read("a.html", html);
    CHECK(page.form == "html");
    CHECK(has(page, text));
    CHECK_FALSE(has(page, "alert"));
  }
  CHECK(read("a.txt", std::string("\xff\xfe", 2) + in(text, "UTF-16LE")).text == text);
  CHECK(read("a.txt", std::string("\xfe\xff", 2) + in(text, "UTF-16BE")).text == text);
  CHECK(read("a.txt", in("no mark at all", "UTF-16LE")).text == "no mark at all");
  CHECK(read("a.txt", "\xef\xbb\xbf" + text).text == text);
  CHECK(read("a.txt", "na\xefve caf\xe9").text == "na\xc3\xafve caf\xc3\xa9");
  CHECK(read("noname", "by type", 99, "text/csv").text == "by type");
  CHECK(read("a.txt", std::string("MZ\x90\0\x03\0\0\0\x04", 9)).outcome == Outcome::unsupported);
}

TEST_CASE("RTF: code pages, Unicode, symbols; no tables and pictures") {
  const std::string sjis = in("会議", "Shift_JIS");
  std::string hex;
  for (const char c : sjis) {
    char escaped[5];
    std::snprintf(escaped, sizeof escaped, "\\'%02x", unsigned(static_cast<unsigned char>(c)));
    hex += escaped;
  }
  const std::string rtf =
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Times;}{\\f1\\fcharset128 Mincho;}}"
      "{\\colortbl;\\red0;}{\\*\\generator Word;}{\\info{\\title hidden}}"
      "\\pard plain caf\\'e9\\par {\\f1 " +
      hex +
      "}\\tab\\uc1\\u26481?\\u20140?\\line\\{x\\}\\~y{\\pict 00ff}\\emdash "
      "\\u-10179?\\u-8694?{\\bin3 }}}z}}";
  const ExtractedText found = read("x.rtf", rtf);
  CHECK(found.outcome == Outcome::whole);
  CHECK(found.text == "plain caf\xc3\xa9\n会議\t東京\n{x} y\xe2\x80\x94\xf0\x9f\x98\x8az");
  CHECK(read("x.rtf", "{\\rtf1 text {cut").outcome == Outcome::damaged);
  CHECK(read("x.rtf", "{\\rtf1 text {cut").text == "text cut");
  CHECK(read("x.rtf", "{\\rtf1 " + std::string(100'000, '{')).outcome == Outcome::over_limit);
  CHECK(read("x.rtf", "{\\rtf1 \\'4").text.empty());
  CHECK(read("x.rtf", "{\\rtf1 " + std::string(9'999, 'x') + "}", 100).outcome ==
        Outcome::over_limit);
}

TEST_CASE("a package that inflates without end is cut off, and what was read stays") {
  const std::string bomb = docx(paragraph("first words") + std::string(200 * 1024 * 1024, ' '));
  CHECK(bomb.size() < 1024 * 1024);
  const ExtractedText found = read("x.docx", bomb);
  CHECK(found.outcome == Outcome::over_limit);
  CHECK(found.reason == "inflates to too much");
  CHECK(has(found, "first words"));
  const ExtractedText wordy = read("x.docx", docx(paragraph(std::string(1'000'000, 'a'))), 1'000);
  CHECK(wordy.outcome == Outcome::over_limit);
  CHECK(wordy.text.size() <= 1'000);
}

TEST_CASE("archives in archives are not opened") {
  std::string nested = zip({{"word/other.xml", "text"}});
  for (int i = 0; i < 40; ++i)
    nested = zip({{"inner.zip", nested}});
  const ExtractedText found = read("x.zip", nested);
  CHECK(found.outcome == Outcome::unsupported);
  CHECK(found.form == "zip");
  CHECK(found.text.empty());
}

TEST_CASE("entities don't multiply: a document type declaration ends the reading") {
  std::string xml = "<?xml version=\"1.0\"?><!DOCTYPE lolz [<!ENTITY lol \"lol\">";
  for (int i = 1; i < 10; ++i) {
    xml += "<!ENTITY lol" + std::to_string(i) + " \"";
    for (int k = 0; k < 10; ++k)
      xml += "&lol" + (i == 1 ? std::string() : std::to_string(i - 1)) + ";";
    xml += "\">";
  }
  xml += "]><w:document xmlns:w=\"urn:w\"><w:t>&lol9;</w:t></w:document>";
  const ExtractedText found = read("x.docx", zip({{"word/document.xml", xml}}));
  CHECK(found.outcome == Outcome::damaged);
  CHECK(found.reason == "a document type declaration");
  CHECK(found.text.empty());
  const std::string external =
      "<!DOCTYPE x [<!ENTITY e SYSTEM \"file:///etc/passwd\">]><w:t xmlns:w=\"urn:w\">&e;</w:t>";
  CHECK(read("x.docx", zip({{"word/document.xml", external}})).text.empty());
}

TEST_CASE("too deep, too many, encrypted, damaged, cut off, and names that point elsewhere") {
  std::string deep;
  for (int i = 0; i < 100'000; ++i)
    deep += "<w:a>";
  CHECK(read("x.docx", docx(deep)).reason == "too deep");

  testing::Parts many{{"word/document.xml", "<w:t xmlns:w=\"urn:w\">x</w:t>"}};
  for (int i = 0; i < 10'001; ++i)
    many.emplace_back("e" + std::to_string(i), "");
  CHECK(read("x.docx", zip(many)).reason == "too many entries");

  const std::string secret = zip({{"word/document.xml", "<x/>"}}, "password");
  CHECK(read("x.docx", secret).outcome == Outcome::encrypted);
  std::string ole = "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + std::string(600, '\0');
  CHECK(read("x.doc", ole).outcome == Outcome::unsupported);
  for (const char c : std::string_view("EncryptedPackage"))
    ole += std::string(1, c) + '\0';
  CHECK(read("x.docx", ole).outcome == Outcome::encrypted);

  const std::string good = docx(paragraph("good words"));
  CHECK(read("x.docx", std::string_view(good).substr(0, good.size() / 2)).outcome ==
        Outcome::damaged);
  std::string broken = good;
  broken[good.find("word/document.xml") + 40] ^= 0x55;
  CHECK(read("x.docx", broken).outcome == Outcome::damaged);
  CHECK(read("x.docx", docx("<w:t>before</w:t><unclosed>")).reason == "malformed XML");
  CHECK(has(read("x.docx", docx("<w:t>before</w:t><unclosed>")), "before"));

  const ExtractedText climbing =
      read("x.docx", zip({{"../../../tmp/fumi-climbed.xml", "x"},
                          {"word/document.xml", "<w:t xmlns:w=\"urn:w\">climbed</w:t>"},
                          {"word/document/../../../x.xml", "<w:t xmlns:w=\"urn:w\">too</w:t>"}}));
  CHECK(climbing.outcome == Outcome::whole);
  CHECK(has(climbing, "climbed"));
}

TEST_CASE("what nobody can read is told as such") {
  CHECK(read("x.exe", "MZ").outcome == Outcome::unsupported);
  CHECK(read("", "").outcome == Outcome::unsupported);
  CHECK(read("x.zip", zip({{"a.txt", "text"}})).reason == "an archive");
  CHECK(is_pdf("%PDF-1.7"));
  CHECK(is_pdf(std::string(100, ' ') + "%PDF-1.7"));
  CHECK_FALSE(is_pdf(std::string(2'000, ' ') + "%PDF-1.7"));
}

}  // namespace
}  // namespace fumi::extract::detail
