// Test code: the account of the wire scripts (tests/wire/pop3/README.md) with its five messages.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace fumi::pop3::fake {

enum class Utf8Headers : std::uint8_t { send, refuse };

struct Account {
  std::string name = "alice@a.example", password = "secret";
  std::vector<std::pair<std::uint32_t, std::string>> messages = {
      {1,
       "Date: Mon, 07 Feb 2022 10:00:00 +0900\r\nFrom: Alice Example <alice@a.example>\r\n"
       "To: bob@b.example\r\nSubject: Hello\r\nMessage-ID: <1@a.example>\r\n"
       "Content-Type: text/plain; charset=us-ascii\r\n\r\nHello, world.\r\n"},
      {2,
       "From: bob@b.example\r\nSubject: Report\r\n\r\nLine one\r\nLine two\r\n\r\nLine four\r\n"},
      {3, "Subject: Dots\r\n\r\n.\r\n..two\r\nmiddle.dot\r\n.end\r\n"},
      {4, "Subject: \xe4\xbc\x9a\xe8\xad\xb0\r\n\r\n\xe6\x9c\xac\xe6\x96\x87\r\n"},
      {5, "Subject: header only\r\n"}};
  bool in_use = false;
  Utf8Headers utf8_headers = Utf8Headers::send;
};

}  // namespace fumi::pop3::fake
