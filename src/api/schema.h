// Schema<T>: one struct of an API, declared once: JSON in both directions and OpenAPI come from it.
//
//   struct NewDomain { std::string name; };
//   void describe(Schema<NewDomain>& s) {
//     s.named("NewDomain", "A domain to host.");
//     s.field(&NewDomain::name, "name", "The domain.").length(1, 255).example("acme.example");
//   }
//   auto body = from_json<NewDomain>(json);     Json answer = to_json(domain);
//
// Members: std::string, Secret (read only, never written unless .shown_once()), bool, integers,
// Instant, Json (anything), other described structs, std::vector and std::optional of these. An
// optional member that is empty is left out of what we write. Requests with unknown members are
// refused: a misspelt one would be lost silently.
#pragma once

#include <concepts>
#include <functional>
#include <type_traits>
#include <utility>

#include "api/field.h"
#include "base/secret.h"
#include "base/time.h"

namespace fumi::api {

template <class T>
class Schema;
template <class T>
const Schema<T>& schema_of();
template <class T>
const SchemaInfo& info_of();
template <class T>
[[nodiscard]] std::expected<T, FieldProblem> from_json(const Json& value);
template <class T>
[[nodiscard]] Json to_json(const T& value);

// No body, no query, or no answer.
struct None {};

template <class M>
struct IsOptional : std::false_type {};
template <class M>
struct IsOptional<std::optional<M>> : std::true_type {};
template <class M>
struct IsVector : std::false_type {};
template <class M>
struct IsVector<std::vector<M>> : std::true_type {};
template <class M>
concept ApiInteger = std::integral<M> && !std::same_as<M, bool>;

template <class M>
TypeInfo type_info() {
  if constexpr (IsOptional<M>::value) {
    return type_info<typename M::value_type>();
  } else if constexpr (IsVector<M>::value) {
    TypeInfo array{Type::array, "", {}, nullptr, nullptr};
    array.items = std::make_shared<const TypeInfo>(type_info<typename M::value_type>());
    return array;
  } else if constexpr (std::same_as<M, std::string>) {
    return {Type::string, "", {}, nullptr, nullptr};
  } else if constexpr (std::same_as<M, Secret>) {
    return {Type::string, "password", {}, nullptr, nullptr};
  } else if constexpr (std::same_as<M, Instant>) {
    return {Type::string, "date-time", {}, nullptr, nullptr};
  } else if constexpr (std::same_as<M, bool>) {
    return {Type::boolean, "", {}, nullptr, nullptr};
  } else if constexpr (ApiInteger<M>) {
    return {Type::integer, "int64", {}, nullptr, nullptr};
  } else if constexpr (std::same_as<M, Json>) {
    return {Type::any, "", {}, nullptr, nullptr};
  } else {
    return {Type::object, "", {}, &info_of<M>, nullptr};
  }
}

template <class M>
FieldStatus read_member(M& into, const Json& value, const FieldInfo& field) {
  const auto put = [&into](auto&& got) -> FieldStatus {
    if (!got) return std::unexpected(std::move(got).error());
    into = M(std::move(*got));
    return {};
  };
  if constexpr (IsOptional<M>::value) {
    if (value.is_null()) return {};
    return read_member(into.emplace(), value, field);
  } else if constexpr (IsVector<M>::value) {
    auto array = read_array(value, field);
    if (!array) return std::unexpected(std::move(array).error());
    for (std::size_t i = 0; i < (*array)->size(); ++i) {
      FieldInfo item;
      item.name = field.name + "[" + std::to_string(i) + "]";
      item.type = *field.type.items;
      auto done = read_member(into.emplace_back(), (**array)[i], item);
      if (!done) return done;
    }
    return {};
  } else if constexpr (std::same_as<M, std::string>) {
    return put(read_text(value, field));
  } else if constexpr (std::same_as<M, Secret>) {
    return put(read_text(value, field));
  } else if constexpr (std::same_as<M, Instant>) {
    auto micros = read_micros(value, field);
    if (!micros) return std::unexpected(std::move(micros).error());
    into = from_micros(*micros);
    return {};
  } else if constexpr (std::same_as<M, bool>) {
    return put(read_boolean(value, field));
  } else if constexpr (ApiInteger<M>) {
    return put(read_integer(value, field));
  } else if constexpr (std::same_as<M, Json>) {
    into = value;
    return {};
  } else {
    auto object = from_json<M>(value);
    if (!object) {
      const std::string& inner = object.error().field;
      object.error().field = inner.empty() ? field.name : field.name + "." + inner;
    }
    return put(std::move(object));
  }
}

template <class M>
Json write_member(const M& value) {
  if constexpr (IsOptional<M>::value) {
    return value ? write_member(*value) : Json();
  } else if constexpr (IsVector<M>::value) {
    JsonArray out;
    for (const auto& each : value)
      out.push_back(write_member(each));
    return out;
  } else if constexpr (std::same_as<M, Secret>) {
    return Json(value.reveal());
  } else if constexpr (std::same_as<M, Instant>) {
    return to_rfc3339(value);
  } else if constexpr (ApiInteger<M>) {
    return std::int64_t(value);
  } else if constexpr (std::same_as<M, std::string> || std::same_as<M, bool> ||
                       std::same_as<M, Json>) {
    return value;
  } else {
    return to_json(value);
  }
}

// The rest of a field's declaration.
class Declared {
 public:
  explicit Declared(FieldInfo& info) : info_(info) {}
  Declared& length(std::int64_t min, std::int64_t max) { return range(min, max); }
  Declared& range(std::int64_t min, std::int64_t max) {
    info_.min = min;
    info_.max = max;
    return *this;
  }
  Declared& optional() { return info_.use = Use::optional, *this; }  // else the default stays
  Declared& format(std::string name) { return info_.type.format = std::move(name), *this; }
  Declared& choices(std::vector<std::string> words) {
    return info_.type.choices = std::move(words), *this;
  }
  Declared& example(std::string text) { return info_.example = std::move(text), *this; }

