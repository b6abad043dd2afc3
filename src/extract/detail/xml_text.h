// XmlText: the character data of an XML document that stands in elements of given names. Streaming;
// names are compared without their prefix. Entities beyond XML's five don't exist: a document type
// declaration ends the reading (the formats read here forbid or don't need one).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace fumi::extract::detail {

struct XmlRules {
  std::span<const std::string_view> keep;     // text inside these counts
  std::span<const std::string_view> skip;     // but not inside these
  std::span<const std::string_view> breaks;   // end a line where they end, or where they stand
  std::span<const std::string_view> gaps;     // the same with a tab
  std::string_view named;                     // of these the attribute "name" is text
  std::string_view cell, reference, without;  // in a `cell` of type `reference` skip `without`
};

class XmlText {
 public:
  // Appends to `text`, up to `octets_max` of it.
  XmlText(const XmlRules& rules, std::string& text, std::uint64_t octets_max,
          std::uint32_t depth_max);
  ~XmlText();
  XmlText(const XmlText&) = delete;
  XmlText& operator=(const XmlText&) = delete;

  enum class State : std::uint8_t { reading, malformed, declares_types, too_deep, full };
  // Anything but `reading` is final.
  State feed(std::string_view bytes);
  State finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace fumi::extract::detail
