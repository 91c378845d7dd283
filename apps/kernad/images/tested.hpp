// The result of a test on images, and its page.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "image_commands.hpp"
#include "kernad/images.hpp"

namespace kernad::cli {

/// A test set, judged.
struct Tested {
  std::vector<images::TestImage> images;
  std::vector<images::Verdict> verdicts;
  std::vector<Embeddings> maps;  ///< at the resolution of the mask; empty for images without one
  std::vector<std::vector<std::uint8_t>> masks;
};

/// What was found of the images of one kind.
struct DefectKind {
  std::size_t images = 0;
  std::size_t called = 0;  ///< anomalous
  double AUROC = 0;        ///< against the good ones
};

/// The page of kernad test --report: metrics, curves, and the images themselves, mistakes first.
[[nodiscard]] std::string image_report(const ImageCommand& command, const images::ImageModel& model,
                                       const Tested& tested, const std::map<std::string, DefectKind>& kinds,
                                       const std::optional<images::LocalisationMetrics>& pixels);

}  // namespace kernad::cli
