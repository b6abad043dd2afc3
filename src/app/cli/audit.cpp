// fumi audit export, fumi audit verify
#include <cstdio>

#include "app/cli/groups.h"
#include "service/records/verify.h"

namespace fumi::app {
namespace {

struct CloseFile {
  void operator()(std::FILE* file) const { std::fclose(file); }
};
using FileHandle = std::unique_ptr<std::FILE, CloseFile>;

// Into "FILE.part", renamed when all of it is there: what has the name is complete.
void export_audit(Client& client, const Commands& c) {
  Query query{{"stream", c.stream}};
  for (const auto& [name, text] : {std::pair("since", c.since), std::pair("until", c.until)}) {
    if (text.empty()) continue;
    const auto parsed = parse_since(text, system_clock().now());
    if (!parsed) return client.refuse(text + ": " + client.word(Text::bad_time), kExitUsage);
    query.emplace_back(name, *parsed);
  }
  const std::string part = c.file + ".part";
  FileHandle file(std::fopen(part.c_str(), "wb"));
  if (!file) return client.refuse(client.word(Text::unwritable_file) + ": " + part);
  const auto sink = [&file](std::string_view bytes) -> Status {
    if (std::fwrite(bytes.data(), 1, bytes.size(), file.get()) == bytes.size()) return {};
    return fail(Code::storage_full, "writing the export", "the file can't be written");
  };
  bool good = client.download(with_query(path_of("/tenants/", c.tenant, "/audit"), query), sink);
  if (good && std::fclose(file.release()) != 0) {
    client.refuse(client.word(Text::unwritable_file) + ": " + part);
    good = false;
  }
  if (good && std::rename(part.c_str(), c.file.c_str()) != 0) {
    client.refuse(client.word(Text::unwritable_file) + ": " + c.file);
    good = false;
  }
  if (!good) {
    std::remove(part.c_str());
    return;
  }
  client.note(client.word(Text::done_exported) + " " + c.file);
}

void tell_report(Client& client, const AuditReport& report) {
  if (client.json()) {
    api::JsonArray findings;
    for (const AuditFinding& finding : report.findings)
      findings.emplace_back(api::JsonObject{{"line", std::int64_t(finding.line)},
                                            {"record", std::int64_t(finding.record)},
                                            {"what", finding.what}});
    client.print_json(api::JsonObject{{"intact", report.intact()},
                                      {"records", std::int64_t(report.records)},
                                      {"last", report.last},
                                      {"findings", std::move(findings)}});
    return;
  }
  for (const AuditFinding& finding : report.findings)
    client.print("line " + std::to_string(finding.line) +
                 (finding.record ? ", record " + std::to_string(finding.record) : "") + ": " +
                 finding.what);
  if (!report.intact()) return;
  client.print(client.word(Text::audit_intact) + " " + std::to_string(report.records));
  client.print("last: " + report.last);
}

// Needs no server and no token.
void verify_audit_file(Client& client, const std::string& name) {
  const FileHandle file(std::fopen(name.c_str(), "rb"));
  if (!file) return client.refuse(client.word(Text::unreadable_file) + ": " + name);
  AuditVerifier verifier;
  std::string held;
  std::string piece(64 * 1024, '\0');
  for (;;) {
    const std::size_t octets = std::fread(piece.data(), 1, piece.size(), file.get());
    if (octets == 0) break;
    held.append(piece, 0, octets);
    std::size_t begin = 0;
    for (std::size_t end = held.find('\n'); end != std::string::npos;
         end = held.find('\n', begin)) {
      verifier.line(std::string_view(held).substr(begin, end - begin));
      begin = end + 1;
    }
    held.erase(0, begin);
    if (held.size() > kAuditLineOctetsMax) {  // told as too long by the verifier; then dropped
      verifier.line(held);
      held.clear();
    }
  }
  if (std::ferror(file.get()) != 0)
    return client.refuse(client.word(Text::unreadable_file) + ": " + name);
  if (!held.empty()) verifier.line(held);
  const AuditReport report = verifier.finish();
  tell_report(client, report);
  if (!report.intact())
    client.refuse(client.word(Text::audit_broken) + " " + std::to_string(report.findings.size()));
}

}  // namespace

void add_audit_commands(CLI::App& app, const SharedCommands& c) {
  CLI::App& group = add_group(app, "audit", "Records as evidence",
                              "  fumi audit export --tenant acme --out acme.jsonl\n"
                              "  fumi audit verify acme.jsonl");
  CLI::App* out = add_command(group, *c, "export", "Write a stream of records to a file",
                              [c](Client& client) { export_audit(client, *c); });
  out->add_option("--tenant", c->tenant, "Whose records")->required();
  out->add_option("--out", c->file, "The file to write")->required();
  out->add_option("--stream", c->stream, "mail, login or operation")->capture_default_str();
  out->add_option("--since", c->since, "1h, 2026-11-23 or RFC 3339; without it from the beginning");
  out->add_option("--until", c->until, "The same, exclusive");
  CLI::App* verify =
      add_command(group, *c, "verify", "Check an export; needs no server and no token",
                  [c](Client& client) { verify_audit_file(client, c->file); });
  verify->add_option("file", c->file, "The export")->required();
}

}  // namespace fumi::app
