// SPDX-License-Identifier: Apache-2.0
#include "smtrain/apps/train/metrics.h"

#include "smtrain/engine/error.h"

#include <fmt/format.h>

#include <cerrno>
#include <cmath>

namespace smtrain::app {
namespace {

// JSON has no NaN or infinity.
std::string number(double value) {
  return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

}  // namespace

MetricsFiles::MetricsFiles(const std::filesystem::path& folder)
    : json_path_(folder / "metrics.jsonl"),
      csv_path_(folder / "metrics.csv"),
      json_(json_path_, std::ios::trunc),
      csv_(csv_path_, std::ios::trunc) {
  write(csv_,
        "epoch,steps,lr,train_loss,validation_loss,validation_accuracy,seconds,images_per_second\n",
        csv_path_);
  write(json_, "", json_path_);
}

void MetricsFiles::write(std::ofstream& file, const std::string& line,
                         const std::filesystem::path& path) {
  errno = 0;
  file << line << std::flush;
  if (!file) fail(path.string(), ": can't be written: ", system_message());
}

void MetricsFiles::step(const Progress& p, int64_t step, double lr) {
  losses_.emplace_back(step, p.loss);
  write(json_,
        fmt::format(R"({{"kind":"step","epoch":{},"step":{},"loss":{},"lr":{}}})"
                    "\n",
                    p.epoch, step, number(p.loss), number(lr)),
        json_path_);
}

void MetricsFiles::evaluation(int64_t epoch, int64_t step, const Evaluation& e) {
  write(json_,
        fmt::format(R"({{"kind":"evaluation","epoch":{},"step":{},"validation_loss":{},)"
                    R"("validation_accuracy":{}}})"
                    "\n",
                    epoch, step, number(e.loss), number(e.accuracy())),
        json_path_);
}

void MetricsFiles::epoch(const EpochMetrics& m) {
  epochs_.push_back(m);
  const std::string loss = m.validation ? number(m.validation->loss) : "";
  const std::string accuracy = m.validation ? number(m.validation->accuracy()) : "";
  write(csv_,
        fmt::format("{},{},{},{},{},{},{:.3f},{:.1f}\n", m.epoch, m.steps, m.lr,
                    number(m.train_loss), loss, accuracy, m.seconds, m.images_per_second),
        csv_path_);
  const std::string validation =
      m.validation
          ? fmt::format(R"(,"validation_loss":{},"validation_accuracy":{})", loss, accuracy)
          : "";
  write(json_,
        fmt::format(
            R"({{"kind":"epoch","epoch":{},"steps":{},"lr":{},"train_loss":{}{},"seconds":{:.3f},)"
            R"("images_per_second":{:.1f}}})"
            "\n",
            m.epoch, m.steps, number(m.lr), number(m.train_loss), validation, m.seconds,
            m.images_per_second),
        json_path_);
}

}  // namespace smtrain::app
