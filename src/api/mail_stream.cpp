#include "api/mail_stream.h"

#include <array>
#include <utility>

#include "api/field.h"
#include "api/json.h"

namespace fumi::api {
namespace {

constexpr const char* kDoing = "reading mail";

constexpr std::array<std::pair<MailboxRole, std::string_view>, 7> kRoles{
    {{MailboxRole::none, ""},
     {MailboxRole::inbox, "inbox"},
     {MailboxRole::drafts, "drafts"},
     {MailboxRole::sent, "sent"},
     {MailboxRole::trash, "trash"},
     {MailboxRole::junk, "junk"},
     {MailboxRole::archive, "archive"}}};

constexpr std::array<std::pair<std::uint32_t, std::string_view>, 5> kFlags{
    {{Flags::seen, "\\Seen"},
     {Flags::answered, "\\Answered"},
     {Flags::flagged, "\\Flagged"},
     {Flags::deleted, "\\Deleted"},
     {Flags::draft, "\\Draft"}}};

bool read_role(const Json& value, MailboxRole& into) {
  if (value.string() == nullptr) return false;
  for (const auto& [role, name] : kRoles) {
    if (*value.string() != name) continue;
    into = role;
    return true;
  }
  return false;
}

bool read_flags(const Json& value, Flags& into) {
  if (value.array() == nullptr) return false;
  for (const Json& each : *value.array()) {
    if (each.string() == nullptr) return false;
    const std::string& word = *each.string();
    if (!word.starts_with('\\')) {
      into.keywords.push_back(word);
      continue;
    }
    std::uint32_t bit = 0;
    for (const auto& [known, name] : kFlags)
      if (word == name) bit = known;
    if (bit == 0) return false;
    into.bits |= bit;
  }
  return true;
}

bool read_received(const Json& value, std::optional<Instant>& into) {
  if (value.string() == nullptr) return false;
  const auto micros = parse_rfc3339_micros(*value.string());
  if (micros) into = from_micros(*micros);
  return micros.has_value();
}

bool read_number(const Json& value, std::uint32_t& into) {
  if (value.integer() == nullptr || *value.integer() < 1 || *value.integer() > UINT32_MAX)
    return false;
  into = std::uint32_t(*value.integer());
  return true;
}

bool read_origin(const Json& value, std::optional<MailOrigin>& into) {
  if (value.object() == nullptr || value.object()->size() != 3) return false;
  MailOrigin origin;
  origin.folder = value.text("folder");
  const Json* const validity = value.find("uid_validity");
  const Json* const uid = value.find("uid");
  if (origin.folder.empty() || validity == nullptr || uid == nullptr) return false;
  if (!read_number(*validity, origin.uid_validity) || !read_number(*uid, origin.uid)) return false;
  into = std::move(origin);
  return true;
}

}  // namespace

MailMember read_mail_member(std::string_view name, const Json& value, MailItem& into) {
  bool good = false;
  if (name == "folder") {
    if (value.string() != nullptr) into.folder = *value.string();
    good = !into.folder.empty();
  } else if (name == "role") {
    good = read_role(value, into.role);
  } else if (name == "flags") {
    good = read_flags(value, into.flags);
  } else if (name == "received") {
    good = read_received(value, into.received);
  } else if (name == "origin") {
    good = read_origin(value, into.origin);
  } else {
    return MailMember::unknown;
  }
  return good ? MailMember::taken : MailMember::wrong;
}

Status MailStreamReader::read_line(std::string_view line) {
  FUMI_TRY(const Json json, parse_json(line));
  if (json.object() == nullptr) return fail(Code::invalid, kDoing, "a line is no JSON object");
  item_ = {};
  octets_ = 0;
  bool has_octets = false;
  for (const auto& [name, value] : *json.object()) {
    bool good = read_mail_member(name, value, item_) == MailMember::taken;
    if (name == "octets" && value.integer() != nullptr && *value.integer() > 0) {
      if (*value.integer() > std::int64_t(kMailOctetsMax))
        return fail(Code::too_large, kDoing, "a message is over 64 MiB");
      octets_ = std::size_t(*value.integer());
      has_octets = good = true;
    } else if (name == "end" && value.integer() != nullptr && json.object()->size() == 1) {
      if (*value.integer() != count_)
        return fail(Code::invalid, kDoing, "the end tells another number of messages");
      where_ = Where::end;
      return {};
    }
    if (!good) return fail(Code::invalid, kDoing, "a line has a wrong member");
  }
  if (item_.folder.empty()) return fail(Code::invalid, kDoing, "a line names no folder");
  where_ = has_octets ? Where::bytes : Where::item;
  return {};
}

Result<std::optional<MailItem>> MailStreamReader::broken(Code code, std::string why) {
  error_ = Error{code, kDoing, std::move(why)};
  where_ = Where::broken;
  return std::unexpected(*error_);
}

Result<std::optional<MailItem>> MailStreamReader::take_bytes() {
  if (held_.size() - at_ < octets_ + 1) return std::optional<MailItem>();
  if (held_[at_ + octets_] != '\n')
    return broken(Code::invalid, "a message is longer than its octets");
  item_.bytes = held_.substr(at_, octets_);
  at_ += octets_ + 1;
  ++count_;
  where_ = Where::line;
  return std::optional<MailItem>(std::move(item_));
}

Result<std::optional<MailItem>> MailStreamReader::next() {
  if (where_ == Where::broken) return std::unexpected(*error_);
  if (where_ == Where::line) {
    const std::size_t end = held_.find('\n', at_);
    const std::size_t octets = (end == std::string::npos ? held_.size() : end) - at_;
    if (octets > kMailLineOctetsMax) return broken(Code::too_large, "a line is over 16 KiB");
    if (end == std::string::npos) {
      held_.erase(0, at_);
      at_ = 0;
      return std::optional<MailItem>();
    }
    Status read = read_line(std::string_view(held_).substr(at_, octets));
    if (!read) return broken(read.error().code, read.error().detail);
    at_ = end + 1;
  }
  if (where_ == Where::end) {
    if (at_ < held_.size()) return broken(Code::invalid, "something stands behind the end");
    return std::optional<MailItem>();
  }
  if (where_ == Where::bytes) return take_bytes();
  where_ = Where::line;
  return std::optional<MailItem>(std::move(item_));
}

Json describe_mail(const MailItem& item) {
  Json line = JsonObject{{"folder", item.folder}};
  for (const auto& [role, name] : kRoles)
    if (role == item.role && role != MailboxRole::none) line.set("role", name);
  JsonArray flags;
  for (const auto& [bit, name] : kFlags)
    if (item.flags.has(bit)) flags.emplace_back(name);
  for (const std::string& keyword : item.flags.keywords)
    flags.emplace_back(keyword);
  if (!flags.empty()) line.set("flags", std::move(flags));
  if (item.received) line.set("received", to_rfc3339(*item.received));
  if (item.origin) {
    line.set("origin", JsonObject{{"folder", item.origin->folder},
                                  {"uid_validity", std::int64_t(item.origin->uid_validity)},
                                  {"uid", std::int64_t(item.origin->uid)}});
  }
  return line;
}

std::string write_mail_item(const MailItem& item) {
  Json line = describe_mail(item);
  if (!item.bytes.empty()) line.set("octets", std::int64_t(item.bytes.size()));
  std::string out = write_json(line) + "\n";
  if (!item.bytes.empty()) {
    out += item.bytes;
    out += '\n';
  }
  return out;
}

std::string write_mail_end(std::uint64_t mails) {
  return write_json(JsonObject{{"end", std::int64_t(mails)}}) + "\n";
}

}  // namespace fumi::api
