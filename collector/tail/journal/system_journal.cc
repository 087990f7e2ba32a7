#include <dlfcn.h>
#include <systemd/sd-journal.h>

#include <cstring>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "collector/tail/journal/journal.h"

namespace ora::collector {
namespace {

constexpr char kLibrary[] = "libsystemd.so.0";
constexpr absl::string_view kOtherUnit = "other";
constexpr absl::string_view kKernelUnit = "kernel";

// libsystemd, loaded: a host without it runs the collector all the same.
struct Library {
  void* handle = nullptr;
  decltype(&sd_journal_open) open = nullptr;
  decltype(&sd_journal_open_directory) open_directory = nullptr;
  decltype(&sd_journal_close) close = nullptr;
  decltype(&sd_journal_next) next = nullptr;
  decltype(&sd_journal_previous) previous = nullptr;
  decltype(&sd_journal_get_data) get_data = nullptr;
  decltype(&sd_journal_get_cursor) get_cursor = nullptr;
  decltype(&sd_journal_test_cursor) test_cursor = nullptr;
  decltype(&sd_journal_seek_cursor) seek_cursor = nullptr;
  decltype(&sd_journal_seek_head) seek_head = nullptr;
  decltype(&sd_journal_seek_tail) seek_tail = nullptr;
  decltype(&sd_journal_set_data_threshold) set_data_threshold = nullptr;
  decltype(&sd_journal_get_fd) get_fd = nullptr;
  decltype(&sd_journal_process) process = nullptr;
};

template <typename Function>
bool Load(void* handle, const char* name, Function& function) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  return function != nullptr;
}

absl::StatusOr<Library> LoadLibrary() {
  Library library;
  library.handle = dlopen(kLibrary, RTLD_NOW | RTLD_LOCAL);
  if (library.handle == nullptr) {
    return absl::UnavailableError(absl::StrCat("journal: this host has no ", kLibrary));
  }
  void* const from = library.handle;
  const bool whole = Load(from, "sd_journal_open", library.open) &&
                     Load(from, "sd_journal_open_directory", library.open_directory) &&
                     Load(from, "sd_journal_close", library.close) &&
                     Load(from, "sd_journal_next", library.next) &&
                     Load(from, "sd_journal_previous", library.previous) &&
                     Load(from, "sd_journal_get_data", library.get_data) &&
                     Load(from, "sd_journal_get_cursor", library.get_cursor) &&
                     Load(from, "sd_journal_test_cursor", library.test_cursor) &&
                     Load(from, "sd_journal_seek_cursor", library.seek_cursor) &&
                     Load(from, "sd_journal_seek_head", library.seek_head) &&
                     Load(from, "sd_journal_seek_tail", library.seek_tail) &&
                     Load(from, "sd_journal_set_data_threshold", library.set_data_threshold) &&
                     Load(from, "sd_journal_get_fd", library.get_fd) &&
                     Load(from, "sd_journal_process", library.process);
  if (whole) return library;
  dlclose(library.handle);
  return absl::UnavailableError(absl::StrCat("journal: ", kLibrary, " is too old"));
}

absl::Status Error(absl::string_view action, int result) {
  return absl::UnavailableError(absl::StrCat("journal: ", action, ": ", strerror(-result)));
}

class SystemJournal final : public Journal {
 public:
  SystemJournal(const Library& library, sd_journal* journal)
      : library_(library), journal_(journal) {}
  SystemJournal(const SystemJournal&) = delete;
  SystemJournal& operator=(const SystemJournal&) = delete;
  ~SystemJournal() override {
    library_.close(journal_);
    dlclose(library_.handle);
  }

  absl::StatusOr<bool> Next(JournalEntry& entry) override {
    int result = library_.next(journal_);
    if (result == 0) {
      // Files that came since, by the journal's own rotation, are found here.
      if (result = library_.process(journal_); result < 0) return Error("process", result);
      result = library_.next(journal_);
    }
    if (result < 0) return Error("next", result);
    if (result == 0) return false;
    entry.message = std::string(Field("MESSAGE"));
    entry.priority = JournalEntry().priority;
    (void)absl::SimpleAtoi(Field("PRIORITY"), &entry.priority);
    entry.unit = std::string(UnitOfEntry());
    return true;
  }

  absl::StatusOr<std::string> Cursor() override {
    char* text = nullptr;
    const int result = library_.get_cursor(journal_, &text);
    if (result < 0) return Error("cursor", result);
    std::string cursor(text);
    free(text);
    return cursor;
  }

  absl::StatusOr<Place> SeekBehind(const std::string& cursor) override {
    int result = library_.seek_cursor(journal_, cursor.c_str());
    if (result < 0) return Error("seek", result);
    result = library_.next(journal_);
    if (result < 0) return Error("next", result);
    if (result > 0 && library_.test_cursor(journal_, cursor.c_str()) > 0) return Place::kFound;
    // What lies here has not been read.
    if (result > 0) (void)library_.previous(journal_);
    return Place::kGone;
  }

  absl::Status SeekToFirst() override {
    const int result = library_.seek_head(journal_);
    return result < 0 ? Error("seek", result) : absl::OkStatus();
  }

  absl::Status SeekToEnd() override {
    int result = library_.seek_tail(journal_);
    if (result >= 0) result = library_.previous(journal_);
    return result < 0 ? Error("seek", result) : absl::OkStatus();
  }

 private:
  // Valid until the next call. Empty if the entry has no such field.
  absl::string_view Field(const char* name) {
    const void* bytes = nullptr;
    size_t size = 0;
    if (library_.get_data(journal_, name, &bytes, &size) < 0) return {};
    absl::string_view text(static_cast<const char*>(bytes), size);
    (void)absl::ConsumePrefix(&text, name);
    (void)absl::ConsumePrefix(&text, "=");
    return text;
  }

  absl::string_view UnitOfEntry() {
    if (Field("_TRANSPORT") == kKernelUnit) return kKernelUnit;
    for (const char* field : {"_SYSTEMD_UNIT", "SYSLOG_IDENTIFIER"}) {
      if (const absl::string_view unit = Field(field); !unit.empty()) return unit;
    }
    return kOtherUnit;
  }

  const Library library_;
  sd_journal* const journal_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Journal>> OpenSystemJournal(const SystemJournalOptions& options) {
  absl::StatusOr<Library> library = LoadLibrary();
  if (!library.ok()) return library.status();
  sd_journal* journal = nullptr;
  const int result = options.directory.empty()
                         ? library->open(&journal, SD_JOURNAL_LOCAL_ONLY)
                         : library->open_directory(&journal, options.directory.c_str(), 0);
  if (result < 0) {
    dlclose(library->handle);
    return Error(absl::StrCat("open ", options.directory), result);
  }
  if (options.message_bytes_max > 0) {
    library->set_data_threshold(journal, options.message_bytes_max);
  }
  (void)library->get_fd(journal);  // From here on it watches for new files.
  return std::make_unique<SystemJournal>(*library, journal);
}

}  // namespace ora::collector
