// FileText: what became of a file attached to a mail, as kept beside it (AttachmentTextStore).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "domain/ports/attachment_text_store.h"
#include "domain/ports/text_extractor.h"
#include "mime/structure.h"
#include "service/search/document.h"

namespace fumi::service {

struct FileText {
  std::uint32_t file = 0;  // which of files_of()
  ExtractedText text;
};

// The parts of a message whose text an extractor may give, in order: documents by their type or
// their name's ending. Parts of type text are read as they are (document.h), but for RTF.
[[nodiscard]] std::vector<const mime::Part*> files_of(const mime::Part& root);

// The kept form.
[[nodiscard]] std::string encode_file_texts(std::span<const FileText> files);
[[nodiscard]] Result<std::vector<FileText>> decode_file_texts(std::string_view bytes);  // corrupt
// What is kept of a mail, of files that have any text. What is damaged counts as not there, and is
// logged: a rebuild makes it anew, and the mail is found by its other words.
[[nodiscard]] Result<std::vector<FileText>> kept_file_texts(AttachmentTextStore& store,
                                                            AccountId account, EmailId email);

// Adds them to what is searched of a message, as its body.
void add_file_texts(SearchDocument& document, std::span<const FileText> files,
                    DocumentOptions::Form form);

}  // namespace fumi::service
