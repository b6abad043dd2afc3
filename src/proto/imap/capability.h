// What CAPABILITY lists, computed from the connection's state and options (RFC 9051 §6.1.1).
#pragma once

#include <cstdint>
#include <string>

#include "proto/imap/options.h"
#include "proto/imap/types.h"

namespace fumi::imap {

enum class Channel : std::uint8_t { clear, tls };

// "IMAP4rev1 IMAP4rev2 LITERAL+ …", without the word CAPABILITY.
[[nodiscard]] std::string capabilities(State state, Channel channel, const Options& options);

// Whether a password may be taken on this channel: LOGIN, and mechanisms that show the password.
[[nodiscard]] bool passwords_allowed(Channel channel, const Options& options);
[[nodiscard]] bool mechanism_allowed(const std::string& mechanism, Channel channel,
                                     const Options& options);
[[nodiscard]] bool mechanism_known(const std::string& mechanism, const Options& options);

// The document that a capability (without its "=value") comes from, "RFC 5465"; empty: unknown.
[[nodiscard]] std::string_view capability_rfc(std::string_view name);

}  // namespace fumi::imap
