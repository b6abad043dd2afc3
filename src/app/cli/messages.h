// The command line's own words, in English and Japanese. What the server says stays as it is.
#pragma once

#include <string_view>

namespace fumi::app {

enum class Language { english, japanese };

// LC_ALL, LC_MESSAGES or LANG, the first that is set: "ja…" is Japanese.
[[nodiscard]] Language language_of_environment();

enum class Text {
  no_token,
  unreadable_token_file,
  unreachable,
  bad_answer,
  unreadable_password,
  passwords_differ,
  ask_password,
  ask_password_again,
  no_terminal,
  bad_size,
  bad_time,
  bad_hours,
  unwritable_file,
  unreadable_file,
  key_shown_once,
  done_created,
  done_changed,
  done_deleted,
  done_retried,
  done_cancelled,
  done_exported,
  done_rebuilding,
  done_imported,
  mails_read,
  mails_new,
  mails_there,
  mails_too_large,
  mails_repeat,
  mails_updated,
  mails_not_given,
  mails_at_most_told,
  mail_minutes_left,
  bad_mapping,
  password_in_clear,
  export_broke_off,
  audit_intact,
  audit_broken,
  nothing_found,
  head_name,
  head_status,
  head_created,
  head_address,
  head_used,
  head_quota,
  head_id,
  head_from,
  head_recipients,
  head_next_try,
  head_answer,
  head_size,
  head_tenant,
  head_type,
  head_value,
  head_mails,
  head_indexed,
  head_mailbox,
  head_who,
  head_rights,
  head_denied,
  head_effect,
  head_doors,
  head_hours,
  head_until,
  count_,
};

[[nodiscard]] std::string_view text(Text which, Language language);

}  // namespace fumi::app
