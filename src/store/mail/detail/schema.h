// The tables: what every row holds and how it is clustered. See README.md.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/time.h"
#include "store/sql/migrations.h"

namespace fumi::store {

[[nodiscard]] std::span<const sql::Migration> migrations();

extern const char* const kSearchSchema;       // schema_search.cpp
extern const char* const kSchemaSavedate;     // schema_savedate.cpp
extern const char* const kSchemaAttachments;  // schema_attachments.cpp
// What JMAP asks for beyond IMAP (schema_jmap.cpp).
extern const char* const kSchemaJmap;
extern const char* const kSchemaFlagblocks;  // schema_flagblocks.cpp
// Push subscriptions and vacation responses at work (schema_away.cpp).
extern const char* const kSchemaAway;
extern const char* const kSchemaSettings;  // schema_settings.cpp
// Grants, sessions, tokens and kept answers (schema_control.cpp).
extern const char* const kSchemaControl;
// Domains' ownership, tenants' limits, senders' pace (schema_people.cpp).
extern const char* const kSchemaPeople;
extern const char* const kSchemaHeld;  // schema_held.cpp

// Mail records: one table a day (UTC), made when its first record comes.
inline constexpr std::string_view kMailRecordsPrefix = "mail_records_";
[[nodiscard]] std::string_view mail_records_template();  // for sql::ensure_table

// Days since 1970-01-01, as the id of a record tells it.
[[nodiscard]] int day_of(Instant at);
[[nodiscard]] std::string mail_records_table(int day);  // "mail_records_20261123"

}  // namespace fumi::store
