// Random bytes for keys, nonces, tokens and salts, from the operating system's generator.
#pragma once

#include <cstddef>
#include <string>

namespace fumi::crypto {

// A failing generator stops the process: nothing secret may be made without it. Any thread.
void random_fill(void* bytes, std::size_t count);
[[nodiscard]] std::string random_bytes(std::size_t count);

// The same quality at ~20 ns for short requests: each thread reads ahead 4 KB. Bytes handed out are
// wiped from the buffer, and a forked child starts with an empty one. For nonces, not for keys.
void random_fill_buffered(void* bytes, std::size_t count);

}  // namespace fumi::crypto
