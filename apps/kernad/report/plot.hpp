// One plot as inline SVG: axes with ticks, and lines, bands and bars in data coordinates.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kernad::cli {

using Point = std::pair<double, double>;  ///< x, y in data coordinates

struct Axis {
  std::string label;
  double low = 0;
  double high = 1;
  std::vector<std::pair<double, std::string>> ticks;  ///< position and label
};

/// 0, 0.2, ..., 1.
[[nodiscard]] Axis unit_axis(std::string label);

class Plot {
 public:
  /// title, description: for screen readers. Class names (`style`) are those of the style sheet of the page.
  Plot(std::string title, std::string description, Axis x, Axis y);

  void line(std::span<const Point> points, std::string_view style);
  void area(std::span<const Point> outline, std::string_view style);
  void bar(double x_low, double x_high, double y, std::string_view style);  ///< from 0 to y
  void dot(Point at, std::string_view style);
  void vertical(double x, std::string_view label);  ///< a dashed line of full height
  /// A legend entry: a square of the colour and a word, right or left of `at`.
  void key(Point at, bool leftwards, std::string_view style, std::string_view words);

  [[nodiscard]] std::string svg() const;

 private:
  [[nodiscard]] double left(double x) const;
  [[nodiscard]] double top(double y) const;
  [[nodiscard]] std::string path(std::span<const Point> points) const;

  std::string title_;
  std::string description_;
  Axis x_;
  Axis y_;
  std::string marks_;
};

}  // namespace kernad::cli
