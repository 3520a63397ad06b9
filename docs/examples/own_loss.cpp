// SPDX-License-Identifier: Apache-2.0

// A loss of one's own, written with operations, whose gradient the engine knows. Focal loss (Lin et
// al., arXiv:1708.02002) is cross entropy that counts a sample less the surer the model is of its
// class, -(1 - p)^gamma log(p), so that many easy samples do not drown the few hard ones.

#include <smtrain/smtrain.h>

#include <cstdio>
#include <vector>

using namespace smtrain;

// scores [N, classes], target i64 [N] -> []
Tensor focal_loss(const Tensor& scores, const Tensor& target, double gamma) {
  const Tensor cost = cross_entropy(scores, target, {.reduction = Reduction::none});  // -log(p)
  const Tensor doubt = 1 - exp(-cost);                                                // 1 - p
  return mean(exp(gamma * log(doubt + 1e-12)) * cost);  // pow by way of the logarithm, finite at 0
}

// Points [N, 2] of two classes, one in thirty within the small disc at (1, 1) and the others
// outside.
struct Points {
  std::vector<float> xy;
  std::vector<int64_t> classes;

  explicit Points(int64_t count) {
    Generator& generator = Context::current().generator();
    while (std::ssize(classes) < count) {
      float p[2];
      generator.uniform(p, 2, -2, 2);
      xy.insert(xy.end(), p, p + 2);
      const float dx = p[0] - 1, dy = p[1] - 1;
      classes.push_back(dx * dx + dy * dy < 0.17f ? 1 : 0);
    }
  }
  Tensor features() const { return from_vector(xy, {std::ssize(classes), 2}); }
  Tensor target() const { return from_vector(classes, {std::ssize(classes)}); }
};

int main() {
  Context context({.seed = 1});
  const ContextGuard guard(context);

  // The gradient against central differences, in double precision.
  std::vector<double> scores(6 * 3);
  context.generator().normal(scores.data(), std::ssize(scores));
  const Tensor target = from_vector<int64_t>({0, 1, 2, 0, 1, 2}, {6});
  const double error =
      gradient_error([&](const std::vector<Tensor>& in) { return focal_loss(in[0], target, 2); },
                     {from_vector(scores, {6, 3})});
  std::printf("gradient is off by %.1e\n", error);
  if (error > 1e-7) return 1;

  const auto model = nn::sequential({nn::linear(2, 32), nn::relu(), nn::linear(32, 2)});
  optim::Adam adam(model->parameters(), {.lr = 0.01});
  for (int step = 1; step <= 1500; ++step) {
    const Points points(256);
    const Tensor loss = focal_loss(model->forward(points.features()), points.target(), 2);
    adam.zero_grad();
    loss.backward();
    adam.step();
  }

  // Whoever never says "inside" is right for 29 of 30: what counts is how many of the few are
  // found.
  const NoGradGuard no_grad;
  const Points test(4000);
  const std::vector<int64_t> said = argmax(model->forward(test.features()), 1).to_vector<int64_t>();
  int inside = 0, found = 0, right = 0;
  for (size_t i = 0; i < said.size(); ++i) {
    inside += test.classes[i] == 1;
    found += test.classes[i] == 1 && said[i] == 1;
    right += said[i] == test.classes[i];
  }
  std::printf("found %d of %d, %d of 4000 right\n", found, inside, right);
  return found * 10 > inside * 8 && right > 3880 ? 0 : 1;
}
