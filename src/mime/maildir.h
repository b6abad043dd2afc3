// Names in a Maildir++: flags in file names, folders in folder names. Pure functions, any thread.
//
//   "1790.M1.host:2,FRS"           flags behind the base name; small letters are keywords
//   ".Sent.&ZeVnLIqe-"             a folder: "." between levels, each in modified UTF-7
//   "0 $Forwarded\n1 work\n"       dovecot-keywords, which says what "a" and "b" are
//
// A "." inside a level is written "&AC4-", which no other text encodes to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "mime/mbox.h"

namespace fumi::mime {

inline constexpr std::size_t kMaildirKeywordsMax = 26;

// The part that stays when flags change; all of the name where there are none.
[[nodiscard]] std::string_view maildir_base(std::string_view file);
[[nodiscard]] FileFlags maildir_flags(std::string_view file,
                                      const std::vector<std::string>& keywords);
// ":2,FS…" for the flags; keywords that `keywords` lacks are left out.
[[nodiscard]] std::string maildir_info(const FileFlags& flags,
                                       const std::vector<std::string>& keywords);

[[nodiscard]] std::vector<std::string> parse_maildir_keywords(std::string_view text);
[[nodiscard]] std::string write_maildir_keywords(const std::vector<std::string>& keywords);

// "Sent/2026" <-> ".Sent.2026". nullopt: not UTF-8, an empty level, or no folder's name.
[[nodiscard]] std::optional<std::string> maildir_folder(std::string_view mailbox);
[[nodiscard]] std::optional<std::string> maildir_mailbox(std::string_view folder);

}  // namespace fumi::mime
