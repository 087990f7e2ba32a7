// promql-script FILE...: runs scripts and tells what failed; exit status 0 only without failures.
#include <fstream>
#include <iostream>
#include <sstream>

#include "tests/promql/script.h"

int main(int argc, char** argv) {
  size_t passed = 0;
  size_t failed = 0;
  size_t skipped = 0;
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i]);
    if (!file) {
      std::cerr << argv[i] << ": cannot be read\n";
      return 2;
    }
    std::ostringstream text;
    text << file.rdbuf();
    const ora::promql::ScriptOutcome outcome = ora::promql::RunScript(text.str());
    passed += outcome.passed;
    skipped += outcome.skipped;
    failed += outcome.failures.size();
    for (const ora::promql::ScriptFailure& failure : outcome.failures) {
      std::cout << argv[i] << ":" << failure.line << ": " << failure.reason << "\n";
    }
  }
  std::cout << passed << " passed, " << failed << " failed, " << skipped << " skipped\n";
  return failed == 0 ? 0 : 1;
}
