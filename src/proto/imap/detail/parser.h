// The productions that commands are made of (RFC 9051 §9), over one frame. Each function bears its
// production's name, takes what it read off the front, and on failure returns nothing and keeps the
// first reason in reply().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "proto/imap/options.h"
#include "proto/imap/reply.h"
#include "proto/imap/seq_set.h"
#include "proto/imap/types.h"

namespace fumi::imap::detail {

class Parser {
 public:
  // `features` grows when a CONDSTORE enabling command is read (RFC 7162 §3.1).
  Parser(std::string_view input, Features features, const Limits& limits)
      : input_(input), features_(features), limits_(limits) {}

  // Structure. expect_*: fail if it is not there; take_*: ask, and take it if it is.
  [[nodiscard]] bool at_end() const { return at_ == input_.size(); }
  [[nodiscard]] bool next_is(char c) const { return !at_end() && input_[at_] == c; }
  [[nodiscard]] bool next_is_digit() const;
  [[nodiscard]] bool take(char c);
  [[nodiscard]] bool take(std::string_view word);  // case-insensitive; no more than a prefix
  [[nodiscard]] bool expect(char c);
  [[nodiscard]] bool sp() { return expect(' '); }
  [[nodiscard]] bool end();  // nothing may follow
  [[nodiscard]] std::size_t position() const { return at_; }
  void rewind(std::size_t position) { at_ = position; }

  // Characters.
  [[nodiscard]] std::optional<std::string_view> tag();
  [[nodiscard]] std::optional<std::string_view> atom();
  [[nodiscard]] std::string
  keyword();  // upper-cased word of letters, digits, '.', '-', '='; may be ""
  [[nodiscard]] std::optional<std::string> astring();
  [[nodiscard]] std::optional<std::string> string();
  [[nodiscard]] std::optional<std::string> quoted();
  [[nodiscard]] std::optional<std::string> literal();
  [[nodiscard]] std::optional<std::string> literal8();  // NUL included (RFC 9051 §9)
  [[nodiscard]] std::optional<std::optional<std::string>> nstring();
  [[nodiscard]] std::optional<std::string> mailbox();       // UTF-8, canonical, fit to be a name
  [[nodiscard]] std::optional<std::string> list_mailbox();  // UTF-8 with wildcards; may be ""
  [[nodiscard]] std::optional<std::string> header_fld_name();
  [[nodiscard]] std::optional<std::string> objectid();  // RFC 8474 §7

  // Numbers.
  [[nodiscard]] std::optional<std::uint32_t> number();
  [[nodiscard]] std::optional<std::uint32_t> nz_number();
  [[nodiscard]] std::optional<std::uint64_t> number64();
  [[nodiscard]] std::optional<ModSeq> mod_sequence_value();
  [[nodiscard]] std::optional<ModSeq> mod_sequence_valzer();
  [[nodiscard]] std::optional<SeqSet> sequence_set();
  [[nodiscard]] std::optional<SeqSet> known_uids();  // without "*" and "$"; sorted (RFC 7162 §7)

  // Dates.
  [[nodiscard]] std::optional<Date> date();
  [[nodiscard]] std::optional<Instant> date_time();

  // Flags.
  [[nodiscard]] std::optional<std::string> flag();
  [[nodiscard]] std::optional<std::vector<std::string>> flag_list();
  [[nodiscard]] std::optional<std::string> flag_keyword();

  // Failure. The first reason stays.
  [[nodiscard]] std::nullopt_t fail(std::string_view why);
  [[nodiscard]] std::nullopt_t refuse(Reply reply);
  [[nodiscard]] std::nullopt_t refuse_numbers();  // BAD [UIDREQUIRED] (RFC 9586 §3)
  [[nodiscard]] Reply reply() const;

  [[nodiscard]] const Limits& limits() const { return limits_; }
  [[nodiscard]] Features features() const { return features_; }
  void enable_condstore() { features_.condstore = true; }

 private:
  [[nodiscard]] std::optional<std::string> decode_mailbox(std::string wire);
  [[nodiscard]] std::optional<unsigned> digits(std::size_t count);
  [[nodiscard]] std::optional<unsigned> date_month();
  [[nodiscard]] std::optional<Date> date_text(unsigned day);
  [[nodiscard]] std::optional<std::string> literal_octets();
  template <class Allowed>
  std::string_view run(Allowed allowed);

  std::string_view input_;
  std::size_t at_ = 0;
  Features features_;
  const Limits& limits_;
  std::optional<Reply> refusal_;
};

[[nodiscard]] bool is_atom_char(char c);

}  // namespace fumi::imap::detail
