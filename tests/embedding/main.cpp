// SPDX-License-Identifier: Apache-2.0

// A program of somebody else's that trains with the library, on digits drawn into a temporary
// folder. Its middle is the README's example, word for word.

#include <smtrain/smtrain.h>
#include <unistd.h>

#include <cstdio>
#include <filesystem>
#include <string>

using namespace smtrain;

int main() {
  const auto folder =
      std::filesystem::temp_directory_path() / ("smtrain-embedding-" + std::to_string(getpid()));
  data::write_synth_digits(folder, {.train = 512, .test = 1});
  std::filesystem::current_path(folder);

  auto device = Device::best();
  auto model = nn::sequential({nn::conv2d(1, 8, 3), nn::relu(), nn::max_pool2d(2), nn::flatten(),
                               nn::linear(8 * 13 * 13, 10)});
  model->to(device);
  auto sgd = optim::SGD(model->parameters(), {.lr = 0.05, .momentum = 0.9});
  auto digits = data::IdxDataset::open("train-images-idx3-ubyte.gz", "train-labels-idx1-ubyte.gz");
  auto loader = data::DataLoader(digits, {.batch_size = 32, .shuffle = true, .device = device});

  Tensor loss;
  for (int epoch = 1; epoch <= 3; ++epoch) {
    for (auto& [images, targets] : loader) {
      loss = cross_entropy(model->forward(images), targets);
      sgd.zero_grad();
      loss.backward();
      sgd.step();
    }
    std::printf("epoch %d: loss %.3f\n", epoch, loss.item());
  }

  std::filesystem::remove_all(folder);
  return loss.item() < 1.0 ? 0 : 1;  // a guess among ten classes has ln 10 = 2.3
}
