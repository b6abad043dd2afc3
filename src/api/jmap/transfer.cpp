#include "api/jmap/transfer.h"

#include <algorithm>
#include <charconv>

#include "api/jmap/blobs.h"
#include "base/ascii.h"
#include "codec/base64.h"
#include "mime/body.h"

namespace fumi::jmap {
namespace {

// A row that names the blobs must be committed well within the time that the blob store keeps blobs
// without one (CompactionOptions::grace).
constexpr Duration kUploadTimeMax = std::chrono::minutes(60);

std::unexpected<Error> no_blob() { return fail(Code::not_found, "reading a blob"); }

bool is_plain(std::string_view encoding) {
  return ascii::iequals(encoding, "7bit") || ascii::iequals(encoding, "8bit") ||
         ascii::iequals(encoding, "binary") || encoding.empty();
}

std::uint64_t octets_of(const std::vector<BlobRef>& blobs) {
  std::uint64_t octets = 0;
  for (const BlobRef& blob : blobs)
    octets += blob.octets;
  return octets;
}

// The next octets of a run, at most so many: never across two blobs.
Task<Result<std::string>> read_run(JmapHost& host, TenantScope scope, const StoredRun& run,
                                   std::uint64_t octets_max) {
  std::uint64_t before = 0;
  for (const BlobRef& blob : run.blobs) {
    if (run.begin >= before + blob.octets) {
      before += blob.octets;
      continue;
    }
    BlobRange range;
    range.offset = run.begin - before;
    range.octets = std::min({octets_max, run.end - run.begin, blob.octets - range.offset});
    Result<std::string> read = co_await host.blobs.get_range(scope, blob, range);
    if (!read || read->size() == range.octets) co_return read;
    co_return fail(Code::corrupt, "reading a blob", "it is shorter than it says");
  }
  co_return fail(Code::corrupt, "reading a blob", "it ends early");
}

class ContentSource final : public http::BodySource {
 public:
  ContentSource(JmapHost& host, TenantScope scope, Content content,
                std::unique_ptr<Slots::Slot> slot)
      : host_(host), scope_(scope), content_(std::move(content)), slot_(std::move(slot)) {
    if (content_.form == Content::Form::whole) held_ = std::move(content_.bytes);
  }

  Task<Result<std::string>> next() override {
    while (at_ == held_.size() && content_.run.begin < content_.run.end) {
      const Status more = co_await fill();
      if (!more) co_return std::unexpected(more.error());
    }
    std::string slice = held_.substr(at_, kSliceOctets);
    at_ += slice.size();
    co_return slice;
  }

 private:
  Task<Status> fill() {
    const std::uint64_t window =
        content_.form == Content::Form::base64 ? kPartOctets : kWindowOctets;
    Result<std::string> read = co_await read_run(host_, scope_, content_.run, window);
    if (!read) co_return std::unexpected(std::move(read).error());
    content_.run.begin += read->size();
    at_ = 0;
    if (content_.form == Content::Form::plain) {
      held_ = std::move(*read);
      co_return Status();
    }
    encoded_ += *read;
    held_ = take_decoded();
    co_return Status();
  }

  // Whole lines with whole groups of four. What stands behind padding is data or a list's footer:
  // the decoder must see the end with it, unless that is far away.
  std::string take_decoded() {
    const bool last = content_.run.begin == content_.run.end;
    const bool padded = encoded_.find('=') != std::string::npos;
    if (!last && padded && encoded_.size() < 4 * kPartOctets) return {};
    std::size_t end = encoded_.size();
    if (!last) {
      std::size_t groups = 0;
      for (const char c : encoded_)
        groups += ascii::is_alnum(c) || c == '+' || c == '/' ? 1U : 0U;
      for (std::size_t extra = groups % 4; end > 0 && extra > 0;) {
        const char c = encoded_[--end];
        extra -= ascii::is_alnum(c) || c == '+' || c == '/' ? 1U : 0U;
      }
    }
    std::string decoded = codec::base64_decode_lenient(std::string_view(encoded_).substr(0, end));
    encoded_.erase(0, end);
    return decoded;
  }

