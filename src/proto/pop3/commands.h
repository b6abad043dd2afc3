// The commands, each with the states and arguments that the RFCs give it. Internal to the engine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "proto/pop3/engine.h"

namespace fumi::pop3 {

struct Commands {
  enum class States : std::uint8_t { authorization, transaction, both };
  // What stands behind the verb: nothing, words between single spaces, or anything.
  enum class Arguments : std::uint8_t { none, optional_one, one, two, anything };

  struct Rule {
    std::string_view verb;
    States states;
    Arguments arguments;
    std::optional<Step> (*run)(Engine& engine, std::string_view first, std::string_view second);
  };

  [[nodiscard]] static const Rule* find(std::string_view verb);
  [[nodiscard]] static bool legal(const Rule& rule, const Engine& engine);

 private:
  using Out = std::optional<Step>;
  static Out capa(Engine& e, std::string_view first, std::string_view second);
  static Out user(Engine& e, std::string_view name, std::string_view second);
  static Out pass(Engine& e, std::string_view password, std::string_view second);
  static Out auth(Engine& e, std::string_view mechanism, std::string_view initial);
  static Out stls(Engine& e, std::string_view first, std::string_view second);
  static Out utf8(Engine& e, std::string_view first, std::string_view second);
  static Out lang(Engine& e, std::string_view range, std::string_view second);
  static Out quit(Engine& e, std::string_view first, std::string_view second);
  static Out stat(Engine& e, std::string_view first, std::string_view second);
  static Out list(Engine& e, std::string_view number, std::string_view second);
  static Out uidl(Engine& e, std::string_view number, std::string_view second);
  static Out retr(Engine& e, std::string_view number, std::string_view second);
  static Out top(Engine& e, std::string_view number, std::string_view lines);
  static Out dele(Engine& e, std::string_view number, std::string_view second);
  static Out noop(Engine& e, std::string_view first, std::string_view second);
  static Out rset(Engine& e, std::string_view first, std::string_view second);

  static Out listing(Engine& e, std::string_view number, Engine::Listing what);
  static const Rule kRules[];
};

// 1 to 10 digits; nothing else.
[[nodiscard]] std::optional<std::uint64_t> number_of(std::string_view text);

}  // namespace fumi::pop3
