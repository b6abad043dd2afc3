// Catalogue: every option of the program, from all modules. The app owns the only one.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "config/schema.h"

namespace fumi::config {

class Catalogue {
 public:
  // Adds the options of T (declared by describe(Schema<T>&)); two options of one name are a bug.
  template <class T>
  void add() {
    add(schema<T>());
  }
  template <class T>
  void add(const Schema<T>& schema) {
    for (const auto& binding : schema.bindings())
      add_option(binding.info);
  }

  [[nodiscard]] const OptionInfo* find(std::string_view name) const;
  [[nodiscard]] std::span<const OptionInfo> options() const { return options_; }  // by name

  // The known name that looks most like `name`; empty if none is near.
  [[nodiscard]] std::string_view nearest(std::string_view name) const;

  // Puts "FUMI_SET_…=value" of the environment into the document. Error: invalid, for a variable
  // that names no option. Other variables are ignored.
  [[nodiscard]] Status take_environment(Document& document, const char* const* environment) const;

  // Everything that is wrong with the document: unknown names (with the nearest known one), types,
  // ranges. Error: invalid; `detail` has one "place: name: what" line for each problem.
  [[nodiscard]] Status check(const Document& document) const;

 private:
  void add_option(const OptionInfo& option);
  std::vector<OptionInfo> options_;
};

}  // namespace fumi::config
