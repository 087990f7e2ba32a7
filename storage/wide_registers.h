// Runs a loop over a column with the processor's wide registers where it has them: the same source
// is compiled twice, and chosen between at run time. Both give the same bits; tests build one with
// ORA_NARROW_REGISTERS, which never chooses them.
#pragma once

#include <utility>

namespace ora::storage {

#if defined(__x86_64__) && !defined(ORA_NARROW_REGISTERS)

inline bool HasWideRegisters() {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2");
}

// `function` and all that it calls in its own file, compiled for such a processor alone.
template <auto function, typename... Arguments>
[[gnu::target("avx2,bmi,bmi2,lzcnt,popcnt"), gnu::flatten, gnu::noinline]] auto CallWide(
    Arguments&&... arguments) {
  return function(std::forward<Arguments>(arguments)...);
}

template <auto function, typename... Arguments>
auto CallFastest(Arguments&&... arguments) {
  if (HasWideRegisters()) return CallWide<function>(std::forward<Arguments>(arguments)...);
  return function(std::forward<Arguments>(arguments)...);
}

#else

template <auto function, typename... Arguments>
auto CallFastest(Arguments&&... arguments) {
  return function(std::forward<Arguments>(arguments)...);
}

#endif

}  // namespace ora::storage
