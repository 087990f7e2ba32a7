// make-log-set BYTES [SEED]: writes the log set to standard output.
#include <cstdio>
#include <string>

#include "absl/strings/numbers.h"
#include "tests/bench/lines/log_set.h"

int main(int count, char** arguments) {
  uint64_t bytes = 0;
  uint32_t seed = 1;
  if (count < 2 || count > 3 || !absl::SimpleAtoi(arguments[1], &bytes) ||
      (count == 3 && !absl::SimpleAtoi(arguments[2], &seed))) {
    fprintf(stderr, "usage: make-log-set BYTES [SEED]\n");
    return 2;
  }
  ora::bench::LogSet set(seed);
  std::string text;
  for (uint64_t written = 0; written < bytes;) {
    text.clear();
    while (text.size() < (size_t{1} << 20) && written + text.size() < bytes) set.AppendEvent(text);
    if (fwrite(text.data(), 1, text.size(), stdout) != text.size()) {
      perror("make-log-set: standard output");
      return 1;
    }
    written += text.size();
  }
  return 0;
}