 private:
  FieldInfo& info_;
};

template <class T>
class Schema {
 public:
  struct Binding {
    std::function<FieldStatus(T&, const Json&, const FieldInfo&)> read;
    std::function<Json(const T&)> write;
  };
  void named(std::string name, std::string doc) {
    info_.name = std::move(name);
    info_.doc = std::move(doc);
  }
  template <class M>
  Declared field(M T::* member, std::string name, std::string doc) {
    FieldInfo& info = info_.fields.emplace_back();
    info.name = std::move(name);
    info.type = type_info<M>();
    info.doc = std::move(doc);
    if (IsOptional<M>::value) info.use = Use::optional;
    if constexpr (ApiInteger<M> && std::signed_integral<M>)
      info.min = std::numeric_limits<M>::min();
    if constexpr (ApiInteger<M> && sizeof(M) < sizeof(std::int64_t))
      info.max = std::int64_t(std::numeric_limits<M>::max());
    bindings_.push_back({[member](T& into, const Json& value, const FieldInfo& field_info) {
                           return read_member(into.*member, value, field_info);
                         },
                         [member](const T& from) { return write_member(from.*member); }});
    return Declared(info);
  }

  [[nodiscard]] const SchemaInfo& info() const { return info_; }
  [[nodiscard]] const std::vector<Binding>& bindings() const { return bindings_; }

 private:
  SchemaInfo info_;
  std::vector<Binding> bindings_;  // pairwise with info_.fields
};

inline void describe(Schema<None>& s) { s.named("None", "Nothing."); }

template <class T>
const Schema<T>& schema_of() {
  static const Schema<T> declared = [] {
    Schema<T> made;
    describe(made);
    return made;
  }();
  return declared;
}

template <class T>
const SchemaInfo& info_of() {
  return schema_of<T>().info();
}

template <class T>
std::expected<T, FieldProblem> from_json(const Json& value) {
  const Schema<T>& schema = schema_of<T>();
  auto shaped = check_object(value, schema.info());
  if (!shaped) return std::unexpected(std::move(shaped).error());
  T out{};
  for (std::size_t i = 0; i < schema.bindings().size(); ++i) {
    const FieldInfo& field = schema.info().fields[i];
    const Json* member = value.find(field.name);
    if (member == nullptr || member->is_null()) continue;
    auto done = schema.bindings()[i].read(out, *member, field);
    if (!done) return std::unexpected(std::move(done).error());
  }
  return out;
}

template <class T>
Json to_json(const T& value) {
  const Schema<T>& schema = schema_of<T>();
  JsonObject out;
  for (std::size_t i = 0; i < schema.bindings().size(); ++i) {
    Json member = schema.bindings()[i].write(value);
    if (member.is_null() && schema.info().fields[i].use == Use::optional) continue;
    out.push_back({schema.info().fields[i].name, std::move(member)});
  }
  return out;
}

}  // namespace fumi::api
