#include "api/jmap/blobs.h"

#include <charconv>

#include "base/ascii.h"
#include "mime/body.h"

namespace fumi::jmap {
namespace {

constexpr std::size_t kNestingMax = 8;

std::unexpected<Error> no_blob() { return fail(Code::not_found, "reading a blob"); }

}  // namespace

std::optional<BlobName> parse_blob_id(std::string_view id) {
  const auto fields = ascii::split(id, '-');
  if (fields.size() > kNestingMax + 1 || fields.front().size() < 2) return std::nullopt;
  BlobName name;
  const std::string_view number = fields.front().substr(1);
  if (fields.front().front() == 'M') {
    const auto email = id_of<EmailId>(number);
    if (!email) return std::nullopt;
    name.email = *email;
  } else if (fields.front().front() == 'U') {
    const auto upload = id_of<UploadId>(number);
    if (!upload) return std::nullopt;
    name.upload = *upload;
  } else {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < fields.size(); ++i)
    name.parts.emplace_back(fields[i]);
  return name;
}

std::string email_blob_id(EmailId id) { return "M" + id.text(); }
std::string upload_blob_id(UploadId id) { return "U" + id.text(); }

Result<std::optional<std::vector<BlobRef>>> locate(Tx& tx, const View& view, const BlobName& name,
                                                   Instant now) {
  if (name.email) {
    FUMI_TRY(const auto email, view.email(tx, name.email));
    if (!email) return std::nullopt;
    return std::vector{email->blob};
  }
  FUMI_TRY(auto upload, tx.emails().upload(view.reader(), name.upload, now));
  if (!upload) return std::nullopt;
  return std::move(upload->parts);
}

const mime::Part* part_by_number(const mime::Part& root, std::string_view number) {
  const mime::Part* at = &root;
  if (!root.is_multipart()) return number == "1" ? at : nullptr;
  for (const std::string_view field : ascii::split(number, '.')) {
    std::size_t index = 0;
    const auto [end, bad] = std::from_chars(field.data(), field.data() + field.size(), index);
    const bool good = bad == std::errc() && end == field.data() + field.size();
    if (!good || field.front() == '0' || !at->is_multipart() || index > at->children.size())
      return nullptr;
    at = &at->children[index - 1];
  }
  return at->is_multipart() ? nullptr : at;
}

Task<Result<std::string>> blob_bytes(JmapHost& host, Caller caller, AccountId account,
                                     std::string id) {
  const auto name = parse_blob_id(id);
  if (!name) co_return no_blob();
  const Instant now = host.clock.now();
  using Located = Result<std::optional<std::vector<BlobRef>>>;
  auto work = [&](Tx& tx) -> Located {
    FUMI_TRY(const View view, View::load(tx, caller.principal.account, account));
    return locate(tx, view, *name, now);
  };
  const TenantScope scope = caller.principal.scope();
  Located refs = co_await host.store.read(scope, std::move(work));
  if (!refs) co_return std::unexpected(std::move(refs).error());
  if (!*refs) co_return no_blob();
  Result<std::string> bytes;
  for (const BlobRef& ref : **refs) {
    Result<std::string> part = co_await host.blobs.get(scope, ref);
    if (!part) co_return part;
    if (bytes->empty())
      bytes = std::move(part);
    else
      *bytes += *part;
  }
  for (const std::string& number : name->parts) {
    const mime::Summary summary = mime::parse(*bytes);
    const mime::Part* part = part_by_number(summary.root, number);
    if (part == nullptr) co_return no_blob();
    std::string content = part->is_message()
                              ? mime::decode_transfer(mime::raw_body(*part, *bytes), part->encoding)
                              : mime::content(*part, *bytes);
    bytes = std::move(content);
  }
  co_return bytes;
}

}  // namespace fumi::jmap
