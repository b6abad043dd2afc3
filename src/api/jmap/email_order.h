// The order of emails in a result (RFC 8621 §4.4.2), as keys: octets that are compared as they are.
#pragma once

#include <string>
#include <vector>

#include "api/jmap/email_filter.h"
#include "domain/mailbox.h"
#include "mime/structure.h"
#include "proto/jmap/arguments.h"

namespace fumi::jmap {

// What can be sorted by; unsupportedSort, invalidArguments. Keywords are folded.
[[nodiscard]] MethodResult<std::vector<Comparator>> read_sort(std::vector<Comparator> sort);

[[nodiscard]] bool sorts_by_summary(const std::vector<Comparator>& sort);
[[nodiscard]] bool sorts_by_thread(const std::vector<Comparator>& sort);
// No email ever stands elsewhere than where it came.
[[nodiscard]] bool is_immutable(const std::vector<Comparator>& sort);

// Texts are compared by the first 256 octets of their folded form. Without a comparator: by time of
// receipt, the newest first. `envelope`: null where none is needed or known.
[[nodiscard]] std::string order_key(const std::vector<Comparator>& sort, const EmailFacts& email,
                                    const ThreadKeywords& threads, const mime::Envelope* envelope);

}  // namespace fumi::jmap
