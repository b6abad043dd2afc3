#include "extract/testing/files.h"

#include <zip.h>

#include <cstdio>

namespace fumi::extract::testing {

std::string zip(const Parts& parts, std::string_view password) {
  zip_error_t error;
  zip_error_init(&error);
  zip_source_t* out = zip_source_buffer_create(nullptr, 0, 0, &error);
  zip_source_keep(out);
  zip_t* archive = zip_open_from_source(out, ZIP_TRUNCATE, &error);
  for (const auto& [name, bytes] : parts) {
    zip_source_t* part = zip_source_buffer(archive, bytes.data(), bytes.size(), 0);
    const zip_int64_t at = zip_file_add(archive, name.c_str(), part, ZIP_FL_ENC_RAW);
    if (!password.empty()) {
      zip_file_set_encryption(archive, zip_uint64_t(at), ZIP_EM_AES_256,
                              std::string(password).c_str());
    }
  }
  zip_close(archive);
  std::string bytes;
  zip_source_open(out);
  zip_source_seek(out, 0, SEEK_END);
  bytes.resize(std::size_t(zip_source_tell(out)));
  zip_source_seek(out, 0, SEEK_SET);
  zip_source_read(out, bytes.data(), bytes.size());
  zip_source_close(out);
  zip_source_free(out);
  return bytes;
}

std::string paragraph(std::string_view text) {
  return "<w:p><w:pPr><w:tabs><w:tab w:val=\"left\"/></w:tabs></w:pPr><w:r><w:t>" +
         std::string(text) + "</w:t></w:r></w:p>";
}

std::string docx(std::string_view body_xml) {
  return zip({{"[Content_Types].xml", "<Types/>"},
              {"word/document.xml",
               "<?xml version=\"1.0\" encoding=\"UTF-8\"?><w:document xmlns:w=\"urn:w\" "
               "xmlns:mc=\"urn:mc\"><w:body>" +
                   std::string(body_xml) + "</w:body></w:document>"},
              {"word/header1.xml", "<w:hdr xmlns:w=\"urn:w\">" + paragraph("機密") + "</w:hdr>"},
              {"docProps/core.xml",
               "<c:coreProperties xmlns:c=\"urn:c\" xmlns:dc=\"urn:dc\">"
               "<dc:title>Title of it</dc:title><dc:creator>Nobody</dc:creator>"
               "</c:coreProperties>"}});
}

std::string xlsx() {
  return zip(
      {{"xl/workbook.xml",
        "<workbook xmlns:r=\"urn:r\"><sheets><sheet name=\"集計\" sheetId=\"1\"/></sheets>"
        "</workbook>"},
       {"xl/sharedStrings.xml",
        "<sst><si><t>売上</t><rPh sb=\"0\" eb=\"2\"><t>ウリアゲ</t></rPh></si>"
        "<si><r><t>Um</t></r><r><t>satz</t></r></si></sst>"},
       {"xl/worksheets/sheet1.xml",
        "<worksheet><sheetData><row r=\"1\"><c r=\"A1\" t=\"s\"><v>1</v></c>"
        "<c r=\"B1\"><f>SUM(A1:A9)</f><v>4711</v></c>"
        "<c r=\"C1\" t=\"inlineStr\"><is><t>inline</t></is></c></row></sheetData></worksheet>"}});
}

std::string pptx() {
  Parts parts{{"ppt/presentation.xml", "<p:presentation xmlns:p=\"urn:p\"/>"}};
  for (int i = 11; i > 0; --i) {
    parts.emplace_back("ppt/slides/slide" + std::to_string(i) + ".xml",
                       "<p:sld xmlns:p=\"urn:p\" xmlns:a=\"urn:a\"><a:p><a:r><a:t>Slide " +
                           std::to_string(i) + "</a:t></a:r></a:p></p:sld>");
  }
  return zip(parts);
}

std::string odt(std::string_view text) {
  return zip({{"mimetype", "application/vnd.oasis.opendocument.text"},
              {"content.xml",
               "<office:document-content xmlns:office=\"urn:o\" xmlns:text=\"urn:t\">"
               "<text:p>" +
                   std::string(text) + "<text:tab/>after</text:p></office:document-content>"},
              {"META-INF/manifest.xml", "<manifest:manifest xmlns:manifest=\"urn:m\"/>"}});
}

std::string pdf(std::string_view latin, std::string_view content) {
  const std::string stream = content.empty() ? "BT /F1 12 Tf 72 700 Td (" + std::string(latin) +
                                                   ") Tj 0 -40 Td /F2 12 Tf <000100020003> Tj "
                                                   "0 -40 Td /F3 12 Tf <89ef8b63> Tj ET"
                                             : std::string(content);
  static constexpr std::string_view kToUnicode =
      "/CIDInit /ProcSet findresource begin 12 dict begin begincmap /CMapName /A def "
      "/CMapType 2 def 1 begincodespacerange <0000> <ffff> endcodespacerange "
      "3 beginbfchar <0001> <8acb> <0002> <6c42> <0003> <66f8> endbfchar "
      "endcmap end end";
  const auto with_stream = [](std::string_view bytes) {
    return "<< /Length " + std::to_string(bytes.size()) + " >>\nstream\n" + std::string(bytes) +
           "\nendstream";
  };
  const std::vector<std::string> objects{
      "<< /Type /Catalog /Pages 2 0 R >>",
      "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
      "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R /Resources << /Font "
      "<< /F1 5 0 R /F2 6 0 R /F3 10 0 R >> >> >>",
      with_stream(stream),
      "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
      "<< /Type /Font /Subtype /Type0 /BaseFont /A /Encoding /Identity-H /DescendantFonts [7 0 R] "
      "/ToUnicode 8 0 R >>",
      "<< /Type /Font /Subtype /CIDFontType2 /BaseFont /A /CIDSystemInfo << /Registry (Adobe) "
      "/Ordering (Identity) /Supplement 0 >> /FontDescriptor 9 0 R >>",
      with_stream(kToUnicode),
      "<< /Type /FontDescriptor /FontName /A /Flags 4 /FontBBox [0 0 1000 1000] /ItalicAngle 0 "
      "/Ascent 800 /Descent -200 /CapHeight 700 /StemV 80 >>",
      "<< /Type /Font /Subtype /Type0 /BaseFont /Ryumin-Light /Encoding /90ms-RKSJ-H "
      "/DescendantFonts [11 0 R] >>",
      "<< /Type /Font /Subtype /CIDFontType0 /BaseFont /Ryumin-Light /CIDSystemInfo << /Registry "
      "(Adobe) /Ordering (Japan1) /Supplement 2 >> /FontDescriptor 9 0 R >>"};
  std::string out = "%PDF-1.4\n";
  std::string table;
  for (std::size_t i = 0; i < objects.size(); ++i) {
    char line[32];
    std::snprintf(line, sizeof line, "%010zu 00000 n \n", out.size());
    table += line;
    out += std::to_string(i + 1) + " 0 obj\n" + objects[i] + "\nendobj\n";
  }
  const std::string count = std::to_string(objects.size() + 1);
  const std::string at = std::to_string(out.size());
  return out + "xref\n0 " + count + "\n0000000000 65535 f \n" + table + "trailer\n<< /Size " +
         count + " /Root 1 0 R >>\nstartxref\n" + at + "\n%%EOF\n";
}

}  // namespace fumi::extract::testing
