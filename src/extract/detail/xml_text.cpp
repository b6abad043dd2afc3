#include "extract/detail/xml_text.h"

#include <expat.h>

#include <algorithm>

#include "codec/utf8.h"

namespace fumi::extract::detail {
namespace {

std::string_view local_name(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

bool any(std::span<const std::string_view> names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

std::string_view attribute(const XML_Char** attributes, std::string_view name) {
  for (; *attributes != nullptr; attributes += 2)
    if (local_name(attributes[0]) == name) return attributes[1];
  return {};
}

}  // namespace

struct XmlText::Impl {
  const XmlRules& rules;
  std::string& text;
  std::uint64_t octets_max;
  std::uint32_t depth_max;
  XML_Parser parser = XML_ParserCreate(nullptr);
  State state = parser == nullptr ? State::too_deep : State::reading;
  std::uint32_t depth = 0;
  std::uint32_t skip_from = 0;  // depth of the element that is skipped; 0: none
  std::uint32_t kept = 0;       // open elements whose text counts
  enum class Cell : std::uint8_t { plain, refers } cell = Cell::plain;

  void stop(State why) {
    if (state != State::reading) return;
    state = why;
    XML_StopParser(parser, XML_FALSE);
  }
  void put(std::string_view what) {
    const std::uint64_t left = octets_max - std::min<std::uint64_t>(octets_max, text.size());
    if (what.size() > left) {
      text += codec::utf8_prefix(what, left);
      return stop(State::full);
    }
    text += what;
  }
  void open(std::string_view name, const XML_Char** attributes) {
    if (++depth > depth_max) return stop(State::too_deep);
    if (skip_from != 0) return;
    if (!rules.cell.empty() && name == rules.cell) {
      cell = attribute(attributes, "t") == rules.reference ? Cell::refers : Cell::plain;
    }
    if (any(rules.skip, name) || (cell == Cell::refers && name == rules.without)) {
      skip_from = depth;
      return;
    }
    if (!rules.named.empty() && name == rules.named) {
      put(attribute(attributes, "name"));
      put("\n");
    }
    if (any(rules.keep, name)) ++kept;
  }
  void close(std::string_view name) {
    if (skip_from == depth) {
      skip_from = 0;
    } else if (skip_from == 0) {
      if (any(rules.keep, name)) --kept;
      if (any(rules.breaks, name)) put("\n");
      if (any(rules.gaps, name)) put("\t");
    }
    --depth;
  }
};

XmlText::XmlText(const XmlRules& rules, std::string& text, std::uint64_t octets_max,
                 std::uint32_t depth_max)
    : impl_(new Impl{rules, text, octets_max, depth_max}) {
  if (impl_->parser == nullptr) return;
  XML_SetUserData(impl_->parser, impl_.get());
  XML_SetElementHandler(
      impl_->parser,
      [](void* self, const XML_Char* name, const XML_Char** attributes) {
        static_cast<Impl*>(self)->open(local_name(name), attributes);
      },
      [](void* self, const XML_Char* name) { static_cast<Impl*>(self)->close(local_name(name)); });
  XML_SetCharacterDataHandler(impl_->parser, [](void* self, const XML_Char* what, int size) {
    auto* impl = static_cast<Impl*>(self);
    if (impl->kept > 0 && impl->skip_from == 0) impl->put({what, std::size_t(size)});
  });
  XML_SetStartDoctypeDeclHandler(
      impl_->parser, [](void* self, const XML_Char*, const XML_Char*, const XML_Char*, int) {
        static_cast<Impl*>(self)->stop(State::declares_types);
      });
}

XmlText::~XmlText() {
  if (impl_->parser != nullptr) XML_ParserFree(impl_->parser);
}

XmlText::State XmlText::feed(std::string_view bytes) {
  if (impl_->state != State::reading) return impl_->state;
  const auto status = XML_Parse(impl_->parser, bytes.data(), int(bytes.size()), XML_FALSE);
  if (status != XML_STATUS_OK && impl_->state == State::reading) impl_->state = State::malformed;
  return impl_->state;
}

XmlText::State XmlText::finish() {
  if (impl_->state != State::reading) return impl_->state;
  const auto status = XML_Parse(impl_->parser, "", 0, XML_TRUE);
  if (status != XML_STATUS_OK && impl_->state == State::reading) impl_->state = State::malformed;
  return impl_->state;
}

}  // namespace fumi::extract::detail
