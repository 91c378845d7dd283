// The table of options: the texts of each, and its conversion to and from KDEClassifierOptions.
#include "kernad/classifier_options.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <vector>

#include "kernad/error.hpp"

namespace kernad {
namespace {

using Options = KDEClassifierOptions;

/// The whole text as a number.
template <typename T>
std::optional<T> parse(std::string_view text) {
  T value{};
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string to_text(bool value) { return value ? "true" : "false"; }

bool set_bool(bool& target, std::string_view text) {
  if (text != "true" && text != "false") return false;
  target = text == "true";
  return true;
}

template <typename T>
bool set_count(T& target, std::string_view text, T min) {
  const auto value = parse<T>(text);
  if (!value || *value < min) return false;
  target = *value;
  return true;
}

/// Runs `read`, which throws InvalidParameter for a text that is not valid.
template <typename T, typename Read>
bool set_by(T& target, Read read) {
  try {
    target = read();
    return true;
  } catch (const InvalidParameter&) {
    return false;
  }
}

std::string components_text(const Options& options) {
  const ComponentCount& components = options.n_pca_components;
  if (components.is_all()) return "all";
  return components.is_share() ? fmt::format("{}", components.share()) : fmt::format("{}", components.count());
}

bool set_components(Options& options, std::string_view text) {
  if (text == "all") {
    options.n_pca_components = ComponentCount::all();
    return true;
  }
  const auto count = parse<long long>(text);
  const auto share = parse<double>(text);
  if (!share) return false;
  return set_by(options.n_pca_components, [&] { return count ? ComponentCount(*count) : ComponentCount(*share); });
}

bool set_local_alpha(Options& options, std::string_view text) {
  const auto alpha = parse<double>(text);
  if (!alpha || !(*alpha >= 0 && *alpha <= KDEOptions::max_local_alpha)) return false;
  options.kde.local_alpha = *alpha;
  return true;
}

constexpr std::array kOptions = {
    EstimatorOption{"n_pca_components", "--components", "K|RATIO|all",
                    "a count from 1, a share of variance above 0 and below 1, or all",
                    "Principal components, share of the variance in (0, 1), or all that the data have", true,
                    components_text, set_components},
    EstimatorOption{"standardize", "--standardize", "", "true, false",
                    "Bring each column to standard deviation 1 first", true,
                    [](const Options& o) { return to_text(o.standardize); },
                    [](Options& o, std::string_view text) { return set_bool(o.standardize, text); }},
    EstimatorOption{
        "bandwidth", "--bandwidth", "scott|silverman|loo|loo*NUMBER|NUMBER",
        "scott, silverman, loo, loo*NUMBER, or a number; numbers finite and above 0",
        "Bandwidth factor: by a rule, by leave-one-out likelihood (loo) or a multiple of it, or a number", true,
        [](const Options& o) { return to_string(o.kde.bandwidth); },
        [](Options& o, std::string_view text) { return set_by(o.kde.bandwidth, [&] { return bandwidth(text); }); }},
    EstimatorOption{
        "covariance", "--covariance", "full|ledoit-wolf|oas|isotropic", "full, ledoit-wolf, oas, isotropic",
        "Kernel shape: the data's covariance, shrunk towards a spherical one, or spherical", true,
        [](const Options& o) { return std::string(to_string(o.kde.covariance)); },
        [](Options& o, std::string_view text) { return set_by(o.kde.covariance, [&] { return covariance(text); }); }},
    EstimatorOption{"local_alpha", "--local", "ALPHA", "a number from 0 to 4",
                    "Scale each kernel's width by (distance to its 5th neighbour)^ALPHA; 0: equal widths", true,
                    [](const Options& o) { return fmt::format("{}", o.kde.local_alpha); }, set_local_alpha},
    EstimatorOption{"feature_scaling_method", "--scaling", "scale|norm", "norm, scale",
                    "scale: by the longest training row; norm: each row to length 1", true,
                    [](const Options& o) { return std::string(to_string(o.feature_scaling_method)); },
                    [](Options& o, std::string_view text) {
                      return set_by(o.feature_scaling_method, [&] { return feature_scaling_method(text); });
                    }},
    EstimatorOption{"all_rows", "--all-rows", "", "true, false",
                    "Components and column scales of all rows, where the kernels are those of a sample", true,
                    [](const Options& o) { return to_text(o.all_rows); },
                    [](Options& o, std::string_view text) { return set_bool(o.all_rows, text); }},
    EstimatorOption{"auto", "--auto", "", "true, false",
                    "Choose all of the above from the training rows, for the best detection", false,
                    [](const Options& o) { return to_text(o.automatic); },
                    [](Options& o, std::string_view text) { return set_bool(o.automatic, text); }},
    EstimatorOption{
        "max_training_points", "--max-training-points", "N", "a whole number from 2",
        "Use a sample of N rows if there are more", false,
        [](const Options& o) { return fmt::format("{}", o.max_training_points); },
        [](Options& o, std::string_view text) { return set_count<std::size_t>(o.max_training_points, text, 2); }},
    EstimatorOption{"seed", "--seed", "S", "a whole number from 0", "Seed of that sample", false,
                    [](const Options& o) { return fmt::format("{}", o.seed); },
                    [](Options& o, std::string_view text) { return set_count<std::uint64_t>(o.seed, text, 0); }},
};

}  // namespace

std::span<const EstimatorOption> estimator_options() noexcept { return kOptions; }

void set_option(KDEClassifierOptions& options, std::string_view key, std::string_view text) {
  const auto option = std::find_if(kOptions.begin(), kOptions.end(), [&](const auto& o) { return o.key == key; });
  if (option == kOptions.end()) {
    std::vector<std::string_view> keys;
    keys.reserve(kOptions.size());
    for (const auto& known : kOptions) keys.push_back(known.key);
    throw InvalidParameter(fmt::format("there is no option '{}'; valid: {}", key, fmt::join(keys, ", ")));
  }
  if (!option->set(options, text)) {
    throw InvalidParameter(fmt::format("{} is '{}'; valid: {}", key, text, option->valid));
  }
}

}  // namespace kernad
