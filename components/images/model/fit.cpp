#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "density/choose.hpp"
#include "density/sample.hpp"
#include "model/fit_patches.hpp"
#include "model/odd.hpp"
#include "model/parallel.hpp"
#include "model/state.hpp"

namespace kernad::images {
namespace {

void check(const ImageModelOptions& options) {
  const auto require = [](bool good, const std::string& message) {
    if (!good) throw InvalidParameter(message);
  };
  require(options.components >= 1, "components is 0; valid: at least 1");
  require(options.max_patches >= 1000,
          "max_patches is " + std::to_string(options.max_patches) + "; valid: at least 1000");
  require(options.folds >= 2, "folds is " + std::to_string(options.folds) + "; valid: at least 2");
  require(!options.width || *options.width > 0, "width is not valid; valid: a number of patches above 0, or inf");
  require(!options.bandwidth || (*options.bandwidth > 0 && std::isfinite(*options.bandwidth)),
          "bandwidth is not valid; valid: a finite number above 0");
}

void require_images(const std::vector<std::string>& images) {
  if (images.size() < 2) {
    throw InvalidInput((images.empty() ? std::string("no images") : images[0] + ": is one image") +
                       "; a model needs at least 2, and 19 to promise a false-alarm rate of 5 %");
  }
}

/// Those of the images for which `is_kept(number)` is true.
template <typename IsKept>
ImageSource some_of(const ImageSource& source, const IsKept& is_kept) {
  ImageSource kept;
  std::vector<std::size_t> numbers;
  for (std::size_t i = 0; i < source.names.size(); ++i) {
    if (!is_kept(i)) continue;
    kept.names.push_back(source.names[i]);
    numbers.push_back(i);
  }
  kept.read = [read = source.read, numbers](std::size_t i) { return read(numbers[i]); };
  return kept;
}

/// Of size and pixels: equal ones are of the same image, up to one in 2^64.
std::uint64_t key_of(const Image& image) {
  std::uint64_t key = 0xcbf29ce484222325U ^ (image.width() * 8 + static_cast<std::size_t>(image.format()));
  for (std::size_t y = 0; y < image.height(); ++y) {
    for (const std::byte* at = image.row(y); at != image.row(y) + image.row_bytes(); ++at) {
      key = (key ^ std::to_integer<std::uint64_t>(*at)) * 0x100000001b3U;
    }
  }
  return key;
}

/// The images that can be read, each once: with a copy among the references, a held-out image would not be held out,
/// and the threshold would promise nothing. Others are reported and left out if the caller takes reports, and else
/// refused.
ImageSource usable(const ImageSource& source, const ImageModelOptions& options, int threads) {
  std::vector<std::string> errors(source.names.size());
  std::vector<std::uint64_t> keys(source.names.size());
  parallel_for_each(source.names.size(), threads, [&](std::size_t i) {
    try {
      keys[i] = key_of(source.read(i));
    } catch (const ReadError& error) {
      if (!options.on_unreadable) throw;
      errors[i] = error.what();
    }
  });
  std::map<std::uint64_t, std::size_t> first;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!errors[i].empty()) continue;
    const auto [found, is_new] = first.emplace(keys[i], i);
    if (is_new) continue;
    errors[i] = source.names[i] + ": is the same image as " + source.names[found->second] +
                "; valid: each image once, since those that are held out must be new";
    if (!options.on_unreadable) throw InvalidInput(errors[i]);
  }
  for (const std::string& error : errors) {
    if (!error.empty()) options.on_unreadable(error);
  }
  return some_of(source, [&](std::size_t i) { return errors[i].empty(); });
}

/// Surprisals of every patch under a density fitted without its image: one row per image.
std::vector<std::vector<double>> held_out_surprisals(const ImageModel::State& state, const PatchSet& set,
                                                     const ImageModelOptions& options, Counter& counter) {
  const std::size_t folds = std::min(options.folds, set.images);
  const auto fold = folds_of(set.images, folds, options.seed);
  std::vector<std::vector<double>> result(set.images);
  const std::size_t size = set.grid.size();
  for (std::size_t f = 0; f < folds; ++f) {
    const ConditionalDensity density(
        sample_patches(set, options.max_patches, options.seed, [&](std::size_t p) { return fold[p] != f; }), set.grid,
        state.kernel, state.threads);
    for (std::size_t p = 0; p < set.images; ++p) {
      if (fold[p] != f) continue;
      std::vector<std::size_t> rows(size);
      std::iota(rows.begin(), rows.end(), p * size);
      const PlacedPatches patches = patches_at(set, rows);
      result[p] = density.surprisals(patches.features, patches.positions);
      counter.one_more();
    }
  }
  return result;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Those at least ten standard deviations (estimated from the median deviation) above the median, and those beyond a
/// gap.
std::vector<OddImage> odd_images(const std::vector<double>& surprisals, const std::vector<std::string>& names) {
  const double usual = median(surprisals);
  std::vector<double> deviations;
  for (const double value : surprisals) deviations.push_back(std::abs(value - usual));
  const double limit = 10 * 1.4826 * median(deviations);
  const auto beyond = beyond_gap(surprisals);
  std::vector<OddImage> odd;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const bool gap = std::ranges::find(beyond, i) != beyond.end();
    const bool far = surprisals[i] - usual > limit && limit > 0;
    if (gap || far) odd.push_back({names[i], surprisals[i], usual, gap, OddImages::keep});
  }
  return odd;
}

