// SPDX-License-Identifier: Apache-2.0
#include "smtrain/nn/pretrained.h"

#include "smtrain/engine/autograd.h"
#include "smtrain/engine/ops/view.h"
#include "smtrain/nn/models/resnet.h"
#include "smtrain/tests/engine/op_test.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace smtrain::nn {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::vector<double> outputs(Module& model, const Tensor& x) {
  const NoGradGuard no_grad;
  model.eval();
  return model(x).to_vector<double>();
}

/// A state dict without the tensors of a name.
StateDict without(const StateDict& state, const std::string& ending) {
  StateDict rest;
  for (const auto& [name, tensor] : state)
    if (!name.ends_with(ending)) rest.add(name, tensor);
  return rest;
}

TEST(Pretrained, SameModelGetsTheSameWeights) {
  ResNet from({.depth = 20, .classes = 4}), to({.depth = 20, .classes = 4});
  const Tensor x = test::randn({2, 3, 9, 7}, DType::f32, 1);
  EXPECT_NE(outputs(from, x), outputs(to, x));
  const PretrainedFit fit = load_pretrained(to, add_module_prefix(from.state_dict()), "file");
  EXPECT_EQ(fit.loaded, from.state_dict().size());
  EXPECT_TRUE(fit.left.fits());
  EXPECT_THAT(fit.notes, ElementsAre());
  EXPECT_EQ(outputs(from, x), outputs(to, x));
}

TEST(Pretrained, OldFilesHaveNoNumbersOfBatches) {
  const ResNet from({.depth = 20, .classes = 4});
  ResNet to({.depth = 20, .classes = 4});
  EXPECT_TRUE(
      load_pretrained(to, without(from.state_dict(), "num_batches_tracked"), "file").left.fits());
}

TEST(Pretrained, HeadForOtherClassesIsLeftOut) {
  const ResNet from({.depth = 20, .classes = 10});
  ResNet to({.depth = 20, .classes = 4});
  const std::vector<double> head = to.state_dict().at("fc.weight").to_vector<double>();
  const PretrainedFit fit = load_pretrained(to, from.state_dict(), "file");
  EXPECT_TRUE(fit.left.fits());
  EXPECT_THAT(fit.notes,
              ElementsAre("the head 'fc' for 10 classes is replaced by a new one for 4"));
  EXPECT_EQ(to.state_dict().at("fc.weight").to_vector<double>(), head);
  EXPECT_EQ(to.state_dict().at("conv1.weight").to_vector<double>(),
            from.state_dict().at("conv1.weight").to_vector<double>());
}

// A grey picture gives what the same picture in three equal channels gave, and the other way round.
TEST(Pretrained, FirstConvolutionIsMadeFitForOtherChannels) {
  ResNet color({.depth = 20, .classes = 4}), grey({.depth = 20, .classes = 4, .in_channels = 1});
  const Tensor x = test::randn({2, 1, 9, 7}, DType::f32, 1),
               x3 = contiguous(expand(x, {2, 3, 9, 7}));
  EXPECT_THAT(load_pretrained(grey, color.state_dict(), "file").notes,
              ElementsAre("'conv1.weight' is for 3 channels, made fit for 1"));
  // Sums of three products are rounded in another order.
  EXPECT_CLOSE(outputs(grey, x), outputs(color, x3), 1e-5);
  load_pretrained(color, grey.state_dict(), "file");
  EXPECT_CLOSE(outputs(color, x3), outputs(grey, x), 1e-5);
}

TEST(Pretrained, WhatDoesNotFitIsTold) {
  const ResNet from({.depth = 32, .classes = 4});
  ResNet to({.depth = 20, .classes = 4});
  const PretrainedFit fit = load_pretrained(to, from.state_dict(), "file");
  EXPECT_EQ(fit.loaded, to.state_dict().size());
  EXPECT_EQ(fit.left.unexpected.size(), from.state_dict().size() - to.state_dict().size());
  StateDict other;
  other.add("features.weight", zeros({3}));
  EXPECT_THAT(test::message_of([&] { load_pretrained(to, other, "other.pth"); }),
              testing::AllOf(HasSubstr("other.pth: none of its 1 tensors fits ResNet20\n"),
                             HasSubstr("features.weight"), HasSubstr("conv1.weight")));
}

}  // namespace
}  // namespace smtrain::nn
