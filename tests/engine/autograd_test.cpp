// SPDX-License-Identifier: Apache-2.0
#include "smtrain/engine/autograd.h"

#include "smtrain/engine/call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain {
namespace {

using testing::ElementsAre;

// y = scale * x, as an operation of its own: what these tests need of ops, and nothing more.
Tensor scaled(const Tensor& x, double scale) {
  const auto run = [scale](const Tensor& from, const Tensor& to, bool accumulate) {
    call(from.device(), &KernelTable::affine,
         AffineArgs{.count = from.numel(),
                    .dtype = from.dtype(),
                    .accumulate = accumulate,
                    .scale = scale,
                    .shift = 0,
                    .x = from.data(),
                    .y = to.data()});
  };
  Tensor y = empty_like(x);
  run(x, y, false);
  return record("scaled", y, {x}, [run](const Tensor& dy, GradientSink& sink) {
    const Destination dx = sink.of(0);
    run(dy, dx.tensor, dx.accumulate);
  });
}

// y = a + b, whose gradients are dy itself.
Tensor sum_of(const Tensor& a, const Tensor& b) {
  Tensor y = empty_like(a);
  copy_into(a.detach(), y);
  copy_into(b.detach(), y, /*accumulate=*/true);
  return record("sum_of", y, {a, b}, [](const Tensor& dy, GradientSink& sink) {
    if (sink.needs(0)) sink.give(0, dy);
    if (sink.needs(1)) sink.give(1, dy);
  });
}

Tensor leaf(std::vector<double> values) {
  const auto size = static_cast<int64_t>(values.size());
  return from_vector(values, {size}).set_requires_grad(true);
}

void run_backward(const Tensor& y, std::vector<double> dy, const GradientReady& ready = {}) {
  backward(y, from_vector(dy, y.shape()), ready);
}

TEST(Autograd, FollowsAChain) {
  const Tensor x = leaf({1, 2});
  run_backward(scaled(scaled(x, 3), 5), {1, 10});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(15, 150));
}

TEST(Autograd, AddsOverTheBranchesOfAFork) {
  const Tensor x = leaf({1, 2});
  const Tensor h = scaled(x, 2);
  run_backward(sum_of(sum_of(scaled(h, 3), h), scaled(h, 5)), {1, 1});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(18, 18));
}

TEST(Autograd, AGradientGivenToTwoInputsIsNotWrittenThroughByOne) {
  const Tensor x = leaf({1});
  const Tensor z = leaf({1});
  const Tensor a = scaled(x, 2);
  const Tensor b = scaled(z, 3);
  // dy is handed to a and b without a copy; a then collects more from its second consumer.
  run_backward(sum_of(scaled(a, 7), sum_of(a, b)), {1});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(16));
  EXPECT_THAT(z.grad().to_vector<double>(), ElementsAre(3));
}

TEST(Autograd, ALeafCollectsOverSeveralBackwardPasses) {
  const Tensor x = leaf({1});
  run_backward(scaled(x, 2), {1});
  run_backward(scaled(x, 3), {1});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(5));
}

TEST(Autograd, SkipsInputsThatNeedNoGradient) {
  const Tensor x = leaf({1});
  const Tensor constant = from_vector(std::vector<double>{4}, {1});
  run_backward(sum_of(x, constant), {1});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(1));
  EXPECT_FALSE(constant.grad().defined());
}

TEST(Autograd, RecordsNothingUnderANoGradGuard) {
  const Tensor x = leaf({1});
  const NoGradGuard guard;
  EXPECT_FALSE(scaled(x, 2).requires_grad());
  EXPECT_FALSE(needs_gradient({x}));
}

TEST(Autograd, AnnouncesEachLeafOnceWhenItsGradientIsFinal) {
  const Tensor x = leaf({1});
  const Tensor z = leaf({1});
  std::vector<double> seen;
  run_backward(sum_of(scaled(x, 2), sum_of(x, z)), {1},
               [&](GraphNode& node) { seen.push_back(node.gradient.item()); });
  EXPECT_THAT(seen, testing::UnorderedElementsAre(3, 1));
}

