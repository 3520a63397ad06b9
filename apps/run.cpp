// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/run.h"

#include "smtrain/apps/check/check_config.h"
#include "smtrain/apps/config/completion.h"
#include "smtrain/apps/config/explain.h"
#include "smtrain/apps/config/job_recipe.h"
#include "smtrain/apps/config/json_schema.h"
#include "smtrain/apps/config/reference.h"
#include "smtrain/apps/doctor/doctor.h"
#include "smtrain/apps/evaluate/evaluate.h"
#include "smtrain/apps/export/export.h"
#include "smtrain/apps/inspect/inspect.h"
#include "smtrain/apps/inspect/memory_report.h"
#include "smtrain/apps/predict/predict.h"
#include "smtrain/apps/printable.h"
#include "smtrain/apps/sagemaker/apply_environment.h"
#include "smtrain/apps/sagemaker/print_environment.h"
#include "smtrain/apps/secrets.h"
#include "smtrain/apps/show/show_data.h"
#include "smtrain/apps/train/train.h"
#include "smtrain/data/synth_digits.h"
#include "smtrain/data/synth_folders.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

namespace smtrain::app {
namespace {

/// The arguments of a job, with what its environment says under what they say.
JobArguments in_environment(JobArguments job) {
  apply_environment(read_environment(ProcessEnvironment::of_process()), job);
  return job;
}

int train_in_environment(JobArguments job, RunRecord& record) {
  const Environment environment = read_environment(ProcessEnvironment::of_process());
  if (environment.hosts.size() > 1) record.host = environment.current_host;
  apply_environment(environment, job);
  record.recipe = job.config;
  const JobInputs inputs{.container = environment.in_container,
                         .hyperparameters_json = masked_json(environment.hyperparameters_json),
                         .input_data_config_json = environment.input_data_config_json};
  return train(job, std::cout, std::cerr, inputs, &record);
}

/// Makes the folder that data is drawn into. What was there before would be mixed with it.
void make_empty_folder(const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && !is_folder(folder)) error = std::make_error_code(std::errc::not_a_directory);
  if (error) bad_input(folder.string(), ": can't be made: ", error.message());
  const bool is_empty = std::filesystem::is_empty(folder, error);
  if (error) bad_input(folder.string(), ": cannot list: ", error.message());
  check(is_empty, folder.string(), ": holds something already; name an empty or a new folder");
}

struct Run {
  RunRecord& record;

  int operator()(const TrainCommand& c) const { return train_in_environment(c.job, record); }
  int operator()(const EvaluateCommand& c) const {
    if (c.config.empty()) return evaluate(c, std::cout, std::cerr);
    const JobArguments job = in_environment({.config = c.config, .settings = c.settings});
    return evaluate_weights(c.model, read_job_recipe(job, std::cerr).recipe, std::cout, std::cerr);
  }
  int operator()(const PredictCommand& c) const { return predict(c, std::cout, std::cerr); }
  int operator()(const InspectCommand& c) const {
    if (!c.memory) return inspect(c, std::cout, std::cerr);
    for (const std::string& recipe : c.files)
      inspect_memory(in_environment({.config = recipe, .settings = c.settings}), c, std::cout,
                     std::cerr);
    return 0;
  }
  int operator()(const ExportCommand& c) const { return export_as(c, std::cout); }
  int operator()(const ConvertCommand& c) const { return convert(c, std::cout); }
  int operator()(const DataShowCommand& c) const {
    DataShowCommand command = c;
    if (c.job.data.empty()) command.job = in_environment(c.job);
    return show_data(command, std::cout, std::cerr);
  }
  int operator()(const SynthDigitsCommand& c) const {
    make_empty_folder(c.out);
    data::write_synth_digits(
        c.out, {.train = c.train, .test = c.test, .seed = static_cast<uint64_t>(c.seed)});
    std::cout << c.out << ": " << c.train << " training and " << c.test << " test digits\n";
    return 0;
  }
  int operator()(const SynthFoldersCommand& c) const {
    make_empty_folder(c.out);
    data::write_synth_folders(c.out, {.classes = c.classes,
                                      .train = c.train,
                                      .validation = c.validation,
                                      .side = c.size,
                                      .seed = static_cast<uint64_t>(c.seed)});
    std::cout << c.out << ": " << c.classes << " classes, of each " << c.train << " training and "
              << c.validation << " validation pictures\n";
    return 0;
  }
  int operator()(const EnvCommand& c) const {
    const Environment environment = read_environment(ProcessEnvironment::of_process());
    print_warnings(environment.warnings, std::cerr);
    print_environment(environment, c.form, std::cout);
    return 0;
  }
  int operator()(const DoctorCommand& c) const { return doctor(c, std::cout); }
  int operator()(const ConfigExplainCommand& c) const {
    JobArguments job = in_environment(c.job);
    job.variables.keep_missing_folders();
    if (job.config.empty() && job.data.empty()) {
      std::cout << explain(c.key, nullptr);
    } else {
      const SourcedRecipe recipe = read_job_recipe(job, std::cerr);
      print_warnings(job.notes, std::cerr);
      print_warnings(recipe.warnings, std::cerr);
      std::cout << explain(c.key, &recipe);
    }
    return 0;
  }
  int operator()(const ConfigCheckCommand& c) const {
    return check_config({in_environment(c.job)}, std::cout, std::cerr);
  }
  int operator()(const ConfigSchemaCommand&) const {
    std::cout << recipe_json_schema();
    return 0;
  }
  int operator()(const ConfigReferenceCommand&) const {
    std::cout << recipe_reference();
    return 0;
  }
  int operator()(const CompletionCommand& c) const {
    std::cout << completion_script(c.shell);
    return 0;
  }
  int operator()(const PrintCommand& c) const {
    std::cout << c.text;
    return 0;
  }
};

}  // namespace

int run(const Command& command, RunRecord& record) { return std::visit(Run{record}, command); }

}  // namespace smtrain::app
