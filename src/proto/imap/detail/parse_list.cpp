// LIST with its options (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154 §5), and LSUB.
#include "proto/imap/detail/commands.h"

namespace fumi::imap::detail {
namespace {

// list-select-opts = "(" [list-select-opt *(SP list-select-opt)] ")"
bool list_select_opts(Parser& p, ListSelect& out) {
  if (!p.expect('(')) return false;
  if (p.take(')')) return true;
  do {
    const std::string option = p.keyword();
    if (option == "SUBSCRIBED") {
      out.subscribed = true;
    } else if (option == "REMOTE") {
      out.remote = true;
    } else if (option == "RECURSIVEMATCH") {
      out.recursive_match = true;
    } else if (option == "SPECIAL-USE") {
      out.special_use = true;
    } else {
      (void)p.fail("unknown LIST selection option");
      return false;
    }
  } while (p.take(' '));
  if (!p.expect(')')) return false;
  if (out.recursive_match && !out.subscribed) {  // RFC 5258 §6 list-select-mod-opt
    (void)p.fail("RECURSIVEMATCH needs SUBSCRIBED");
    return false;
  }
  return true;
}

// list-return-opts = "RETURN" SP "(" [list-return-opt *(SP list-return-opt)] ")"
bool list_return_opts(Parser& p, ListReturn& out) {
  if (p.keyword() != "RETURN") {
    (void)p.fail("expected RETURN");
    return false;
  }
  if (!p.sp() || !p.expect('(')) return false;
  if (p.take(')')) return true;
  do {
    const std::string option = p.keyword();
    if (option == "SUBSCRIBED") {
      out.subscribed = true;
    } else if (option == "CHILDREN") {
      out.children = true;
    } else if (option == "SPECIAL-USE") {
      out.special_use = true;
    } else if (option == "MYRIGHTS") {  // RFC 8440 §3
      out.my_rights = true;
    } else if (option == "METADATA" && out.metadata.empty()) {  // RFC 9590 §3
      if (!p.sp()) return false;
      auto entries = metadata_entries(p);
      if (!entries) return false;
      out.metadata = std::move(*entries);
    } else if (option == "STATUS") {
      if (!p.sp()) return false;
      out.status = status_att_list(p);
      if (!out.status) return false;
    } else {
      (void)p.fail("unknown LIST return option");
      return false;
    }
  } while (p.take(' '));
  return p.expect(')');
}

// mbox-or-pat = list-mailbox / patterns
bool mbox_or_pat(Parser& p, const std::string& reference, std::vector<std::string>& out) {
  const bool several = p.take('(');
  do {
    if (out.size() == p.limits().list_patterns) {
      (void)p.fail("too many patterns");
      return false;
    }
    auto pattern = p.list_mailbox();
    if (!pattern) return false;
    // An empty pattern alone asks for the separator and keeps being empty (RFC 9051 §6.3.9).
    out.push_back(pattern->empty() ? std::string() : reference + *pattern);
  } while (several && p.take(' '));
  return !several || p.expect(')');
}

}  // namespace

// list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
Parsed parse_list(Parser& p) {
  List out;
  if (!p.sp()) return std::nullopt;
  if (p.next_is('(') && (!list_select_opts(p, out.select) || !p.sp())) return std::nullopt;
  const auto reference = p.list_mailbox();
  if (!reference || !p.sp() || !mbox_or_pat(p, *reference, out.patterns)) return std::nullopt;
  if (p.take(' ') && !list_return_opts(p, out.wanted)) return std::nullopt;
  if (!p.end()) return std::nullopt;
  if (out.select.subscribed) out.wanted.subscribed = true;    // RFC 5258 §3.1: \Subscribed is shown
  if (out.select.special_use) out.wanted.special_use = true;  // RFC 6154 §5.2
  return out;
}

// lsub = "LSUB" SP mailbox SP list-mailbox
Parsed parse_lsub(Parser& p) {
  if (!p.sp()) return std::nullopt;
  const auto reference = p.list_mailbox();
  if (!reference || !p.sp()) return std::nullopt;
  const auto pattern = p.list_mailbox();
  if (!pattern || !p.end()) return std::nullopt;
  return Lsub{*reference + *pattern};
}

}  // namespace fumi::imap::detail
