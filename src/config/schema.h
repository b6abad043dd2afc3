// Schema<T>: the options of one module, declared once (STYLE §9). A thin typed skin over
// OptionInfo.
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <type_traits>
#include <utility>

#include "config/declared.h"

namespace fumi::config {

template <class T>
class Schema {
 public:
  struct Binding {
    OptionInfo info;
    std::function<void(T&, const Value&)> store;
    std::function<void(T&, const T&)> copy;
  };

  template <class M>
  Declared<M> option(M T::* member, std::string name, std::type_identity_t<M> fallback) {
    Binding& binding = add(std::move(name), kind_of<M>(), to_value<M>(fallback));
    if constexpr (Integer<M> && sizeof(M) < sizeof(std::int64_t)) {
      binding.info.range.emplace(to_value(std::numeric_limits<M>::min()),
                                 to_value(std::numeric_limits<M>::max()));
    } else if constexpr (Integer<M> && std::unsigned_integral<M>) {
      binding.info.range.emplace(Value(std::int64_t{0}),
                                 Value(std::numeric_limits<std::int64_t>::max()));
    }
    binding.store = [member](T& target, const Value& value) {
      target.*member = from_value<M>(value);
    };
    binding.copy = [member](T& to, const T& from) { to.*member = from.*member; };
    return Declared<M>(binding.info);
  }

  // An enum, by the words that stand for its values; `fallback` must be among them.
  template <class E>
    requires std::is_enum_v<E>
  Declared<std::string> choice(E T::* member, std::string name, std::type_identity_t<E> fallback,
                               std::vector<std::pair<std::string, E>> words) {
    std::string word;
    for (const auto& [text, value] : words)
      if (value == fallback) word = text;
    Binding& binding = add(std::move(name), Kind::choice, Value(std::move(word)));
    for (const auto& [text, value] : words)
      binding.info.choices.push_back(text);
    check_declaration(binding.info);
    binding.store = [member, words = std::move(words)](T& target, const Value& value) {
      for (const auto& [text, meaning] : words)
        if (text == std::get<std::string>(value)) target.*member = meaning;
    };
    binding.copy = [member](T& to, const T& from) { to.*member = from.*member; };
    return Declared<std::string>(binding.info);
  }

  [[nodiscard]] const std::deque<Binding>& bindings() const { return bindings_; }

  // After a reload: the live options of `next`, the others as they are.
  void take_live(T& current, const T& next) const {
    for (const Binding& binding : bindings_)
      if (binding.info.applies == Applies::live) binding.copy(current, next);
  }

 private:
  Binding& add(std::string name, Kind kind, Value fallback) {
    Binding& binding = bindings_.emplace_back();
    binding.info.name = std::move(name);
    binding.info.kind = kind;
    binding.info.fallback = std::move(fallback);
    return binding;
  }
  std::deque<Binding> bindings_;  // references stay valid while declaring
};

// The schema that the module's describe(Schema<T>&) declares.
template <class T>
[[nodiscard]] Schema<T> schema() {
  Schema<T> declared;
  describe(declared);
  for (const auto& binding : declared.bindings())
    check_declaration(binding.info);
  return declared;
}

// Fills a struct. Error: invalid; `detail` has one "place: name: what" line for each wrong option.
template <class T>
[[nodiscard]] Result<T> bind(const Document& document, const Schema<T>& schema) {
  T target{};
  std::string problems;
  for (const auto& binding : schema.bindings()) {
    const Result<Value> value = effective(binding.info, document);
    if (value)
      binding.store(target, *value);
    else
      problems += (problems.empty() ? "" : "\n") + value.error().detail;
  }
  if (!problems.empty())
    return fail(Code::invalid, "reading the configuration", std::move(problems));
  return target;
}
template <class T>
[[nodiscard]] Result<T> bind(const Document& document) {
  return bind(document, schema<T>());
}

}  // namespace fumi::config
