// The text of HTML, well enough for previews and searching: no layout.
#include <algorithm>
#include <array>
#include <charconv>

#include "api/jmap/email_view.h"
#include "base/ascii.h"
#include "codec/utf8.h"

namespace fumi::jmap {
namespace {

struct Entity {
  std::string_view name;
  std::string_view text;
};
constexpr std::array kEntities{Entity{"amp", "&"},    Entity{"lt", "<"},    Entity{"gt", ">"},
                               Entity{"quot", "\""},  Entity{"apos", "'"},  Entity{"nbsp", " "},
                               Entity{"copy", "©"},   Entity{"reg", "®"},   Entity{"yen", "¥"},
                               Entity{"hellip", "…"}, Entity{"mdash", "—"}, Entity{"ndash", "–"},
                               Entity{"laquo", "«"},  Entity{"raquo", "»"}, Entity{"middot", "·"}};

// Appends what "&…;" stands for and gives how many octets it took; 0: it is no entity.
std::size_t take_entity(std::string_view text, std::string& out) {
  const std::size_t end = text.substr(0, 12).find(';');
  if (end == std::string_view::npos || end < 2) return 0;
  std::string_view name = text.substr(1, end - 1);
  if (name.front() == '#') {
    name.remove_prefix(1);
    const bool hex = !name.empty() && (name.front() == 'x' || name.front() == 'X');
    if (hex) name.remove_prefix(1);
    std::uint32_t point = 0;
    const auto [stop, bad] =
        std::from_chars(name.data(), name.data() + name.size(), point, hex ? 16 : 10);
    const bool good = bad == std::errc() && stop == name.data() + name.size() && point != 0 &&
                      point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    if (!good) return 0;
    codec::append_utf8(out, point);
    return end + 1;
  }
  const auto found = std::ranges::find(kEntities, name, &Entity::name);
  if (found == kEntities.end()) return 0;
  out += found->text;
  return end + 1;
}

// Behind the end tag of what holds no text; npos: it never ends.
std::size_t skip_element(std::string_view html, std::size_t at, std::string_view name) {
  for (at = html.find('<', at); at != std::string_view::npos; at = html.find('<', at + 1)) {
    if (html.substr(at + 1).starts_with('/') && ascii::istarts_with(html.substr(at + 2), name))
      return at;
  }
  return at;
}

}  // namespace

std::string html_text(std::string_view html, std::size_t octets_max) {
  std::string out;
  for (std::size_t at = 0; at < html.size() && out.size() < octets_max;) {
    if (html[at] == '&') {
      const std::size_t taken = take_entity(html.substr(at), out);
      if (taken == 0) out += '&';
      at += std::max<std::size_t>(taken, 1);
      continue;
    }
    if (html[at] != '<') {
      out += html[at++];
      continue;
    }
    if (html.substr(at).starts_with("<!--")) {
      const std::size_t end = html.find("-->", at);
      if (end == std::string_view::npos) break;
      at = end + 3;
      continue;
    }
    const std::size_t end = html.find('>', at);
    if (end == std::string_view::npos) break;
    const std::string_view tag = html.substr(at + 1, end - at - 1);
    if (!tag.starts_with('/') && !ascii::istarts_with(tag, "b>")) out += ' ';
    at = end + 1;
    for (const std::string_view name : {"script", "style", "head", "title"}) {
      if (!ascii::istarts_with(tag, name) || tag.starts_with("header")) continue;
      at = skip_element(html, at, name);
      break;
    }
  }
  return out;
}

}  // namespace fumi::jmap
