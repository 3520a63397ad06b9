// SPDX-License-Identifier: Apache-2.0

// A trainer in a program of one's own: fit() tells a callback of every step and every epoch, and
// either may end the training. Here the callback stops early, when the validation loss has stopped
// falling, and goes back to the weights of the best epoch.

#include <smtrain/smtrain.h>

#include <cstdio>
#include <functional>
#include <memory>

using namespace smtrain;

struct Progress {
  int epoch = 0;               // from 1
  int64_t step = 0;            // from 1, over all epochs
  double loss = 0;             // of the last batch
  double validation_loss = 0;  // of the last whole epoch, as is the accuracy
  double accuracy = 0;
};

using Callback = std::function<bool(const Progress&)>;  // whether to go on

void validate(nn::Module& model, data::DataLoader& loader, Progress& progress) {
  const NoGradGuard no_grad;
  model.eval();
  const auto count = static_cast<double>(loader.dataset().size());
  const Tensor correct = zeros({}, {.dtype = DType::i64});
  progress.validation_loss = 0;
  for (auto& [images, targets] : loader) {
    const Tensor scores = model(images);
    const Tensor loss = cross_entropy(scores, targets, {.reduction = Reduction::sum});
    progress.validation_loss += loss.item() / count;
    count_correct(scores, targets, correct);
  }
  progress.accuracy = correct.item() / count;
  model.train();
}

void fit(nn::Module& model, optim::Optimizer& optimizer, data::DataLoader& training,
         data::DataLoader& validation, int epochs, const Callback& on_step,
         const Callback& on_epoch) {
  Progress progress;
  for (progress.epoch = 1; progress.epoch <= epochs; ++progress.epoch) {
    for (auto& [images, targets] : training) {
      const Tensor loss = cross_entropy(model(images), targets);
      optimizer.zero_grad();
      loss.backward();
      optimizer.step();
      ++progress.step;
      progress.loss = loss.item();
      if (!on_step(progress)) return;
    }
    validate(model, validation, progress);
    if (!on_epoch(progress)) return;
  }
}

// A state dict's tensors are the model's own, which training goes on to change.
nn::StateDict copy_of(const nn::StateDict& state_dict) {
  nn::StateDict copy;
  for (const auto& [name, tensor] : state_dict) {
    copy.add(name, empty_like(tensor));
    copy_into(tensor, copy.at(name));
  }
  return copy;
}

std::shared_ptr<data::Dataset> digits(int64_t count, uint64_t seed) {
  auto [images, labels] = data::draw_digits(count, seed);
  return std::make_shared<data::ArrayDataset>(data::NamedArray{"digits", images},
                                              data::NamedArray{"classes", labels});
}

int main() {
  Context context({.seed = 1});
  const ContextGuard guard(context);
  data::DataLoader training(digits(1000, 1), {.batch_size = 50, .shuffle = true});
  data::DataLoader validation(digits(500, 2), {.batch_size = 250});
  const auto model =
      nn::sequential({nn::flatten(), nn::linear(28 * 28, 64), nn::relu(), nn::linear(64, 10)});
  optim::Adam adam(model->parameters(), {.lr = 3e-3});

  constexpr int kMostEpochs = 100, kPatience = 3;
  Progress best{.validation_loss = 1e9}, last;
  nn::StateDict best_weights;
  fit(
      *model, adam, training, validation, kMostEpochs,
      [](const Progress& now) { return now.loss < 100; },  // else it has diverged
      [&](const Progress& now) {
        last = now;
        if (now.validation_loss < best.validation_loss) {
          best = now;
          best_weights = copy_of(model->state_dict());
        }
        return now.epoch - best.epoch < kPatience;
      });
  model->load_state_dict(best_weights);
  validate(*model, validation, last);
  std::printf("stopped after epoch %d; epoch %d was best, %.1f %% right\n", last.epoch, best.epoch,
              100 * last.accuracy);
  const bool restored = last.validation_loss == best.validation_loss;
  return restored && last.epoch < kMostEpochs && best.accuracy > 0.8 ? 0 : 1;
}
