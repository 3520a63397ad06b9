// SPDX-License-Identifier: Apache-2.0

// A dataset of one's own: pictures that are drawn when they are asked for, of discs, squares and
// crosses. The DataLoader does the rest: order, threads, transforms, batches.

#include <smtrain/smtrain.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

using namespace smtrain;

class Shapes : public data::Dataset {
 public:
  Shapes(int64_t size, uint64_t seed) : size_(size), seed_(seed) {}

  int64_t size() const override { return size_; }
  int64_t target(int64_t index) const override { return index % 3; }
  const std::vector<std::string>& classes() const override { return classes_; }

  // For messages: where a picture comes from.
  std::string source(int64_t index) const override {
    return "shape[" + std::to_string(index) + "]";
  }

  // The loader's threads call it at the same time, so it changes nothing, and what is random is a
  // function of (seed, index).
  data::Sample get(int64_t index) const override {
    data::SampleRandom random(seed_, 0, index);
    const float size = random.uniform(5, 9);
    const float center_x = random.uniform(size, kSide - size);
    const float center_y = random.uniform(size, kSide - size);
    data::Image image{.height = kSide, .width = kSide, .channels = 1};
    for (int y = 0; y < kSide; ++y) {
      for (int x = 0; x < kSide; ++x) {
        const float dx = std::abs(x - center_x) / size, dy = std::abs(y - center_y) / size;
        const bool ink = inside(target(index), dx, dy);
        image.pixels.push_back(static_cast<uint8_t>(random.uniform(0, 128) + (ink ? 127 : 0)));
      }
    }
    return {.image = std::move(image), .target = target(index)};
  }

 private:
  static constexpr int kSide = 24;

  static bool inside(int64_t shape, float dx, float dy) {
    if (shape == 0) return dx * dx + dy * dy < 1;
    if (shape == 1) return std::max(dx, dy) < 0.85f;
    return std::max(dx, dy) < 1 && std::min(dx, dy) < 0.3f;
  }

  int64_t size_;
  uint64_t seed_;
  std::vector<std::string> classes_ = {"disc", "square", "cross"};
};

int main() {
  Context context({.seed = 1});
  const ContextGuard guard(context);
  const auto training = std::make_shared<Shapes>(1200, 1);
  const auto validation = std::make_shared<Shapes>(300, 2);
  const data::Normalization normalization = {.mean = {0.5f}, .std = {0.5f}};
  data::DataLoader loader(training, {.batch_size = 32,
                                     .shuffle = true,
                                     .threads = 2,
                                     .transforms = {std::make_shared<data::RandomHorizontalFlip>()},
                                     .normalization = normalization});
  data::DataLoader test_loader(validation, {.batch_size = 100, .normalization = normalization});

  const auto model =
      nn::sequential({nn::conv2d(1, 8, 5), nn::relu(), nn::max_pool2d(2), nn::conv2d(8, 16, 5),
                      nn::relu(), nn::max_pool2d(2), nn::flatten(), nn::linear(16 * 3 * 3, 3)});
  optim::Adam adam(model->parameters(), {.lr = 3e-3});
  for (int epoch = 1; epoch <= 6; ++epoch) {
    for (auto& [images, targets] : loader) {
      const Tensor loss = cross_entropy(model->forward(images), targets);
      adam.zero_grad();
      loss.backward();
      adam.step();
    }
  }

  const NoGradGuard no_grad;
  const Tensor correct = zeros({}, {.dtype = DType::i64});
  for (auto& [images, targets] : test_loader) {
    count_correct(model->forward(images), targets, correct);
  }
  std::printf("%.0f of %lld right\n", correct.item(), static_cast<long long>(validation->size()));
  return correct.item() > 270 ? 0 : 1;
}
