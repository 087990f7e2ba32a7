// A race that the thread sanitizer must find: this program has to fail, or the sanitizer sees
// nothing.
#include <thread>

int main() {
  int value = 0;
  std::thread thread([&value] { ++value; });
  ++value;
  thread.join();
  return value == 2 ? 0 : 1;
}
