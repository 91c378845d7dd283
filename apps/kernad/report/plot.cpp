#include "plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "html.hpp"

namespace kernad::cli {
namespace {

// In SVG units; the page scales the plot to its width.
constexpr double kWidth = 480;
constexpr double kHeight = 360;
constexpr double kLeft = 68;
constexpr double kRight = kWidth - 16;
constexpr double kTop = 22;
constexpr double kBottom = kHeight - 52;

}  // namespace

Axis unit_axis(std::string label) {
  return {std::move(label), 0, 1, {{0, "0"}, {0.2, "0.2"}, {0.4, "0.4"}, {0.6, "0.6"}, {0.8, "0.8"}, {1, "1"}}};
}

Plot::Plot(std::string title, std::string description, Axis x, Axis y)
    : title_(std::move(title)), description_(std::move(description)), x_(std::move(x)), y_(std::move(y)) {}

double Plot::left(double x) const {
  return kLeft + std::clamp((x - x_.low) / (x_.high - x_.low), 0.0, 1.0) * (kRight - kLeft);
}

double Plot::top(double y) const {
  return kBottom - std::clamp((y - y_.low) / (y_.high - y_.low), 0.0, 1.0) * (kBottom - kTop);
}

std::string Plot::path(std::span<const Point> points) const {
  std::string text;
  for (const auto& [x, y] : points) {
    fmt::format_to(std::back_inserter(text), "{}{:.1f} {:.1f}", text.empty() ? "M" : "L", left(x), top(y));
  }
  return text;
}

void Plot::line(std::span<const Point> points, std::string_view style) {
  marks_ += fmt::format("<path class=\"{}\" d=\"{}\"/>\n", style, path(points));
}

void Plot::area(std::span<const Point> outline, std::string_view style) {
  marks_ += fmt::format("<path class=\"{}\" d=\"{}Z\"/>\n", style, path(outline));
}

void Plot::bar(double x_low, double x_high, double y, std::string_view style) {
  const double from = std::min(top(0), top(y));
  marks_ +=
      fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\"/>\n", style,
                  left(x_low), from, std::max(left(x_high) - left(x_low) - 1, 0.5), std::max(top(0), top(y)) - from);
}

void Plot::dot(Point at, std::string_view style) {
  marks_ += fmt::format("<circle class=\"{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"5\"/>\n", style, left(at.first),
                        top(at.second));
}

void Plot::vertical(double x, std::string_view label) {
  const double at = left(x);
  const std::string_view anchor = at > kWidth * 0.75 ? "end" : at < kWidth * 0.25 ? "start" : "middle";
  marks_ += fmt::format("<path class=\"guide\" d=\"M{:.1f} {}V{}\"/>\n", at, kTop, kBottom);
  marks_ += fmt::format("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"{}\">{}</text>\n", at, kTop - 7, anchor,
                        html::escape(label));
}

void Plot::key(Point at, bool leftwards, std::string_view style, std::string_view words) {
  const double side = leftwards ? -1 : 1;
  const double x = left(at.first) + side * 8;
  const double y = top(at.second);
  marks_ += fmt::format("<rect class=\"{}\" x=\"{:.1f}\" y=\"{:.1f}\" width=\"10\" height=\"10\"/>\n", style,
                        leftwards ? x - 10 : x, y - 9);
  marks_ += fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x + side * 15, y,
                        leftwards ? "end" : "start", html::escape(words));
}

std::string Plot::svg() const {
  std::string text =
      fmt::format("<svg viewBox=\"0 0 {} {}\" role=\"img\" aria-label=\"{}\">\n<title>{}</title>\n<desc>{}</desc>\n",
                  kWidth, kHeight, html::escape(title_), html::escape(title_), html::escape(description_));
  const auto add = [&](std::string_view form, auto... values) { text += fmt::format(fmt::runtime(form), values...); };
  for (const auto& [at, label] : x_.ticks) {
    add("<path class=\"tick\" d=\"M{:.1f} {}V{}\"/>\n", left(at), kTop, kBottom);
    add("<text x=\"{:.1f}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", left(at), kBottom + 18, html::escape(label));
  }
  for (const auto& [at, label] : y_.ticks) {
    add("<path class=\"tick\" d=\"M{} {:.1f}H{}\"/>\n", kLeft, top(at), kRight);
    add("<text x=\"{}\" y=\"{:.1f}\" text-anchor=\"end\">{}</text>\n", kLeft - 6, top(at) + 4, html::escape(label));
  }
  text += marks_;
  add("<path class=\"axis\" d=\"M{} {}V{}H{}\"/>\n", kLeft, kTop, kBottom, kRight);
  add("<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">{}</text>\n", (kLeft + kRight) / 2, kHeight - 8,
      html::escape(x_.label));
  add("<text transform=\"translate(16 {}) rotate(-90)\" text-anchor=\"middle\">{}</text>\n", (kTop + kBottom) / 2,
      html::escape(y_.label));
  return text + "</svg>\n";
}

}  // namespace kernad::cli
