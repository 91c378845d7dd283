// A model of images as text and as JSON.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "../calibration.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {

[[nodiscard]] nlohmann::ordered_json image_model_json(const std::string& path, const images::ImageModel& model);
[[nodiscard]] Table image_model_table(const std::string& path, const images::ImageModel& model);

/// Notes on what the fit found: odd images, and too few of them for a rate of 5 % if no rate was requested.
void print_fit_notes(const images::ImageModel& model, bool asked_for);

}  // namespace kernad::cli
