#include "options.hpp"

#include <fmt/format.h>

#include <charconv>
#include <filesystem>

#include "kernad/error.hpp"

namespace kernad::cli {

CLI::Validator whole_number(std::uint64_t largest) {
  const auto check = [largest](std::string& text) {
    std::uint64_t value = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, value);
    const bool good = error == std::errc() && stop == end && value <= largest;
    return good ? "" : fmt::format("'{}' is not valid; valid: a whole number from 0 to {}", text, largest);
  };
  return {check, ""};
}

CLI::Validator not_empty() {
  return {[](std::string& text) { return text.empty() ? "is empty; leave the option out or give it a value" : ""; },
          ""};
}

bool is_same_file(const std::string& output, const std::string& input) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(output, ignored) && std::filesystem::equivalent(output, input, ignored);
}

void require_another_file(const std::string& output, const std::vector<std::string>& inputs,
                          const std::string& option) {
  if (output.empty()) return;
  for (const auto& input : inputs) {
    const std::string path = parse_source_name(input).path;
    // Standard input can also be a file: kernad fit - -o FILE < FILE.
    if (!is_same_file(output, path == "-" ? "/dev/stdin" : path)) continue;
    throw InvalidParameter(fmt::format("{}: is an input of this command; {} needs another file", output, option));
  }
}

bool is_standard_output(const std::string& output) { return output == "-" || output == "/dev/stdout"; }

void require_file(const std::string& output, const std::string& option) {
  if (is_standard_output(output)) {
    throw InvalidParameter(
        fmt::format("{} is '{}'; valid: a file, as standard output has the results", option, output));
  }
  if (!output.empty()) require_writable(output);
}

CLI::Validator quiet(CLI::Validator check) { return check.description(""); }

void add_json(CLI::App& command, CommonOptions& options) {
  command.add_flag("--json", options.json, "Print one JSON object on standard output");
}

void add_no_pruning(CLI::App& command, CommonOptions& options) {
  command.add_flag("--no-pruning", options.no_pruning,
                   "Sum over every training row, including duplicates and those too far to matter (1e-5 nats)");
}

void add_common(CLI::App& command, CommonOptions& options) {
  command.add_option("--threads", options.threads, "Number of threads; 0: KERNAD_NUM_THREADS, else all CPUs")
      ->check(whole_number(std::numeric_limits<int>::max()))
      ->type_name("T")
      ->capture_default_str();
  add_json(command, options);
}

}  // namespace kernad::cli
