#include "collector/classify/groups/message_mask.h"

#include <gtest/gtest.h>

#include <ostream>
#include <string>

namespace ora::collector {
namespace {

struct MaskCase {
  const char* name;
  const char* message;
  const char* masked;
};

void PrintTo(const MaskCase& mask, std::ostream* out) { *out << mask.message; }

class MaskVariablesTest : public testing::TestWithParam<MaskCase> {};

TEST_P(MaskVariablesTest, LeavesWhatDoesNotVary) {
  EXPECT_EQ(MaskVariables(GetParam().message), GetParam().masked);
  // What is masked stays as it is.
  const std::string masked = GetParam().masked;
  EXPECT_EQ(MaskVariables(masked), masked);
}

INSTANTIATE_TEST_SUITE_P(
    Messages, MaskVariablesTest,
    testing::Values(
        MaskCase{"Words", "connection refused", "connection refused"},
        MaskCase{"Number", "order 4711 failed", "order <n> failed"},
        MaskCase{"NumberWithUnit", "took 12.5ms of 30s", "took <n>ms of <n>s"},
        MaskCase{"NumberInName", "worker-12 died", "worker-<n> died"},
        MaskCase{"NumberAtTheEnd", "no such user: 12.", "no such user: <n>."},
        MaskCase{"Uuid", "job 550e8400-e29b-41d4-a716-446655440000 lost", "job <id> lost"},
        MaskCase{"Hash", "commit deadbeef12 is bad", "commit <id> is bad"},
        MaskCase{"Token", "key a8Xk29Qm3Zp0Lr7T expired", "key <id> expired"},
        MaskCase{"HexWordIsNone", "facade deadbeef", "facade deadbeef"},
        MaskCase{"Ipv4", "connect 10.0.0.7:5432 failed", "connect <addr> failed"},
        MaskCase{"Ipv6", "connect [2001:db8::1]:443", "connect [<addr>]:<n>"},
        MaskCase{"Pointer", "bad free of 0x7ffd12ab", "bad free of <addr>"},
        MaskCase{"Path", "cannot open /srv/shop/data/7.db: full", "cannot open <path>: full"},
        MaskCase{"Url", "GET https://example.org/a?b=1 failed", "GET <path>=<n> failed"},
        MaskCase{"Quoted", "no key 'order-7' in \"a b\"", "no key <s> in <s>"},
        MaskCase{"Apostrophe", "can't read 3 of 4", "can't read <n> of <n>"},
        MaskCase{"OpenQuote", "odd ' quote", "odd ' quote"},
        MaskCase{"Time", "due 2026-11-23T09:14:02Z or 09:14:02", "due <time> or <time>"},
        MaskCase{"Date", "due 2026-11-23 or 2026/11/23", "due <time> or <time>"},
        MaskCase{"Field", "user=12,name=bob", "user=<n>,name=bob"},
        MaskCase{"Blanks", "  two   blanks\t here ", "two blanks here"}, MaskCase{"Empty", "", ""}),
    [](const testing::TestParamInfo<MaskCase>& info) { return std::string(info.param.name); });

TEST(MaskVariablesLimitTest, IsCutOff) {
  EXPECT_EQ(MaskVariables(std::string(kMaskedBytesMax, 'x')), std::string(kMaskedBytesMax, 'x'));
  EXPECT_EQ(MaskVariables(std::string(kMaskedBytesMax + 1, 'x')),
            std::string(kMaskedBytesMax, 'x'));
}

}  // namespace
}  // namespace ora::collector
