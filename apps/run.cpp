// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/run.h"

#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/inspect/inspect.h"
#include "smtrain/apps/predict/predict.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/data/synth_digits.h"

#include <iostream>
#include <variant>

namespace smtrain::app {
namespace {

struct Run {
  int operator()(const TrainCommand& c) const { return train(c, std::cout, std::cerr); }
  int operator()(const EvaluateCommand& c) const { return evaluate(c, std::cout, std::cerr); }
  int operator()(const PredictCommand& c) const { return predict(c, std::cout, std::cerr); }
  int operator()(const InspectCommand& c) const { return inspect(c, std::cout, std::cerr); }
  int operator()(const SynthDigitsCommand& c) const {
    data::write_synth_digits(
        c.out, {.train = c.train, .test = c.test, .seed = static_cast<uint64_t>(c.seed)});
    std::cout << c.out << ": " << c.train << " training and " << c.test << " test digits\n";
    return 0;
  }
  int operator()(const PrintCommand& c) const {
    std::cout << c.text;
    return 0;
  }
};

}  // namespace

int run(const Command& command) { return std::visit(Run{}, command); }

}  // namespace smtrain::app
