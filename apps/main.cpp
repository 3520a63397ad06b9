// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/failure.h"
#include "smtrain/apps/run.h"
#include "smtrain/apps/sagemaker/process_environment.h"
#include "smtrain/engine/error.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <new>
#include <optional>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

constexpr int kFailed = 1;   // the world failed: disk, memory, numbers that are not finite
constexpr int kMistake = 2;  // the caller's: recipe, command line, files and data that are read

// A file that is opened while standard output is closed would become it, and get its lines.
void open_closed_standard_streams() {
  int fd = 0;
  while (fd <= STDERR_FILENO && fd >= 0) fd = open("/dev/null", O_RDWR);
  if (fd >= 0) close(fd);
}

// GNU OpenMP's threads spin for milliseconds before they sleep, which more than halves the speed of
// two jobs that share processors. It reads its settings while it is loaded: the program starts
// itself again with a shorter spin, which is as fast alone, unless the user chose one.
void start_again_with_a_short_spin(char** argv) {
  if (std::getenv("GOMP_SPINCOUNT") != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) return;
  setenv("GOMP_SPINCOUNT", "2000", 1);
  execv("/proc/self/exe", argv);  // returns where there is no /proc: then with the long spin
}

bool computes(const smtrain::app::Command& command) {
  return std::holds_alternative<smtrain::app::TrainCommand>(command) ||
         std::holds_alternative<smtrain::app::EvaluateCommand>(command) ||
         std::holds_alternative<smtrain::app::PredictCommand>(command) ||
         std::holds_alternative<smtrain::app::DoctorCommand>(command);
}

/// The arguments of a program that is also called by its command's name: links `train` and `serve`
/// lead to it.
std::vector<std::string> arguments_of(int argc, char** argv) {
  std::vector<std::string> arguments(argv + std::min(argc, 1), argv + argc);
  const std::string name = argc > 0 ? std::filesystem::path(argv[0]).filename().string() : "";
  const bool is_command = name == "train" || name == "serve";
  if (is_command && (arguments.empty() || arguments[0] != name))
    arguments.insert(arguments.begin(), name);
  return arguments;
}

int run(const std::vector<std::string>& arguments, char** argv, smtrain::app::RunRecord& record) {
  const smtrain::app::Command command = smtrain::app::parse_command_line(arguments);
  if (computes(command)) start_again_with_a_short_spin(argv);
  const int exit_code = smtrain::app::run(command, record);
  if (!std::cout.flush()) throw std::runtime_error("standard output: cannot be written");
  return exit_code;
}

/// What becomes known of a run, for the report of its failure.
struct Outcome {
  std::vector<std::string> arguments;
  smtrain::app::RunRecord record;
  std::optional<smtrain::app::OutcomeFiles> files;  // of a container's job

  int failed(const char* cause, int exit_code) {
    std::vector<std::string> command = arguments;
    command.insert(command.begin(), "smtrain");
    std::string text = std::string(cause) + "\n", no_file;
    if (files) {
      text = smtrain::app::failure_text(cause, exit_code, record, command);
      no_file = files->failed(text);
    }
    std::cerr << "smtrain: " << text;
    if (!no_file.empty()) std::cerr << "smtrain: " << no_file << '\n';
    return exit_code;
  }
};

}  // namespace

int main(int argc, char** argv) {
  open_closed_standard_streams();
  Outcome outcome;
  try {
    outcome.arguments = arguments_of(argc, argv);
    const auto process = smtrain::app::ProcessEnvironment::of_process();
    if (smtrain::app::is_training(outcome.arguments) && process.in_container()) {
      outcome.files.emplace(process.base());
      outcome.files->watch_faults();
    }
    const int exit_code = run(outcome.arguments, argv, outcome.record);
    if (outcome.files && exit_code == 0) outcome.files->succeeded();
    return exit_code;
  } catch (const std::invalid_argument& error) {
    return outcome.failed(error.what(), kMistake);
  } catch (const smtrain::BadInput& error) {
    return outcome.failed(error.what(), kMistake);
  } catch (const std::bad_alloc&) {
    return outcome.failed("out of memory", kFailed);
  } catch (const std::exception& error) {
    return outcome.failed(error.what(), kFailed);
  }
}
