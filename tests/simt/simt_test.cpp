// SPDX-License-Identifier: Apache-2.0

// One planted bug for every line of what the emulation promises to find, in all three programs:
// plain, under the access checker, and under AddressSanitizer and UndefinedBehaviorSanitizer.

#include "smtrain/tests/simt/simt.h"

#include "smtrain/tests/simt/planted.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace smtrain::simt {
namespace {

using planted::Bug;
using testing::AllOf;
using testing::ContainsRegex;
using testing::HasSubstr;

#ifdef __SANITIZE_ADDRESS__
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif

// Each runs its kernel and says whether the result was right.

std::vector<float> counting(int size) {
  std::vector<float> values;
  for (int i = 0; i < size; ++i) values.push_back(static_cast<float>(i % 1021));
  return values;
}

bool row_sum(Bug bug, int rows, int cols) {
  const Buffer<float> x(counting(rows * cols));
  Buffer<float> y(static_cast<size_t>(rows));
  planted::row_sum(bug, x.data(), y.data(), rows, cols);
  for (int r = 0; r < rows; ++r) {
    float sum = 0;
    for (int c = 0; c < cols; ++c) sum += x[static_cast<size_t>(r * cols + c)];
    if (y[static_cast<size_t>(r)] != sum) return false;
  }
  return true;
}
bool long_row_sum(Bug bug) { return row_sum(bug, 5, 300); }
bool short_row_sum(Bug bug) { return row_sum(bug, 2, 200); }

bool total(Bug bug) {
  const Buffer<float> x(std::vector<float>(5000, 1.0f));
  Buffer<float> partial(4);
  Buffer<float> y(1);
  Buffer<unsigned> finished{0u};
  planted::total(bug, x.data(), partial.data(), y.data(), finished.data(), 5000);
  return y[0] == 5000;
}

bool transpose(Bug bug) {
  constexpr size_t kRows = 45, kCols = 70;
  const Buffer<float> x(counting(kRows * kCols));
  Buffer<float> y(kRows * kCols);
  planted::transpose(bug, x.data(), y.data(), kRows, kCols);
  for (size_t i = 0; i < kRows; ++i) {
    for (size_t j = 0; j < kCols; ++j) {
      if (y[j * kRows + i] != x[i * kCols + j]) return false;
    }
  }
  return true;
}

bool copy(Bug bug) {
  const Buffer<float> x(counting(1003));
  Buffer<float> y(1003);
  planted::copy(bug, x.data(), y.data(), 1003);
  return y.values() == x.values();
}

bool misaligned_copy(Bug bug) {
  const Buffer<float> x(counting(1003));
  Buffer<float> y(1003);
  planted::copy(bug, x.data() + 1, y.data() + 1, 1002);
  return y[1] == x[1];
}

// Beyond 2^31 elements, of which the first and the last block are touched. What an index that wraps
// there finds is also memory.
bool add_one(Bug bug) {
  constexpr int64_t kSize = (int64_t{1} << 31) + 1000;
  void* before = reserve(kSize);
  auto* x = static_cast<uint8_t*>(reserve(kSize));
  auto* y = static_cast<uint8_t*>(reserve(kSize));
  const std::vector<uint64_t> blocks = {0, (kSize + 255) / 256 - 1};
  config().only_blocks = blocks;
  planted::add_one(bug, x, y, kSize);
  config().only_blocks = {};
  const bool right = y[0] == 1 && y[kSize - 1] == 1;
  deallocate(before);
  deallocate(x);
  deallocate(y);
  return right;
}

bool histogram(Bug bug) {
  std::vector<int> keys, expected(64, 0);
  for (int i = 0; i < 1000; ++i) {
    keys.push_back(i * i % 64);
    ++expected[static_cast<size_t>(keys.back())];
  }
  const Buffer<int> device_keys(keys);
  const Buffer<int> zeros(std::vector<int>(64, 0));
  Buffer<int> bins(zeros.values());
  planted::histogram(bug, device_keys.data(), bins.data(), 1000);
  return bins.values() == expected;
}

bool warp_reverse(Bug bug) {
  const Buffer<float> x(counting(512));
  Buffer<float> y(512);
  planted::warp_reverse(bug, x.data(), y.data(), 512);
  for (size_t i = 0; i < 512; ++i) {
    if (y[i] != x[i / 32 * 32 + 31 - i % 32]) return false;
  }
  return true;
}

bool swap_neighbours(Bug bug) {
  const Buffer<float> x(counting(700));
  Buffer<float> y(700);
  planted::swap_neighbours(bug, x.data(), y.data(), 700);
  for (size_t i = 0; i < 700; ++i) {
    if (y[i] != x[i ^ 1]) return false;
  }
  return true;
}

bool arithmetic(Bug bug) {
  const Buffer<int> x(bug == Bug::none ? std::vector<int>{3, 4} : std::vector<int>{3, 1 << 30});
  Buffer<int> y(2);
  planted::arithmetic(bug, x.data(), y.data(), 2);
  return bug != Bug::none || (y[0] == 6 && y[1] == 8);
}

bool host_pointer_is_read(Bug bug) {
  const std::vector<float> x = counting(64);
  Buffer<float> y(64);
  planted::copy(bug, x.data(), y.data(), 64);
  return y.values() == x;
}

bool host_pointer_is_written(Bug bug) {
  const Buffer<float> x(counting(64));
  std::vector<float> y(64);
  planted::copy(bug, x.data(), y.data(), 64);
  return y == x.values();
}

bool freed_buffer_is_read(Bug bug) {
  const float* x = Buffer<float>(counting(64)).data();
  Buffer<float> y(128);
  planted::copy(bug, x, y.data(), 64);
  return y[63] == 63;
}

// What was seen of one run.
struct Outcome {
  std::string violation;
  std::string findings;
  bool right = false;
};

Outcome outcome(bool (*run)(Bug), Bug bug, Order order) {
  config() = {.order = order};
  Outcome outcome;
  try {
    outcome.right = run(bug);
  } catch (const Violation& violation) {
    outcome.violation = violation.what();
  }
  for (const std::string& finding : take_findings()) outcome.findings += finding + "; ";
  return outcome;
}

// What the plain program sees.
enum class Plain {
  nothing,
  wrong,              // in at least one order
  wrong_depth_first,  // in at least one order, but not in breadth
  violation,          // in every order
};

struct PlantedBug {
  const char* name;
  bool (*run)(Bug);
  Bug bug;
  Plain plain;
  const char* violation;  // a part of its text, in every program
  const char* checker;    // a part of what the checker says in every order; null: nothing
  const char* line;       // the line it and the sanitizers name, as "file: text of the line"
  const char* sanitizer;  // a part of how the sanitizers end the program; null: they do not
};

void PrintTo(const PlantedBug& bug, std::ostream* out) { *out << bug.name; }

const PlantedBug kPlanted[] = {
    {"NoBarrierAfterWrite", long_row_sum, Bug::no_barrier_after_write, Plain::wrong, nullptr,
     "races in shared memory", "planted_reduce.cu: lane < kWarps ? shared", nullptr},
    {"NoBarrierBeforeReuse", long_row_sum, Bug::no_barrier_before_reuse, Plain::wrong_depth_first,
     nullptr, "races in shared memory", "planted_reduce.cu: if (lane == 0) shared", nullptr},
    {"FullMaskInBranch", long_row_sum, Bug::full_mask_in_branch, Plain::violation,
     "different warp operations", nullptr, nullptr, nullptr},
    {"TooFewLanesNamed", long_row_sum, Bug::too_few_lanes_named, Plain::violation,
     "not in its own mask|does not take part", nullptr, nullptr, nullptr},
    {"LaneOutsideItsMask", long_row_sum, Bug::lane_outside_its_mask, Plain::violation,
     "does not take part", nullptr, nullptr, nullptr},
    {"ThreadLeavesEarly", short_row_sum, Bug::thread_leaves_early, Plain::violation,
     "exit|does not take part", nullptr, nullptr, nullptr},
    {"DivergentBarrier", long_row_sum, Bug::divergent_barrier, Plain::violation,
     "divergent block barrier", nullptr, nullptr, nullptr},
    {"BarrierInUnevenLoop", swap_neighbours, Bug::barrier_in_uneven_loop, Plain::violation, "exit",
     nullptr, nullptr, nullptr},
    {"ReadsPastEnd", long_row_sum, Bug::reads_past_end, Plain::wrong, nullptr, "reads out of range",
     "planted_reduce.cu: sum += of_row[c]", "use-after-poison"},
    {"WritesPastEnd", transpose, Bug::writes_past_end, Plain::violation, "wrote outside a buffer",
     "writes out of range", "planted_index.cu: y[int64_t{row + j} * rows + col] = value",
     "use-after-poison"},
    {"SharedOutOfRange", transpose, Bug::shared_out_of_range, Plain::nothing, nullptr,
     "writes out of range in shared memory", "planted_index.cu: shared.tile[threadIdx.y + j + off]",
     "use-after-poison|out of bounds"},
    {"RowUnwritten", long_row_sum, Bug::row_unwritten, Plain::wrong, nullptr,
     "the host reads device memory that nothing has written",
     "simt_test.cpp: if (y[static_cast<size_t>(r)] != sum)", nullptr},
    {"TailUnwritten", copy, Bug::tail_unwritten, Plain::wrong, nullptr,
     "the host reads device memory that nothing has written", nullptr, nullptr},
    {"SharedUninitialised", histogram, Bug::shared_uninitialised, Plain::wrong, nullptr,
     "reads uninitialised memory in shared memory", "planted_shared.cu: atomicAdd(&shared.bins",
     nullptr},
    {"MisalignedVector", misaligned_copy, Bug::none, Plain::violation, "misaligned vector load",
     nullptr, nullptr, nullptr},
    {"AddsWithoutAtomic", histogram, Bug::adds_without_atomic, Plain::nothing, nullptr,
     "races in global memory", "planted_shared.cu: bins[thread] += shared.bins[thread]", nullptr},
    {"AtomicMixedWithPlain", histogram, Bug::atomic_mixed_with_plain, Plain::nothing, nullptr,
     "races in shared memory", "planted_shared.cu: shared.bins[keys[i]] += 1", nullptr},
    {"NoFence", total, Bug::no_fence, Plain::nothing, nullptr,
     "read after write races in global memory", "planted_reduce.cu: result += partial[i]", nullptr},
    {"FenceWithoutAtomic", total, Bug::fence_without_atomic, Plain::wrong, nullptr,
     "races in global memory|reads uninitialised memory", "planted_reduce.cu: result += partial[i]",
     nullptr},
    {"NoWarpBarrier", warp_reverse, Bug::no_warp_barrier, Plain::wrong, nullptr,
     "races in shared memory", "planted_shared.cu: const float value = of_warp[31 - lane]",
     nullptr},
    {"ShuffleAsFence", warp_reverse, Bug::shuffle_as_fence, Plain::nothing, nullptr,
     "read after write races in shared memory",
     "planted_shared.cu: const float value = of_warp[31 - lane]", nullptr},
    {"IndexOverflow", add_one, Bug::index_overflow, Plain::wrong, nullptr, nullptr, nullptr,
     nullptr},
    {"HostPointerIsRead", host_pointer_is_read, Bug::none, Plain::nothing, nullptr,
     "reads host memory", "planted_index.cu: store_vec(y + 4 * i", nullptr},
    {"HostPointerIsWritten", host_pointer_is_written, Bug::none, Plain::nothing, nullptr,
     "writes host memory", "planted_index.cu: store_vec(y + 4 * i", nullptr},
    {"FreedBufferIsRead", freed_buffer_is_read, Bug::none, Plain::nothing, nullptr,
     "reads out of range", "planted_index.cu: store_vec(y + 4 * i", "use-after-poison"},
    {"SignedOverflow", arithmetic, Bug::signed_overflow, Plain::nothing, nullptr, nullptr, nullptr,
     "signed integer overflow"},
    {"BadShift", arithmetic, Bug::bad_shift, Plain::nothing, nullptr, nullptr, nullptr,
     "shift exponent"},
    {"FloatBeyondInt", arithmetic, Bug::float_beyond_int, Plain::nothing, nullptr, nullptr, nullptr,
     "outside the range"},
};

// "file: text" as "file:7", 7 being the first line that has the text.
std::string place_of(const std::string& line) {
  const size_t colon = line.find(": ");
  const std::string file = line.substr(0, colon);
  std::ifstream stream(SMTRAIN_SOURCE_DIR "/tests/simt/" + file);
  std::string text;
  for (int number = 1; std::getline(stream, text); ++number) {
    if (text.find(line.substr(colon + 2)) != std::string::npos) {
      return file + ":" + std::to_string(number);
    }
  }
  ADD_FAILURE() << "no line in " << line;
  return "";
}

class Planted : public testing::TestWithParam<PlantedBug> {
 protected:
  void expect_violation(const PlantedBug& bug) {
    for (const Order order : kAllOrders) {
      EXPECT_THAT(outcome(bug.run, bug.bug, order).violation, ContainsRegex(bug.violation))
          << order;
    }
  }

