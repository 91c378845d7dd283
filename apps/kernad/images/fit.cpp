// kernad fit FOLDER.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>

#include "../output.hpp"
#include "../progress.hpp"
#include "describe.hpp"
#include "image_commands.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {
namespace {

double width_of(const std::string& text) {
  double width = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), width);
  if (error == std::errc() && end == text.data() + text.size() && width > 0) return width;
  throw InvalidParameter("--spatial-width '" + text + "' is not valid; valid: a number of patches above 0, or inf");
}

images::ImageModelOptions model_options(const ImageCommand& command, const ImageFitOptions& options) {
  images::ImageModelOptions result;
  result.backbone.path = options.backbone;
  result.backbone.layers = options.layers;
  result.backbone.size = options.size;
  if (options.components != 0) result.components = options.components;
  result.mask = options.mask;
  result.tile = options.tile;
  if (options.odd == "leave-out") result.odd = images::OddImages::leave_out;
  if (options.odd == "keep") result.odd = images::OddImages::keep;
  if (options.keep_going) result.on_unreadable = [](const std::string& message) { print_error(message); };
  if (options.max_patches != 0) result.max_patches = options.max_patches;
  if (options.bandwidth != 0) result.bandwidth = options.bandwidth;
  if (!options.width.empty()) result.width = width_of(options.width);
  result.folds = command.folds.value_or(10);
  result.threads = command.common.threads;
  return result;
}

/// An image that does not count may be one too few for the rate.
void set_rate(images::ImageModel& model, double rate) {
  const std::size_t count = model.calibration().size();
  const auto& odd = model.report().odd;
  const bool fewer =
      std::ranges::any_of(odd, [](const auto& image) { return image.treatment != images::OddImages::keep; });
  if (fewer && rate < model.calibration().smallest_fpr()) {
    throw InvalidParameter(
        fmt::format("{}: is odd, and without it {} images are too few for --target-fpr {:g}; valid: {:.4g} or more, "
                    "more images, or --odd keep",
                    odd.front().name, count, rate, model.calibration().smallest_fpr()));
  }
  model.set_target_fpr(rate);
}

}  // namespace

void fit_images(const ImageCommand& command, const ImageFitOptions& options) {
  require_known_options(
      *command.app,
      {"--output", "--components", "--bandwidth", "--max-training-points", "--target-fpr", "--folds", "--threads",
       "--json", "--backbone", "--layers", "--size", "--spatial-width", "--mask", "--odd", "--tile", "--keep-going"},
      "tables, and the data are images");
  std::vector<std::string> images;
  for (const auto& source : command.data) {
    const auto found = images::training_images(source);
    images.insert(images.end(), found.begin(), found.end());
  }
  require_another_file(command.output, images);
  if (command.target_fpr) {  // a rate that this many images cannot guarantee is refused before the work
    static_cast<void>(Calibration(std::vector<double>(images.size())).threshold(*command.target_fpr));
  }
  auto model = [&] {
    Progress progress("fitting", 1000);
    std::size_t shown = 0;
    return images::ImageModel::fit(images, model_options(command, options), [&](std::size_t done, std::size_t total) {
      progress.advance(done * 1000 / total - shown);
      shown = done * 1000 / total;
    });
  }();
  if (command.target_fpr) set_rate(model, *command.target_fpr);
  model.save(command.output);
  if (command.common.json) {
    print_json(image_model_json(command.output, model));
  } else {
    print_table(image_model_table(command.output, model));
  }
  print_fit_notes(model, command.target_fpr.has_value());
}

}  // namespace kernad::cli
