// kernad watch MODEL FOLDER: judges images as they arrive, until it is told to stop.
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "../commands.hpp"
#include "../output.hpp"
#include "../scores_file.hpp"
#include "image_commands.hpp"
#include "judge_all.hpp"

namespace kernad::cli {
namespace {

namespace fs = std::filesystem;

volatile std::sig_atomic_t stopped = 0;

void stop(int /*signal*/) { stopped = 1; }

/// What tells a file that is still being written from one that is complete.
struct Seen {
  std::uintmax_t size = 0;
  fs::file_time_type time;
  friend bool operator==(const Seen&, const Seen&) = default;
};

/// Images below a folder that nobody has written to between two looks at it. The folder is looked at again and again:
/// notifications of the kernel do not tell what arrives on a network drive.
class Arrivals {
 public:
  explicit Arrivals(fs::path folder) : folder_(std::move(folder)) {}

  /// Those that are complete since the last call, in the order of their names.
  std::vector<std::string> look() {
    std::map<std::string, Seen> now;
    std::vector<std::string> complete;
    std::error_code error;
    for (auto entry = fs::recursive_directory_iterator(folder_, fs::directory_options::skip_permission_denied, error);
         !error && entry != fs::recursive_directory_iterator(); entry.increment(error)) {
      const std::string path = entry->path().string();
      std::error_code gone;  // files may be moved on at any time
      if (!entry->is_regular_file(gone) || !images::is_image_name(path)) continue;
      const Seen seen = {entry->file_size(gone), entry->last_write_time(gone)};
      if (gone || seen.size == 0) continue;
      const auto judged = judged_.find(path);
      if (judged != judged_.end() && judged->second == seen) continue;
      const auto before = pending_.find(path);
      if (before != pending_.end() && before->second == seen) {
        judged_[path] = seen;
        complete.push_back(path);
      } else {
        now[path] = seen;
      }
    }
    if (error && !fs::is_directory(folder_)) throw ReadError(folder_.string() + ": is no longer there");
    pending_ = std::move(now);
    std::ranges::sort(complete);
    return complete;
  }

 private:
  fs::path folder_;
  std::map<std::string, Seen> pending_;
  std::map<std::string, Seen> judged_;  // an image that is written anew is judged anew
};

}  // namespace

void watch_images(const ImageCommand& command, const WatchOptions& options) {
  const fs::path folder = command.data.front();
  if (!fs::is_directory(folder)) throw ReadError(folder.string() + ": is no folder; one to watch is needed");
  const auto model = images::ImageModel::load(command.model, command.common.threads);
  std::signal(SIGINT, stop);
  std::signal(SIGTERM, stop);
  Arrivals arrivals(folder);
  if (!command.common.json) print(csv_text(image_scores(0)));
  std::size_t judged = 0;
  while (stopped == 0) {
    const auto paths = arrivals.look();
    if (paths.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(50));
    for (const std::string& path : paths) {
      if (stopped != 0) break;
      judge_all(model, {path}, 1, true, [&](std::size_t, const images::Image& image, const images::Verdict& verdict) {
        Output output = image_scores(1);
        set_image_score(output, 0, path, verdict);
        if (!options.heatmaps.empty()) {
          const std::string name = fs::path(path).lexically_relative(folder).replace_extension().string();
          write_heatmap(options.heatmaps, name, model, image, verdict);
        }
        print(command.common.json ? json_lines_text(output) : csv_text(output, ',', false));
        ++judged;
      });
      if (options.count != 0 && judged == options.count) return;
    }
  }
}

}  // namespace kernad::cli
