// What the helper process gives up for good before it looks at a file.
//
//   document  no new file descriptor of any kind, no process, no signal, no executable memory:
//             nothing but memory, its three descriptors and the clock
//   pdf       for pdftotext: reads libraries and poppler's tables, executes itself and the loader,
//             writes to its descriptors; no network, no process
//
// Both: limits of CPU time and memory, no core dump, no new privileges (seccomp, Landlock,
// rlimits). false: this kernel can't, and the file must not be opened.
#pragma once

#include <cstdint>

namespace fumi::extract::detail {

inline constexpr std::uint32_t kCpuSeconds = 15;
inline constexpr std::uint64_t kMemoryOctets = 768ULL * 1024 * 1024;

[[nodiscard]] bool enter_document_sandbox();
// Of this process's memory `program` alone may be executed, by execve() with that very pointer.
[[nodiscard]] bool enter_pdf_sandbox(const char* program);

}  // namespace fumi::extract::detail
