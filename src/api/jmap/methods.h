// The methods and what they belong to. Each has the shape Task<Answer>(Call&): arguments with
// references resolved, the account checked already.
#pragma once

#include <span>
#include <string_view>

#include "api/jmap/call.h"

namespace fumi::jmap {

namespace capability {
inline constexpr const char* kCore = "urn:ietf:params:jmap:core";
inline constexpr const char* kMail = "urn:ietf:params:jmap:mail";
inline constexpr const char* kSubmission = "urn:ietf:params:jmap:submission";
inline constexpr const char* kVacation = "urn:ietf:params:jmap:vacationresponse";
inline constexpr const char* kQuota = "urn:ietf:params:jmap:quota";
inline constexpr const char* kBlob = "urn:ietf:params:jmap:blob";
inline constexpr const char* kWebSocket = "urn:ietf:params:jmap:websocket";
inline constexpr const char* kContacts = "urn:ietf:params:jmap:contacts";
}  // namespace capability

struct Method {
  std::string_view name;
  std::string_view capability;  // unknownMethod unless the request uses it
  Task<Answer> (*run)(Call&);
  enum class Account : std::uint8_t { one, none } account = Account::one;
};

// RFC 8620 §4, RFC 8621 §2.
[[nodiscard]] std::span<const Method> core_methods();
[[nodiscard]] std::span<const Method> mailbox_methods();
// RFC 8620 §7.2.
[[nodiscard]] std::span<const Method> push_methods();
// RFC 8621 §3, §4.
[[nodiscard]] std::span<const Method> email_methods();
[[nodiscard]] std::span<const Method> query_methods();
[[nodiscard]] std::span<const Method> snippet_methods();
[[nodiscard]] std::span<const Method> set_methods();
// RFC 8621 §4.7, RFC 8620 §6.3.
[[nodiscard]] std::span<const Method> copy_methods();
// RFC 8621 §6, §8 and RFC 9425.
[[nodiscard]] std::span<const Method> identity_methods();
// RFC 8621 §7.
[[nodiscard]] std::span<const Method> submission_methods();
// RFC 9610.
[[nodiscard]] std::span<const Method> contact_methods();
// RFC 9404.
[[nodiscard]] std::span<const Method> blob_methods();

// The method of that name, or nullptr.
[[nodiscard]] const Method* find_method(std::string_view name);

}  // namespace fumi::jmap