TEST(Autograd, AnnouncesALeafBeforeEarlierOperationsRun) {
  const Tensor x = leaf({1});
  const Tensor z = leaf({1});
  std::vector<std::string> events;
  const auto traced = [&events](const char* name, const Tensor& a, const Tensor& b) {
    return record(name, a.detach(), {a, b}, [&events, name](const Tensor& dy, GradientSink& sink) {
      events.push_back(name);
      for (const int i : {0, 1}) {
        if (sink.needs(i)) sink.give(i, dy);
      }
    });
  };
  const Tensor y = traced("second", traced("first", x.detach(), x), z);
  run_backward(y, {1}, [&](GraphNode& node) {
    events.push_back(&node == x.graph_node().get() ? "x is ready" : "z is ready");
  });
  EXPECT_THAT(events, ElementsAre("second", "z is ready", "first", "x is ready"));
}

TEST(Autograd, AnnouncesALeafThatIsTheResult) {
  const Tensor x = leaf({1});
  int announced = 0;
  run_backward(x, {3}, [&](GraphNode&) { ++announced; });
  EXPECT_EQ(announced, 1);
  EXPECT_EQ(x.grad().item(), 3);
}

TEST(Autograd, AGraphOfAnyLengthIsDroppedWithoutBackward) {
  const Tensor x = leaf({1});
  Tensor y = x;
  for (int i = 0; i < 200'000; ++i) y = sum_of(y, x);
  const Tensor z = leaf({1});
  Tensor branch = sum_of(y, z);
  const std::weak_ptr<GraphNode> shared = y.graph_node();
  y = Tensor();
  EXPECT_FALSE(shared.expired());
  branch = Tensor();
  EXPECT_TRUE(shared.expired());
  run_backward(scaled(x, 2), {1});
  EXPECT_THAT(x.grad().to_vector<double>(), ElementsAre(2));
}

TEST(Autograd, FreesWhatBackwardKeptAsItGoes) {
  const Tensor x = leaf({1});
  auto kept = std::make_shared<int>(1);
  const std::weak_ptr<int> watched = kept;
  const Tensor y = record("keeps", x.detach(), {x},
                          [kept](const Tensor& dy, GradientSink& sink) { sink.give(0, dy); });
  kept.reset();
  EXPECT_FALSE(watched.expired());
  run_backward(y, {1});
  EXPECT_TRUE(watched.expired());
}

TEST(Autograd, AnObserverIsToldOfOperationsThatNeedAGradient) {
  const Tensor x = leaf({1});
  std::vector<std::pair<std::string, double>> seen;
  {
    const OperationObserver observer(
        [&](const char* name, const Tensor& y, std::span<const Tensor> inputs) {
          EXPECT_EQ(inputs.size(), 1u);
          seen.emplace_back(name, y.item());
        });
    scaled(scaled(x, 2), 3);
    scaled(x.detach(), 5);
  }
  scaled(x, 7);
  EXPECT_THAT(seen, ElementsAre(std::pair("scaled", 2.0), std::pair("scaled", 6.0)));
}

void expect_message(const std::function<void()>& run, const std::string& message) {
  try {
    run();
    FAIL() << "expected: " << message;
  } catch (const std::invalid_argument& error) {
    EXPECT_EQ(error.what(), message);
  }
}

TEST(AutogradErrors, NameWhatWasWrong) {
  const Tensor x = leaf({1, 2});
  const Tensor y = scaled(x, 2);
  expect_message([&] { y.backward(); }, "backward: expected one element (a loss), got shape [2]");
  expect_message(
      [&] {
        run_backward(y.detach(), {1, 1});
      },
      "backward: the tensor does not depend on anything that requires a gradient");
  expect_message([&] { backward(y, ones({3})); }, "backward: gradient has shape [3], expected [2]");
  run_backward(y, {1, 1});
  expect_message(
      [&] {
        run_backward(y, {1, 1});
      },
      "backward: the graph of 'scaled' has already been used; run the forward pass again");
  expect_message([&] { Tensor(scaled(x, 2)).set_requires_grad(false); },
                 "set_requires_grad: the tensor is the result of an operation; detach() it first");
  expect_message([&] { zeros({2}, {.dtype = DType::i64}).set_requires_grad(true); },
                 "set_requires_grad: expected a floating dtype, got i64");
}

}  // namespace
}  // namespace smtrain
