// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/random.h"

#include "smtrain/engine/io/npz.h"
#include "smtrain/engine/io/sha256.h"
#include "smtrain/kernels/dtype.h"
#include "smtrain/tests/shared_data.h"

#include <gmock/gmock.h>

#include <functional>
#include <limits>
#include <map>
#include <string>
#include <vector>

namespace smtrain {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::StrEq;
using ::testing::ThrowsMessage;

template <typename T>
std::vector<uint8_t> bytes_of(const std::vector<T>& values) {
  const auto* first = reinterpret_cast<const uint8_t*>(values.data());
  return {first, first + values.size() * sizeof(T)};
}

template <typename T>
std::vector<T> uniform(Generator& generator, int64_t count, double low, double high) {
  std::vector<T> y(count);
  generator.uniform(y.data(), count, low, high);
  return y;
}

template <typename T>
std::vector<T> normal(Generator& generator, int64_t count, double mean, double std) {
  std::vector<T> y(count);
  generator.normal(y.data(), count, mean, std);
  return y;
}

std::vector<float> bernoulli(Generator& generator, int64_t count, double probability) {
  std::vector<float> y(count);
  generator.bernoulli(y.data(), count, probability);
  return y;
}

template <typename T>
std::vector<T> integers(int64_t count, const std::function<int64_t()>& draw) {
  std::vector<T> y(count);
  for (T& value : y) value = static_cast<T>(draw());
  return y;
}

template <typename T>
std::vector<T> join(std::initializer_list<std::vector<T>> parts) {
  std::vector<T> all;
  for (const std::vector<T>& part : parts) all.insert(all.end(), part.begin(), part.end());
  return all;
}

// The values that PyTorch's F.dropout multiplies ones with: 1 / keep with that probability.
std::vector<float> dropout_of_ones(Generator& generator, int64_t count, double keep,
                                   int64_t repeat) {
  std::vector<float> y;
  for (const float kept : bernoulli(generator, count, keep)) {
    y.insert(y.end(), repeat, kept / static_cast<float>(keep));
  }
  return y;
}

// PyTorch's draws, one seeding for each array, and the same calls here.
class RandomGoldens : public ::testing::TestWithParam<uint64_t> {
 protected:
  std::map<std::string, Array> goldens_ =
      read_npz(test::golden("rng/rng_seed" + std::to_string(GetParam()) + ".npz"));
  Generator generator_;

