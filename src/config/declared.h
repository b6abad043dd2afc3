// Which C++ types options have, and the second half of a declaration (`.range().live().doc()`).
#pragma once

#include <concepts>
#include <initializer_list>
#include <limits>
#include <string>
#include <utility>

#include "config/option.h"

namespace fumi::config {

template <class M>
concept Integer = std::integral<M> && !std::same_as<M, bool>;
template <class M>
concept Ranged = Integer<M> || std::same_as<M, Duration> || std::same_as<M, ByteCount>;

template <class M>
[[nodiscard]] consteval Kind kind_of() {
  if constexpr (std::same_as<M, bool>)
    return Kind::flag;
  else if constexpr (Integer<M>)
    return Kind::integer;
  else if constexpr (std::same_as<M, Duration>)
    return Kind::duration;
  else if constexpr (std::same_as<M, ByteCount>)
    return Kind::bytes;
  else if constexpr (std::same_as<M, std::vector<std::string>>)
    return Kind::list;
  else if constexpr (std::same_as<M, std::filesystem::path>)
    return Kind::path;
  else if constexpr (std::same_as<M, SecretFile>)
    return Kind::secret_file;
  else {
    static_assert(std::same_as<M, std::string>, "no option has this type; enums: see choice()");
    return Kind::text;
  }
}

template <class M>
[[nodiscard]] Value to_value(const M& member) {
  if constexpr (Integer<M>)
    return Value(std::int64_t(member));
  else if constexpr (std::same_as<M, std::filesystem::path>)
    return Value(member.string());
  else if constexpr (std::same_as<M, SecretFile>)
    return Value(member.path.string());
  else
    return Value(member);
}

template <class M>
[[nodiscard]] M from_value(const Value& value) {
  if constexpr (Integer<M>)
    return M(std::get<std::int64_t>(value));
  else if constexpr (std::same_as<M, std::filesystem::path>)
    return M(std::get<std::string>(value));
  else if constexpr (std::same_as<M, SecretFile>)
    return SecretFile{std::get<std::string>(value)};
  else
    return std::get<M>(value);
}

// Stops the process (a bug) if the declaration contradicts itself: name, range, default.
void check_declaration(const OptionInfo& option);

// What `option()` returns: the rest of the declaration.
template <class M>
class Declared {
 public:
  explicit Declared(OptionInfo& info) : info_(info) {}
  Declared& range(M low, M high)
    requires Ranged<M>
  {
    info_.range.emplace(to_value(low), to_value(high));
    check_declaration(info_);
    return *this;
  }
  Declared& sim_values(std::initializer_list<M> values) {
    for (const M& value : values)
      info_.sim_values.push_back(to_value(value));
    return *this;
  }
  Declared& live() { return info_.applies = Applies::live, *this; }    // a reload applies it
  Declared& secret() { return info_.shown = Shown::redacted, *this; }  // never printed
  Declared& doc(std::string text) { return info_.doc = std::move(text), *this; }

 private:
  OptionInfo& info_;
};

}  // namespace fumi::config