bool is_reference_only(const std::vector<OddImage>& odd, const std::string& name) {
  return std::ranges::any_of(
      odd, [&](const OddImage& image) { return image.name == name && image.treatment == OddImages::reference; });
}

void calibrate(ImageModel::State& state, const std::vector<std::vector<double>>& surprisals, std::size_t folds,
               OddImages treatment) {
  std::vector<double> scores;
  std::vector<double> highest;
  std::vector<double> all;
  for (const auto& image : surprisals) {
    scores.push_back(image_surprisal(image, state));
    std::vector<double> seen;
    for (std::size_t i = 0; i < image.size(); ++i) {
      if (state.ignored.empty() || !state.ignored[i]) seen.push_back(image[i]);
    }
    highest.push_back(*std::ranges::max_element(seen));
    all.insert(all.end(), seen.begin(), seen.end());
  }
  state.report.odd = odd_images(scores, state.names);
  for (auto& image : state.report.odd) {
    if (image.beyond_gap) image.treatment = treatment;
  }
  std::ranges::sort(highest);
  // Not of nearly all images: a few odd ones among the good would leave defects without colour.
  const auto above = static_cast<std::size_t>(0.2 * static_cast<double>(highest.size()));
  state.scale = {median(std::move(all)), highest[highest.size() - 1 - above]};
  std::vector<double> log_densities;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    if (!is_reference_only(state.report.odd, state.names[i])) log_densities.push_back(-scores[i]);
  }
  state.calibration = Calibration(std::move(log_densities), folds);
}

/// Everything but the backbone, from these images. `state` has the backbone.
void fit_on(ImageModel::State& state, const ImageSource& images, const ImageModelOptions& options, OddImages treatment,
            Counter& counter) {
  state.names = images.names;
  set_grid(state, images, options.tile);
  fit_projection(state, images, options.components, counter);
  if (!options.mask.empty()) state.ignored = ignored_patches(options.mask, state.grid);
  const PatchSet set = project_all(state, images, counter);
  const Choice choice =
      choose_kernel(set, {options.bandwidth, options.width, options.max_patches, options.seed, state.threads});
  state.kernel = choice.kernel;
  calibrate(state, held_out_surprisals(state, set, options, counter), std::min(options.folds, set.images), treatment);
  const auto rows = sample_rows_of(set, options.max_patches, options.seed, [](std::size_t) { return true; });
  state.references = patches_at(set, rows);
  state.reference_images.clear();
  for (const std::size_t row : rows)
    state.reference_images.push_back(static_cast<std::uint32_t>(row / set.grid.size()));
  state.report.held_out_log_likelihood = choice.log_likelihood;
}

/// Fits again without the images beyond a gap: the result is that of a fit that never saw them.
void fit_without_odd(ImageModel::State& state, const ImageSource& images, const ImageModelOptions& options,
                     Counter& counter) {
  std::vector<OddImage> left_out;
  std::ranges::copy_if(state.report.odd, std::back_inserter(left_out), &OddImage::beyond_gap);
  if (left_out.empty()) return;
  const auto is_kept = [&](std::size_t i) {
    return std::ranges::find(left_out, images.names[i], &OddImage::name) == left_out.end();
  };
  // One look: whoever is odd now stays.
  fit_on(state, some_of(images, is_kept), options, OddImages::keep, counter);
  state.report.odd.insert(state.report.odd.begin(), left_out.begin(), left_out.end());
}

}  // namespace

ImageModel ImageModel::fit(std::span<const std::string> images, const ImageModelOptions& options,
                           const FitProgress& progress) {
  ImageSource source;
  source.names.assign(images.begin(), images.end());
  source.read = [images](std::size_t i) { return read_image(images[i]); };
  return fit_from(source, options, progress);
}

ImageModel ImageModel::fit_from(const ImageSource& source, const ImageModelOptions& options,
                                const FitProgress& progress) {
  check(options);
  ImageModel model;
  model.state_ = std::make_shared<State>();
  State& state = *model.state_;
  state.threads = resolve_threads(options.threads);
  state.file = read_backbone(options.backbone);
  state.backbone = std::make_unique<Backbone>(state.file, state.threads);
  require_images(source.names);
  const ImageSource images = usable(source, options, state.threads);
  require_images(images.names);
  Counter counter(progress, projection_images(images.names.size()) + 2 * images.names.size());
  fit_on(state, images, options, options.odd, counter);
  if (options.odd == OddImages::leave_out) fit_without_odd(state, images, options, counter);
  state.make_ready();
  model.set_target_fpr(std::max(0.05, state.calibration.smallest_fpr()));
  return model;
}

}  // namespace kernad::images
