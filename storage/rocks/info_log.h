// RocksDB's own log file, without the pages of settings that it begins with at each start.
#pragma once

#include <rocksdb/env.h>

#include <cstdarg>
#include <memory>
#include <utility>

namespace ora::storage {

// Passes warnings and what is worse on to `file`. Thread-safe as that is.
class InfoLog final : public rocksdb::Logger {
 public:
  explicit InfoLog(std::shared_ptr<rocksdb::Logger> file)
      : Logger(rocksdb::WARN_LEVEL), file_(std::move(file)) {}

  void LogHeader(const char* /*format*/, va_list /*arguments*/) override {}

  void Logv(const char* format, va_list arguments) override { file_->Logv(format, arguments); }
  void Logv(rocksdb::InfoLogLevel level, const char* format, va_list arguments) override {
    if (level != rocksdb::HEADER_LEVEL) Logger::Logv(level, format, arguments);
  }

  void Flush() override { file_->Flush(); }
  size_t GetLogFileSize() const override { return file_->GetLogFileSize(); }

 protected:
  rocksdb::Status CloseImpl() override { return file_->Close(); }

 private:
  const std::shared_ptr<rocksdb::Logger> file_;
};

}  // namespace ora::storage
