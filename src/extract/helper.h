// The helper process: reads one hostile file from its standard input and writes its text.
//
//   PROGRAM extract-text document TEXT_MAX   stdin: type LF name LF file
//                                            stdout: outcome LF form LF reason LF text
//   PROGRAM extract-text pdf TEXT_MAX        becomes pdftotext: file in, text out
//
// Before it reads an octet of the file it has given up everything that it doesn't need
// (detail/sandbox.h). Where that fails it ends with kUnsafe and has read nothing; where there is no
// pdftotext, with kNoReader.
#pragma once

namespace fumi::extract {

inline constexpr const char* kHelperCommand = "extract-text";
inline constexpr int kUnsafe = 71;
inline constexpr int kNoReader = 72;

// Is this process meant to be the helper? To be asked before anything else in main().
[[nodiscard]] bool is_helper(int argc, const char* const* argv);
// The helper's main(): the status to exit with, by _Exit().
[[nodiscard]] int run_helper(int argc, const char* const* argv);

}  // namespace fumi::extract
