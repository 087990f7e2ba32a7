// The log set that collectors of logs are compared on: 45 % Python logging, 25 % syslog, 25 % JSON
// lines, 5 % Java by events, 2 % of them errors with a stack trace, 162 bytes a line.
#pragma once

#include <cstdint>
#include <random>
#include <string>

namespace ora::bench {

// One thread. The same seed tells the same lines, on every machine.
class LogSet {
 public:
  explicit LogSet(uint32_t seed) : chance_(seed) {}

  // Appends the lines of the next event.
  void AppendEvent(std::string& text);

 private:
  enum class Format { kPython, kSyslog, kJson, kJava };

  uint32_t Below(uint32_t count) { return static_cast<uint32_t>(chance_() % count); }
  template <size_t kCount>
  const char* OneOf(const char* const (&choices)[kCount]) {
    return choices[Below(kCount)];
  }

  // A blank between words; about `bytes` of them.
  void AppendWords(uint32_t bytes, std::string& text);
  void AppendPython(std::string& text);
  void AppendPythonError(std::string& text);
  void AppendSyslog(std::string& text);
  void AppendSyslogError(std::string& text);
  void AppendJson(std::string& text);
  void AppendJsonError(std::string& text);
  void AppendJava(std::string& text);
  void AppendJavaError(std::string& text);
  std::string Clock();
  std::string Millis() { return std::to_string(100 + Below(900)); }

  std::mt19937 chance_;
  uint32_t events_ = 0;
};

// The next events' lines, `bytes` of them and the rest of the last event's.
std::string MakeLogSet(uint32_t seed, size_t bytes);

}  // namespace ora::bench
