#include "domain/record.h"

#include <array>
#include <utility>

namespace fumi {
namespace {

constexpr std::array<std::pair<RecordKind, std::string_view>, 10> kNames{{
    {RecordKind::accepted, "accepted"},
    {RecordKind::queued, "queued"},
    {RecordKind::delivered, "delivered"},
    {RecordKind::deferred, "deferred"},
    {RecordKind::bounced, "bounced"},
    {RecordKind::rejected, "rejected"},
    {RecordKind::cancelled, "cancelled"},
    {RecordKind::login, "login"},
    {RecordKind::login_failed, "login_failed"},
    {RecordKind::operation, "operation"},
}};

}  // namespace

RecordStream stream_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::login:
    case RecordKind::login_failed:
      return RecordStream::login;
    case RecordKind::operation:
      return RecordStream::operation;
    default:
      return RecordStream::mail;
  }
}

std::string_view to_string(RecordKind kind) {
  for (const auto& [value, name] : kNames) {
    if (value == kind) return name;
  }
  return "unknown";
}

std::optional<RecordKind> record_kind(std::string_view text) {
  for (const auto& [value, name] : kNames) {
    if (name == text) return value;
  }
  return std::nullopt;
}

}  // namespace fumi
