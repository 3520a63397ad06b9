// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/run.h"

#include "smtrain/apps/doctor/doctor.h"
#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/inspect/inspect.h"
#include "smtrain/apps/predict/predict.h"
#include "smtrain/apps/sagemaker/env.h"
#include "smtrain/apps/sagemaker/start.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/engine/error.h"

#include <iostream>
#include <variant>

namespace smtrain::app {
namespace {

int train_in_environment(TrainCommand command, RunRecord& record) {
  const Environment environment = read_environment(Surroundings::of_process());
  if (environment.hosts.size() > 1) record.host = environment.current_host;
  apply_environment(environment, command);
  record.recipe = command.config;
  for (const std::string& note : command.notes) std::cerr << "smtrain: warning: " << note << '\n';
  check(!command.config.empty(), "train: no recipe; give one by --config FILE");
  return train(command, std::cout, std::cerr);
}

struct Run {
  RunRecord& record;

  int operator()(const TrainCommand& c) const { return train_in_environment(c, record); }
  int operator()(const EvaluateCommand& c) const { return evaluate(c, std::cout, std::cerr); }
  int operator()(const PredictCommand& c) const { return predict(c, std::cout, std::cerr); }
  int operator()(const InspectCommand& c) const { return inspect(c, std::cout, std::cerr); }
  int operator()(const SynthDigitsCommand& c) const {
    data::write_synth_digits(
        c.out, {.train = c.train, .test = c.test, .seed = static_cast<uint64_t>(c.seed)});
    std::cout << c.out << ": " << c.train << " training and " << c.test << " test digits\n";
    return 0;
  }
  int operator()(const EnvCommand& c) const {
    const Environment environment = read_environment(Surroundings::of_process());
    for (const std::string& line : environment.warnings) std::cerr << "smtrain: " << line << '\n';
    print_environment(environment, c.form, std::cout);
    return 0;
  }
  int operator()(const DoctorCommand& c) const { return doctor(c, std::cout); }
  int operator()(const PrintCommand& c) const {
    std::cout << c.text;
    return 0;
  }
};

}  // namespace

int run(const Command& command, RunRecord& record) { return std::visit(Run{record}, command); }

}  // namespace smtrain::app
