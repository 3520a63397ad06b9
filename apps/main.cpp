// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/run.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <exception>
#include <iostream>
#include <new>
#include <stdexcept>
#include <string>
#include <variant>
#include <vector>

namespace {

constexpr int kFailed = 1;   // the world failed: files, memory
constexpr int kMistake = 2;  // the caller's: recipe, command line, data that does not fit

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
         std::holds_alternative<smtrain::app::PredictCommand>(command);
}

}  // namespace

int main(int argc, char** argv) {
  open_closed_standard_streams();
  try {
    const smtrain::app::Command command =
        smtrain::app::parse_command_line(std::vector<std::string>(argv + 1, argv + argc));
    if (computes(command)) start_again_with_a_short_spin(argv);
    const int exit_code = smtrain::app::run(command);
    if (!std::cout.flush()) throw std::runtime_error("standard output: cannot be written");
    return exit_code;
  } catch (const std::invalid_argument& error) {
    std::cerr << "smtrain: " << error.what() << '\n';
    return kMistake;
  } catch (const std::bad_alloc&) {
    std::cerr << "smtrain: out of memory\n";
    return kFailed;
  } catch (const std::exception& error) {
    std::cerr << "smtrain: " << error.what() << '\n';
    return kFailed;
  }
}
