// Origins: what an account has had from one source, message by message, so that an import from an
// IMAP server goes on where it ended, and a later one brings only what is new.
//
// A row says: UID u of the source's folder (under its UIDVALIDITY) became entry e of a mailbox, and
// had these flags then. Rows are kept as the account's objects, sealed, some hundreds in each, and
// are written in the transaction that appends their messages: the two can't disagree. A row stays
// when its message is moved or removed here: what a person has done here is not undone.
//
// Private to the module; one thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "domain/mail_item.h"
#include "domain/ports/store.h"

namespace fumi::service {

class Origins {
 public:
  static constexpr std::uint32_t kObjectsMax = 20'000;
  static constexpr std::size_t kObjectRowsMax = 1000;
  static constexpr std::size_t kObjectOctetsMax = 32 * 1024;  // an object over it isn't added to

  struct Row {
    std::uint32_t uid = 0;
    Uid entry;          // in the chunk's mailbox
    std::string flags;  // text_of() of what the source said last
  };
  // One stored object.
  struct Chunk {
    ObjectId id;
    std::string folder;
    std::uint32_t uid_validity = 0;
    MailboxId mailbox;
    std::vector<Row> rows;
  };
  struct Found {
    MailboxId mailbox;
    const Row* row = nullptr;
  };
  // Chunks to be written, and to be dropped: those of another UIDVALIDITY.
  struct Plan {
    std::vector<Chunk> write;  // with an id: in place of what has it
    std::vector<ObjectId> drop;
  };

  // `source` names it for good: "imaps://hanako@old.example".
  [[nodiscard]] static Result<Origins> read(Tx& tx, AccountId account, std::string source);

  [[nodiscard]] std::optional<Found> find(const MailOrigin& origin) const;
  // Whether an entry stands for another message of the source than `origin`. What its folder had
  // under another UIDVALIDITY may be any message of it.
  [[nodiscard]] bool is_of_another(MailboxId mailbox, Uid entry, const MailOrigin& origin) const;
  // The newest UIDVALIDITY that a folder had, 0 for none, and the UIDs under it: "1:5,9".
  struct Known {
    std::uint32_t uid_validity = 0;
    std::string uids;
  };
  [[nodiscard]] Known known(const std::string& folder) const;

  // Rows of one folder, all in one mailbox.
  [[nodiscard]] Plan add(const std::string& folder, std::uint32_t uid_validity, MailboxId mailbox,
                         std::vector<Row> rows) const;
  [[nodiscard]] Plan change(const std::map<const Row*, std::string>& flags) const;
  // In the transaction; may run again, and then sets the ids of new chunks anew.
  [[nodiscard]] Status write(Tx& tx, AccountId account, Plan& plan,
                             std::vector<ObjectId>& ids) const;
  // Once it is durable.
  void apply(Plan plan, const std::vector<ObjectId>& ids);

  // "1:work $Forwarded": the bits, and keywords.
  [[nodiscard]] static std::string text_of(const Flags& flags);
  [[nodiscard]] static Flags flags_of(const std::string& text);

 private:
  void index(const Chunk& chunk);

  struct Folder {
    std::uint32_t uid_validity = 0;
    std::map<std::uint32_t, ObjectId> uids;
    ObjectId last;
  };

  std::string source_;
  std::map<ObjectId, Chunk> chunks_;
  std::map<std::string, Folder> folders_;
  std::map<std::pair<MailboxId, Uid>, ObjectId> entries_;
};

}  // namespace fumi::service