  JmapHost& host_;
  TenantScope scope_;
  Content content_;
  std::unique_ptr<Slots::Slot> slot_;
  std::string held_;  // ready to be sent from at_ on
  std::size_t at_ = 0;
  std::string encoded_;  // read, and not decoded yet
};

struct Found {
  std::vector<BlobRef> blobs;
  std::string summary;  // of an email
};

// Where a part lies, without opening the message; nullopt: it has to be opened whole.
Result<std::optional<Content>> locate_part(const BlobName& name, Found& found) {
  if (name.parts.size() != 1 || !name.email) return std::nullopt;
  const auto summary = mime::decode(found.summary);
  if (!summary) return std::nullopt;
  const mime::Part* part = part_by_number(summary->root, name.parts.front());
  if (part == nullptr) return no_blob();
  const bool base64 = ascii::iequals(part->encoding, "base64");
  if (!base64 && !is_plain(part->encoding)) return std::nullopt;
  if (part->body_begin > part->body_end || part->body_end > octets_of(found.blobs))
    return std::nullopt;
  Content content;
  content.run = {std::move(found.blobs), part->body_begin, part->body_end};
  if (base64) content.form = Content::Form::base64;
  return content;
}

}  // namespace

Task<Result<Upload>> receive_upload(JmapHost& host, Caller caller, http::BodyReader& body,
                                    std::string type) {
  const TenantScope scope = caller.principal.scope();
  const Instant begun = host.clock.now();
  std::vector<PendingBlob> pending;
  Upload upload;
  std::string part;
  for (bool more = true; more;) {
    Result<std::string> piece = co_await body.next();
    if (!piece) co_return std::unexpected(std::move(piece).error());
    if (host.clock.now() - begun > kUploadTimeMax)
      co_return fail(Code::timeout, "receiving an upload", "it took too long");
    part += *piece;
    more = !piece->empty();
    while (part.size() >= kPartOctets || (!more && (!part.empty() || upload.parts.empty()))) {
      const std::string_view whole = std::string_view(part).substr(0, kPartOctets);
      Result<PendingBlob> blob = co_await host.blobs.begin(scope, whole);
      if (!blob) co_return std::unexpected(std::move(blob).error());
      upload.octets += whole.size();
      upload.parts.push_back(blob->ref);
      pending.push_back(std::move(*blob));
      part.erase(0, whole.size());
    }
  }
  const Instant now = host.clock.now();
  upload.id = host.ids.next<UploadId>();
  upload.type = std::move(type);
  upload.expires = now + host.options.upload_lifetime;
  auto work = [&](Tx& tx) {
    return tx.emails().add_upload(caller.principal.account, upload, now,
                                  upload_limits(host.options));
  };
  Barrier durable = [&pending]() -> Status {
    for (PendingBlob& blob : pending)
      FUMI_CHECK(blob.wait_durable());
    return {};
  };
  const Status kept = co_await host.store.write_after(std::move(durable), scope, std::move(work));
  if (!kept) co_return std::unexpected(kept.error());
  co_return upload;
}

std::optional<std::uint64_t> Content::octets() const {
  switch (form) {
    case Form::plain:
      return run.end - run.begin;
    case Form::whole:
      return bytes.size();
    case Form::base64:
      break;
  }
  return std::nullopt;
}

Task<Result<Content>> open_content(JmapHost& host, Caller caller, AccountId account,
                                   std::string blob_id) {
  const auto name = parse_blob_id(blob_id);
  if (!name) co_return no_blob();
  const Instant now = host.clock.now();
  auto look = [&](Tx& tx) -> Result<Found> {
    Found found;
    FUMI_TRY(const View view, View::load(tx, caller.principal.account, account));
    FUMI_TRY(auto blobs, locate(tx, view, *name, now));
    if (!blobs) return no_blob();
    found.blobs = std::move(*blobs);
    if (!name->email || name->parts.empty()) return found;
    FUMI_TRY(auto email, view.email(tx, name->email));
    if (email) found.summary = std::move(email->summary);
    return found;
  };
  const TenantScope scope = caller.principal.scope();
  Result<Found> found = co_await host.store.read(scope, std::move(look));
  if (!found) co_return std::unexpected(std::move(found).error());
  if (name->parts.empty()) {
    const std::uint64_t octets = octets_of(found->blobs);
    Content content;
    content.run.blobs = std::move(found->blobs);
    content.run.end = octets;
    co_return content;
  }
  if (octets_of(found->blobs) > kPartOctets) {
    Result<std::optional<Content>> part = locate_part(*name, *found);
    if (!part) co_return std::unexpected(std::move(part).error());
    if (*part) co_return std::move(**part);
  }
  Result<std::string> bytes =
      co_await blob_bytes(host, std::move(caller), account, std::move(blob_id));
  if (!bytes) co_return std::unexpected(std::move(bytes).error());
  Content whole;
  whole.form = Content::Form::whole;
  whole.bytes = std::move(*bytes);
  co_return whole;
}

// bytes=first-last, bytes=first-, bytes=-suffix
std::optional<ByteRange> byte_range(std::string_view field, std::uint64_t octets) {
  constexpr std::string_view kUnit = "bytes=";
  if (!ascii::istarts_with(field, kUnit)) return std::nullopt;
  const std::string_view text = ascii::trim(field.substr(kUnit.size()));
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto number = [](std::string_view digits) -> std::optional<std::uint64_t> {
    std::uint64_t value = 0;
    const auto [end, bad] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (bad != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    return value;
  };
  const std::string_view first = text.substr(0, dash);
  const std::string_view last = text.substr(dash + 1);
  if (first.empty()) {
    const auto suffix = number(last);
    if (!suffix) return std::nullopt;
    return ByteRange{octets - std::min(*suffix, octets), octets};
  }
  const auto begin = number(first);
  if (!begin) return std::nullopt;
  std::uint64_t end = octets;
  if (!last.empty()) {
    const auto given = number(last);
    if (!given || *given < *begin) return std::nullopt;
    if (*given < octets) end = *given + 1;
  }
  if (*begin >= octets) return ByteRange{octets, octets};
  return ByteRange{*begin, end};
}

std::unique_ptr<http::BodySource> content_source(JmapHost& host, TenantScope scope, Content content,
                                                 std::unique_ptr<Slots::Slot> slot) {
  return std::make_unique<ContentSource>(host, scope, std::move(content), std::move(slot));
}

}  // namespace fumi::jmap