  void expect_plain(const PlantedBug& bug) {
    if (bug.plain == Plain::violation) return expect_violation(bug);
    int wrong = 0;
    for (const Order order : kAllOrders) {
      const Outcome seen = outcome(bug.run, bug.bug, order);
      EXPECT_EQ(seen.violation, "") << order;
      wrong += seen.right ? 0 : 1;
      if (bug.plain == Plain::wrong_depth_first && order == Order::breadth) {
        EXPECT_TRUE(seen.right);
      }
    }
    EXPECT_EQ(wrong != 0, bug.plain != Plain::nothing) << wrong << " orders of 4 were wrong";
  }

  void expect_checked(const PlantedBug& bug) {
    if (bug.checker == nullptr) return expect_plain(bug);
    for (const Order order : kAllOrders) {
      const Outcome seen = outcome(bug.run, bug.bug, order);
      const std::string text = seen.violation + seen.findings;
      EXPECT_THAT(text, ContainsRegex(bug.checker)) << order;
      if (bug.line == nullptr) continue;
      EXPECT_THAT(text, HasSubstr(place_of(bug.line))) << order;
    }
  }
};

TEST_P(Planted, BugIsFound) {
  const PlantedBug& bug = GetParam();
  if (is_checked()) {
    expect_checked(bug);
  } else if (kSanitized && bug.sanitizer != nullptr) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(bug.run(bug.bug), AllOf(ContainsRegex(bug.sanitizer),
                                         HasSubstr(bug.line == nullptr ? "" : place_of(bug.line))));
  } else {
    expect_plain(bug);
  }
}

INSTANTIATE_TEST_SUITE_P(Simt, Planted, testing::ValuesIn(kPlanted),
                         [](const auto& info) { return std::string(info.param.name); });

TEST(Simt, KernelsWithoutBugsAreCleanInEveryOrder) {
  for (bool (*run)(Bug) : {long_row_sum, short_row_sum, total, transpose, copy, add_one, histogram,
                           warp_reverse, swap_neighbours, arithmetic}) {
    for (const Order order : kAllOrders) {
      const Outcome seen = outcome(run, Bug::none, order);
      EXPECT_EQ(seen.violation, "") << order;
      EXPECT_EQ(seen.findings, "") << order;
      EXPECT_TRUE(seen.right) << order;
    }
  }
}

}  // namespace
}  // namespace smtrain::simt
