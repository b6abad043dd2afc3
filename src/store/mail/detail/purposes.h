// What the tenant's keys are used for.
#pragma once

#include <string_view>

namespace fumi::store {

// Purposes separate the tenant's keys by table and column (crypto/tenant_keys.h).
namespace purpose {
inline constexpr std::string_view kAddress = "addresses.address";
inline constexpr std::string_view kProfile = "accounts.profile";
inline constexpr std::string_view kCredential = "accounts.credential";
inline constexpr std::string_view kAppPassword = "app_passwords.body";
inline constexpr std::string_view kApiUser = "api_users.name";
inline constexpr std::string_view kApiCredential = "api_users.credential";
inline constexpr std::string_view kDkim = "dkim_keys.private_key";
inline constexpr std::string_view kMailboxName = "mailboxes.name";
inline constexpr std::string_view kMetadata = "mailbox_metadata.body";
inline constexpr std::string_view kSummary = "emails.summary";
inline constexpr std::string_view kKeywords = "entries.keywords";
inline constexpr std::string_view kBlockKeywords = "entry_blocks.keywords";
inline constexpr std::string_view kObject = "objects.body";
inline constexpr std::string_view kUpload = "uploads.type";
inline constexpr std::string_view kVacation = "vacation_replies.sender";
inline constexpr std::string_view kThread = "thread_refs.ref";
inline constexpr std::string_view kQueueBody = "queue_messages.body";
inline constexpr std::string_view kQueueRecipient = "queue_recipients.body";
inline constexpr std::string_view kQueueLast = "queue_recipients.last";
inline constexpr std::string_view kRecord = "records.body";
inline constexpr std::string_view kSetting = "tenant_settings.body";
inline constexpr std::string_view kSearchTerm = "search.term";
inline constexpr std::string_view kSearchList = "search_segments.list";
inline constexpr std::string_view kSearchPage = "search_pages.body";
inline constexpr std::string_view kRecordAddress = "records.address";
}  // namespace purpose

}  // namespace fumi::store
