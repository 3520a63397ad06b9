// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/run_folder.h"

#include "smtrain/apps/model/model_file.h"
#include "smtrain/engine/error.h"
#include "smtrain/engine/io/file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

namespace smtrain::app {
namespace {

namespace fs = std::filesystem;

constexpr char kRuns[] = "runs", kLast[] = "last", kModel[] = "model";

// Says which folder when that fails.
void create_folder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) fail(folder.string(), ": can't be made: ", error.message());
  if (::access(folder.c_str(), W_OK | X_OK) != 0)
    fail(folder.string(), ": can't be written to: ", system_message());
}

// runs/NAME or the first of runs/NAME-2, ... that is not there. mkdir() gives a folder to one run
// alone, however many start at once.
fs::path create_run_folder(const std::string& name) {
  constexpr char kHint[] = "; --set output.dir=DIR names another place for the results";
  std::error_code error;
  fs::create_directories(kRuns, error);
  if (error) fail(kRuns, ": can't be made: ", error.message(), kHint);
  for (int number = name == kLast ? 2 : 1;; ++number) {
    const fs::path folder =
        fs::path(kRuns) / (number == 1 ? name : name + "-" + std::to_string(number));
    if (::mkdir(folder.c_str(), 0777) == 0) return folder;
    if (errno != EEXIST) fail(folder.string(), ": can't be made: ", system_message(), kHint);
  }
}

// Makes `link` lead to a run's folder, at once even where it led to another. Only a line in `err`
// tells when it is no link or can't be made.
void point_link(const fs::path& link, const fs::path& folder, std::ostream& err) {
  std::error_code error;
  const fs::file_status there = fs::symlink_status(link, error);
  if (fs::exists(there) && !fs::is_symlink(there)) {
    err << "smtrain: " << link.string() << ": is no link and stays as it is; this run's is "
        << folder.string() << '\n';
    return;
  }
  const fs::path temporary =
      link.parent_path() / ("." + link.filename().string() + "-" + folder.filename().string());
  const fs::path target = link.has_parent_path() ? folder.filename() : folder;
  fs::remove(temporary, error);
  fs::create_symlink(target, temporary, error);
  if (!error) fs::rename(temporary, link, error);
  if (error) {
    err << "smtrain: " << link.string() << ": can't be made a link to " << folder.string() << ": "
        << error.message() << '\n';
  }
}

}  // namespace

RunFolder::RunFolder(OutputOptions& output, const std::string& name, std::ostream& err)
    : err_(err) {
  if (!output.model_dir.empty()) {
    create_folder(output.model_dir);
    check_can_save(output);
  }
  if (output.dir.empty()) {
    const fs::path folder = create_run_folder(name);
    output.dir = folder.string();
    err << "smtrain: results go to " << output.dir << '\n';
    point_link(fs::path(kRuns) / kLast, folder, err);
    if (output.model_dir.empty()) {
      output.model_dir = output.dir;
      new_model_ = folder;
    }
  }
  create_folder(output.dir);
  create_folder(output.model_dir);
}

void RunFolder::link_model() const {
  if (!new_model_.empty()) point_link(kModel, new_model_, err_);
}

std::string run_name(const std::string& config, const std::string& data) {
  fs::path path = config.empty() ? fs::absolute(data).lexically_normal() : fs::path(config);
  if (!path.has_filename()) path = path.parent_path();
  const std::string name = (is_folder(path) ? path.filename() : path.stem()).string();
  return name.empty() ? "run" : name;
}

}  // namespace smtrain::app
