// SPDX-License-Identifier: Apache-2.0
#include <cstdio>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

#include "smtrain/apps/config/command_line.h"
#include "smtrain/apps/run.h"

namespace {

constexpr int kFailed = 1;   // the world failed: files, memory
constexpr int kMistake = 2;  // the caller's: recipe, command line, data that does not fit

}  // namespace

int main(int argc, char** argv) {
  try {
    const int exit_code = smtrain::app::run(
        smtrain::app::parse_command_line(std::vector<std::string>(argv + 1, argv + argc)));
    if (!std::cout.flush()) throw std::runtime_error("standard output: cannot be written");
    return exit_code;
  } catch (const std::invalid_argument& error) {
    std::cerr << "smtrain: " << error.what() << '\n';
    return kMistake;
  } catch (const std::exception& error) {
    std::cerr << "smtrain: " << error.what() << '\n';
    return kFailed;
  }
}
