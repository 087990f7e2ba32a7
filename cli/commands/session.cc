#include "cli/commands/session.h"

#include "cli/render/csv.h"
#include "cli/render/json.h"
#include "cli/render/text.h"

namespace ora::cli {
void PrintNote(Session& session, absl::string_view note) {
  session.err << "ora: " << Printable(note) << "\n";
}

void PrintCsv(Session& session, const std::string& csv) {
  session.out << (session.style.width.has_value() ? PrintableLines(csv) : csv);
}

void PrintList(Session& session, const Table& table, const Messages& messages,
               const google::protobuf::Descriptor& type, absl::string_view empty_note) {
  if (session.format == OutputFormat::kJson) {
    session.out << PrettyJson(messages);
  } else if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, Csv(type, messages));
  } else if (table.rows.empty()) {
    PrintNote(session, empty_note);
  } else {
    session.out << RenderTable(table, session.style);
  }
}

void PrintOne(Session& session, const std::vector<Property>& properties,
              const google::protobuf::Message& message) {
  if (session.format == OutputFormat::kJson) {
    session.out << PrettyJson(message);
  } else if (session.format == OutputFormat::kCsv) {
    PrintCsv(session, Csv(*message.GetDescriptor(), {&message}));
  } else {
    session.out << RenderProperties(properties, session.style);
  }
}

}  // namespace ora::cli
