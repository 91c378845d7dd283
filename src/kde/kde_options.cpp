#include "kernad/kde_options.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>

#include "kde/kde_state.hpp"
#include "kernad/error.hpp"

namespace kernad {
namespace {

constexpr std::string_view kLoo = "loo";

constexpr std::array kCovariances = {Covariance::full, Covariance::ledoit_wolf, Covariance::oas, Covariance::isotropic};

}  // namespace

Bandwidth::Bandwidth(Factor factor) : rule_(Rule::value), value_(factor.value) {
  if (!(factor.value > 0 && std::isfinite(factor.value))) {
    throw InvalidParameter(fmt::format("a bandwidth factor is {}; valid: finite and above 0", factor.value));
  }
}

Bandwidth Bandwidth::loo(double times) {
  Bandwidth result = times;  // with the checks of a factor
  result.rule_ = Rule::loo;
  return result;
}

std::string to_string(const Bandwidth& bandwidth) {
  switch (bandwidth.rule()) {
    case Bandwidth::Rule::scott:
      return "scott";
    case Bandwidth::Rule::silverman:
      return "silverman";
    case Bandwidth::Rule::loo:
      return bandwidth.value() == 1 ? std::string(kLoo) : fmt::format("{}*{}", kLoo, bandwidth.value());
    case Bandwidth::Rule::value:
      break;
  }
  return fmt::format("{}", bandwidth.value());
}

Bandwidth bandwidth(std::string_view text) {
  for (const auto& rule : {Bandwidth::scott(), Bandwidth::silverman(), Bandwidth::loo()}) {
    if (text == to_string(rule)) return rule;
  }
  const bool times_loo = text.starts_with(kLoo) && text.substr(kLoo.size()).starts_with('*');
  const auto number = text.substr(times_loo ? kLoo.size() + 1 : 0);
  double factor = 0;
  const auto [end, code] = std::from_chars(number.data(), number.data() + number.size(), factor);
  if (code != std::errc() || end != number.data() + number.size()) {
    throw InvalidParameter(
        fmt::format("unknown bandwidth '{}'; valid: scott, silverman, loo, loo*NUMBER, or a number", text));
  }
  return times_loo ? Bandwidth::loo(factor) : Bandwidth(factor);
}

std::string_view to_string(Covariance covariance) noexcept {
  constexpr std::array<std::string_view, kCovariances.size()> kNames = {"full", "ledoit-wolf", "oas", "isotropic"};
  return kNames[static_cast<std::size_t>(covariance)];
}

Covariance covariance(std::string_view name) {
  for (const auto covariance : kCovariances) {
    if (name == to_string(covariance)) return covariance;
  }
  throw InvalidParameter(fmt::format("unknown covariance '{}'; valid: full, ledoit-wolf, oas, isotropic", name));
}

namespace kde {

void check_options(const KDEOptions& options) {
  if (!(options.local_alpha >= 0 && options.local_alpha <= KDEOptions::max_local_alpha)) {
    throw InvalidParameter(
        fmt::format("local_alpha is {}; valid: 0 to {}", options.local_alpha, KDEOptions::max_local_alpha));
  }
}

}  // namespace kde
}  // namespace kernad