  template <typename Draw>
  void expect(const std::string& name, Draw draw) {
    generator_.manual_seed(GetParam());
    const auto values = draw();
    ASSERT_TRUE(goldens_.contains(name)) << name;
    const Array& golden = goldens_.at(name);
    EXPECT_EQ(golden.dtype, dtype_of<typename decltype(values)::value_type>) << name;
    EXPECT_EQ(golden.bytes, bytes_of(values)) << name;
    goldens_.erase(name);
  }
};

TEST_P(RandomGoldens, AreEqualInEveryBit) {
  Generator& g = generator_;
  expect("raw_u32", [&] { return integers<int64_t>(64, [&] { return g.engine()->next32(); }); });
  expect("uniform_0_1_f32", [&] { return uniform<float>(g, 64, 0, 1); });
  expect("uniform_m0.1_0.1_f32", [&] { return uniform<float>(g, 64, -0.1, 0.1); });
  expect("uniform_0_1_f64", [&] { return uniform<double>(g, 64, 0, 1); });
  expect("normal_n64_f32", [&] { return normal<float>(g, 64, 0, 1); });
  expect("normal_n64_mean.5_std2_f32", [&] { return normal<float>(g, 64, 0.5, 2); });
  expect("normal_n20_f32", [&] { return normal<float>(g, 20, 0, 1); });
  expect("normal_n20_f64", [&] { return normal<double>(g, 20, 0, 1); });
  expect("normal_n7_three_calls_f32", [&] {
    return join({normal<float>(g, 7, 0, 1), normal<float>(g, 7, 0, 1), normal<float>(g, 7, 0, 1)});
  });
  expect("mixed_normal3_rand3_normal3_f32", [&] {
    return join({normal<float>(g, 3, 0, 1), uniform<float>(g, 3, 0, 1), normal<float>(g, 3, 0, 1)});
  });
  expect("random_i64", [&] { return integers<int64_t>(64, [&] { return g.random(); }); });
  expect("random_i32",
         [&] { return integers<int32_t>(64, [&] { return g.randint(0, int64_t{1} << 31); }); });
  expect("random_f32",
         [&] { return integers<float>(64, [&] { return g.randint(0, (1 << 24) + 1); }); });
  expect("randint_0_10", [&] { return integers<int64_t>(64, [&] { return g.randint(0, 10); }); });
  expect("randint_m5_1000",
         [&] { return integers<int64_t>(64, [&] { return g.randint(-5, 1000); }); });
  expect("randint_0_2p33",
         [&] { return integers<int64_t>(64, [&] { return g.randint(0, int64_t{1} << 33); }); });
  expect("randperm_100", [&] { return g.randperm(100); });
  expect("randperm_1000", [&] {
    const std::vector<int64_t> order = g.randperm(1000);
    return std::vector<int32_t>(order.begin(), order.end());
  });
  expect("bernoulli_0.3_f32", [&] { return bernoulli(g, 64, 0.3); });
  expect("dropout_0.5_of_ones_f32", [&] { return dropout_of_ones(g, 64, 0.5, 1); });
  expect("dropout2d_0.25_of_ones_4x6x2x2_f32", [&] { return dropout_of_ones(g, 4 * 6, 0.75, 4); });
  for (const auto& [name, array] : goldens_) ADD_FAILURE() << "not compared: " << name;
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomGoldens, ::testing::Values(1, 42));

// Digests of what PyTorch 1.13 draws from seed 7, with a mean and a deviation that make the last
// rounding count.
TEST(Random, ScaledFillsAreEqualInEveryBit) {
  constexpr int64_t kCount = 100003;
  const auto digest = [](auto&& draw) {
    Generator generator(7);
    return sha256(bytes_of(draw(generator)));
  };
  // torch.empty(100003).uniform_(-.37, 1.91), and of dtype float64
  EXPECT_EQ(digest([](Generator& g) { return uniform<float>(g, kCount, -.37, 1.91); }),
            "733665d847a86e425ca4500bb65eb3e5a902bb7c9bed084bb13bf2299e1f6c92");
  EXPECT_EQ(digest([](Generator& g) { return uniform<double>(g, kCount, -.37, 1.91); }),
            "cf66c77234689634ae3f9a9f2b7a68e9ebc9bc53800da50f20d6a2203f18eb64");
  // torch.empty(100003).normal_(.31, 1.7)
  EXPECT_EQ(digest([](Generator& g) { return normal<float>(g, kCount, .31, 1.7); }),
            "4d2d132535c3bb85c110b5203e3b3a88a2dba62fdd7753e19d087289fe6ffaeb");
  // torch.empty(15, dtype=torch.float64).normal_(.31, 1.7) by pairs, and 20 values by blocks
  EXPECT_EQ(digest([](Generator& g) { return normal<double>(g, 15, .31, 1.7); }),
            "157c05287f0f240a29ba311f7d96f7c53a13ac00eaea325f9da8c5349e2a1c7e");
  EXPECT_EQ(digest([](Generator& g) { return normal<double>(g, 20, .31, 1.7); }),
            "c46930aec70b336aced07b20a6ce3b34c70a41b60991872c3e8b826c02d08d59");
  // torch.randperm(100003)
  EXPECT_EQ(digest([](Generator& g) { return g.randperm(kCount); }),
            "e4805b9d20e72913e600dedfd641c6d51ba4066819ce4b2eec7791c1dabe0790");
  // torch.empty(100003).bernoulli_(.37)
  EXPECT_EQ(digest([](Generator& g) { return bernoulli(g, kCount, .37); }),
            "8444764992ee90a6d356e432ec5a1078d0975d864364b6b82122de3d50b8aaaa");
  // torch.bernoulli(torch.empty(100003).uniform_(0, 1))
  EXPECT_EQ(digest([](Generator& g) {
              const std::vector<float> probability = uniform<float>(g, kCount, 0, 1);
              std::vector<float> y(kCount);
              g.bernoulli(y.data(), kCount, probability.data());
              return y;
            }),
            "3c139e2d9e9904666d51e503e590397e5d451cca796beeccced079db8e428f6f");
}

TEST(Random, StateContinuesTheSequence) {
  Generator first(11);
  uniform<float>(first, 1000, 0, 1);
  normal<float>(first, 3, 0, 1);  // leaves the second half of a pair behind
  const std::vector<uint8_t> state = first.state();
  const std::vector<float> expected = normal<float>(first, 5, 0, 1);

  Generator second;
  second.set_state(state);
  EXPECT_EQ(second.seed(), 11u);
  EXPECT_EQ(second.state(), state);
  EXPECT_EQ(normal<float>(second, 5, 0, 1), expected);
  EXPECT_EQ(second.state(), first.state());
}

TEST(Random, SeedingDropsTheCachedNormal) {
  Generator generator(3);
  const std::vector<float> expected = normal<float>(generator, 3, 0, 1);
  generator.manual_seed(3);
  EXPECT_EQ(normal<float>(generator, 3, 0, 1), expected);
}

TEST(Random, DefaultSeedIsPyTorchs) {
  EXPECT_EQ(Generator().seed(), 67280421310721u);
  EXPECT_EQ(Generator().random(), Generator(67280421310721).random());
}

TEST(Random, EmptyAndConstantFills) {
  Generator generator(1);
  const std::vector<uint8_t> before = generator.state();
  EXPECT_THAT(uniform<float>(generator, 0, 0, 1), IsEmpty());
  EXPECT_THAT(normal<double>(generator, 0, 0, 1), IsEmpty());
  EXPECT_THAT(bernoulli(generator, 0, 0.5), IsEmpty());
  EXPECT_THAT(generator.randperm(0), IsEmpty());
  EXPECT_THAT(generator.randperm(1), ElementsAre(0));
  EXPECT_EQ(generator.state(), before);  // none of these draws

  EXPECT_THAT(uniform<float>(generator, 20, 0.25, 0.25), Each(0.25f));
  EXPECT_THAT(normal<float>(generator, 20, 0.25, 0), Each(0.25f));
  EXPECT_THAT(bernoulli(generator, 20, 0), Each(0.0f));
  EXPECT_THAT(bernoulli(generator, 20, 1), Each(1.0f));
  EXPECT_EQ(generator.randint(-7, -6), -7);
}

TEST(Random, RandintSpansAllOfInt64) {
  Generator generator(5);
  Generator draws(5);
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  for (int i = 0; i < 100; ++i) {
    const uint64_t draw = draws.engine()->next64() % ~uint64_t{0};
    EXPECT_EQ(generator.randint(kMin, kMax), static_cast<int64_t>(draw + (uint64_t{1} << 63)));
  }
}

TEST(RandomErrors, NameWhatWasWrong) {
  Generator generator(1);
  const std::vector<uint8_t> before = generator.state();
  float y[2] = {};
  const auto throws = [](const char* message) {
    return ThrowsMessage<std::invalid_argument>(StrEq(message));
  };
  EXPECT_THAT([&] { generator.uniform(y, 2, 1, -1); },
              throws("uniform: expected low <= high, got 1 and -1"));
  EXPECT_THAT([&] { generator.normal(y, 2, 0, -1); }, throws("normal: expected std >= 0, got -1"));
  EXPECT_THAT([&] { generator.bernoulli(y, 2, 1.5); },
              throws("bernoulli: expected a probability in [0, 1], got 1.5"));
  EXPECT_THAT([&] { generator.bernoulli(y, 2, std::numeric_limits<double>::quiet_NaN()); },
              throws("bernoulli: expected a probability in [0, 1], got nan"));
  const float probability[2] = {0.5f, -1.0f};
  EXPECT_THAT([&] { generator.bernoulli(y, 2, probability); },
              throws("bernoulli: expected a probability in [0, 1], got -1"));
  EXPECT_THAT([&] { generator.randint(4, 4); },
              throws("randint: expected low < high, got 4 and 4"));
  EXPECT_THAT([&] { generator.randperm(-1); },
              throws("randperm: expected a count of at least 0, got -1"));
  EXPECT_THAT([&] { generator.set_state(std::vector<uint8_t>(3)); },
              throws("set_state: expected 2520 bytes, got 3"));
  std::vector<uint8_t> lying = before;
  lying[4 * Mt19937::kWords] = 0x71;  // the low byte of 624 is 0x70
  EXPECT_THAT([&] { generator.set_state(lying); },
              throws("set_state: expected 1 to 624 used words, got 625"));
  EXPECT_EQ(generator.state(), before);
}

}  // namespace
}  // namespace smtrain
