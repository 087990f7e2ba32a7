#include "storage/index/id_set.h"

#include <gmock/gmock.h>

#include <random>
#include <set>

namespace ora::storage {
namespace {

using testing::ElementsAreArray;

std::vector<uint32_t> IdsOf(const IdSet& set) {
  IdUnion all;
  all.Add(set);
  const Roaring bits = all.Take();
  std::vector<uint32_t> ids(bits.cardinality());
  bits.toUint32Array(ids.data());
  return ids;
}

// One, few and many ids take three forms; every change of form must keep what is in the set.
TEST(IdSetTest, HoldsWhatASetHoldsWhateverItsSize) {
  std::mt19937 random(3);
  for (const uint32_t span : {3u, 40u, 100u, 300'000u}) {
    IdSet set;
    std::set<uint32_t> expected;
    for (int i = 0; i < 3000; ++i) {
      const uint32_t id = random() % span;
      if (random() % 5 < (i < 1500 ? 3u : 1u)) {
        set.Add(id);
        expected.insert(id);
      } else {
        set.Remove(id);
        expected.erase(id);
      }
      ASSERT_EQ(set.size(), expected.size());
      ASSERT_EQ(set.empty(), expected.empty());
    }
    EXPECT_THAT(IdsOf(set), ElementsAreArray(expected));
    while (!expected.empty()) {
      set.Remove(*expected.begin());
      expected.erase(expected.begin());
    }
    EXPECT_TRUE(set.empty());
  }
}

TEST(IdSetTest, TakesTheLowestAndTheHighestId) {
  IdSet set;
  set.Add(UINT32_MAX);
  EXPECT_THAT(IdsOf(set), ElementsAreArray({UINT32_MAX}));
  set.Add(0);
  EXPECT_THAT(IdsOf(set), ElementsAreArray({0u, UINT32_MAX}));
  set.Remove(UINT32_MAX);
  EXPECT_THAT(IdsOf(set), ElementsAreArray({0u}));
}

TEST(IdSetTest, MovesWithItsIds) {
  IdSet from;
  for (uint32_t id = 0; id < 100; ++id) from.Add(id);
  IdSet to = std::move(from);
  EXPECT_EQ(to.size(), 100u);
  IdSet other;
  other.Add(7);
  other = std::move(to);
  EXPECT_EQ(other.size(), 100u);
}

TEST(IdSetTest, IntersectsInEveryForm) {
  Roaring ids;
  ids.add(50);
  IdSet set;
  EXPECT_FALSE(set.Intersects(ids));
  for (uint32_t id = 0; id < 50; ++id) {
    set.Add(id);
    EXPECT_FALSE(set.Intersects(ids));
  }
  set.Add(50);
  EXPECT_TRUE(set.Intersects(ids));
  IdSet one;
  one.Add(50);
  EXPECT_TRUE(one.Intersects(ids));
}

TEST(IdUnionTest, JoinsSetsOfEveryForm) {
  IdSet one;
  one.Add(9);
  IdSet few;
  for (uint32_t id = 5; id < 8; ++id) few.Add(id);
  IdSet many;
  for (uint32_t id = 100; id < 200; ++id) many.Add(id);
  IdUnion all;
  all.Add(many);
  all.Flush();
  all.Add(one);
  all.Add(few);
  all.Add(many);
  const Roaring bits = all.Take();
  EXPECT_EQ(bits.cardinality(), 104u);
  EXPECT_TRUE(bits.contains(5) && bits.contains(9) && bits.contains(199));
  EXPECT_TRUE(all.Take().isEmpty());
}

}  // namespace
}  // namespace ora::storage
