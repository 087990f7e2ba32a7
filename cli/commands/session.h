// What a command works with, and how it hands over what it found.
#pragma once

#include <ostream>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cli/aggregator_client.h"
#include "cli/render/table.h"
#include "google/protobuf/message.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "storage/env/file_system.h"

namespace ora::cli {

enum class ExitStatus { kDone = 0, kBadNews = 1, kWrongUse = 2, kUnreachable = 3 };

enum class OutputFormat { kTable, kJson, kCsv };

// One run of a command. All referred to outlives it.
struct Session {
  AggregatorClient& client;
  OutputFormat format = OutputFormat::kTable;
  TableStyle style;  // With a width where the output goes to a terminal.
  absl::Time now;
  std::string address;  // Of the aggregator, for messages.
  std::ostream& out;
  std::ostream& err;
  storage::FileSystem* files = nullptr;  // This host's, for commands that read files.
};

using Messages = std::vector<const google::protobuf::Message*>;

template <typename T>
Messages PointersTo(const google::protobuf::RepeatedPtrField<T>& messages) {
  Messages pointers;
  for (const T& message : messages) pointers.push_back(&message);
  return pointers;
}

// Prints `ora: NOTE` to the error stream, made printable, on one line.
void PrintNote(Session& session, absl::string_view note);

// Prints CSV: exact into files and pipes, but printable on a terminal, which it must not drive.
void PrintCsv(Session& session, const std::string& csv);

// Prints a list: `table` as text, else `messages` of `type`. Where a table has no rows,
// `empty_note` goes to the error stream instead.
void PrintList(Session& session, const Table& table, const Messages& messages,
               const google::protobuf::Descriptor& type, absl::string_view empty_note);

// Prints one thing: `properties` as text, else `message`.
void PrintOne(Session& session, const std::vector<Property>& properties,
              const google::protobuf::Message& message);

}  // namespace ora::cli
