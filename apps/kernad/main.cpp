// The command line: parse -> library -> write. Exit status: 0 success, 2 wrong usage or bad input, 3 drift found by
// compare, 1 anything else.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <exception>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "commands.hpp"
#include "kernad/error.hpp"
#include "kernad/version.hpp"
#include "output.hpp"
#include "suggestion.hpp"

namespace kernad::cli {
namespace {

constexpr int kOk = 0;
constexpr int kFailure = 1;
constexpr int kBadInput = 2;

int fail(int status, const std::string& message) {
  print_error(message);
  return status;
}

int exit_status(ErrorCode code) {
  switch (code) {
    case ErrorCode::invalid_input:
    case ErrorCode::invalid_parameter:
    case ErrorCode::read_error:
      return kBadInput;
    case ErrorCode::not_fitted:
    case ErrorCode::write_error:
    case ErrorCode::internal:
      break;
  }
  return kFailure;
}

/// `kernad help`, `kernad help COMMAND` and `kernad version` are --help and --version.
std::vector<std::string> arguments(int argc, const char* const* argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  if (words.empty()) return words;
  if (words[0] == "version" && words.size() == 1) return {"--version"};
  if (words[0] != "help") return words;
  if (words.size() == 1) return {"--help"};
  words.erase(words.begin());
  words.resize(1);
  words.emplace_back("--help");
  return words;
}

std::vector<std::string> commands_of(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* command : app.get_subcommands({})) names.push_back(command->get_name());
  return names;
}

/// The error for a first word that is not a command.
std::optional<std::string> unknown_command(const CLI::App& app, const std::vector<std::string>& words) {
  if (!app.get_subcommands().empty() || words.empty() || words[0].starts_with('-')) return std::nullopt;
  const auto commands = commands_of(app);
  return fmt::format("{}: there is no such command; valid: {}{}", words[0], fmt::join(commands, ", "),
                     suggestion(words[0], commands));
}

/// A suggestion for the first word that looks like an option of the command but is not one.
std::string suggestion_for_option(const CLI::App& command, const std::vector<std::string>& words) {
  std::vector<std::string> options;
  for (const CLI::Option* option : command.get_options()) {
    for (const auto& name : option->get_lnames()) options.push_back("--" + name);
  }
  for (const std::string& word : words) {
    const std::string name = word.substr(0, word.find('='));
    if (name.starts_with("--") && std::ranges::count(options, name) == 0) return suggestion(name, options);
  }
  return "";
}

int run(CLI::App& app, const std::vector<std::string>& words) {
  try {
    app.parse(std::vector<std::string>(words.rbegin(), words.rend()));  // CLI11 expects them in reverse order
    return kOk;
  } catch (const CLI::CallForHelp&) {
    if (const auto unknown = unknown_command(app, words)) return fail(kBadInput, *unknown);
    print(app.help() + '\n');
    return kOk;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + '\n');
    return kOk;
  } catch (const CLI::ParseError& error) {
    if (const auto unknown = unknown_command(app, words)) return fail(kBadInput, *unknown);
    const auto chosen = app.get_subcommands();
    const CLI::App& command = chosen.empty() ? app : *chosen.back();
    return fail(kBadInput, fmt::format("{}{}; see {}{} --help", error.what(), suggestion_for_option(command, words),
                                       chosen.empty() ? "" : "kernad ", command.get_name()));
  }
}

/// Every error becomes one line and an exit status here.
int run_guarded(int argc, const char* const* argv) {
  try {
    CLI::App app("Kernel-density anomaly detection: learns what is normal, scores what is not", "kernad");
    app.set_version_flag("--version", "kernad " KERNAD_VERSION);
    app.require_subcommand(1);
    app.footer("Example:\n  kernad fit train.npy -o model.safetensors && kernad predict model.safetensors new.npy");
    add_fit(app);
    add_sketch(app);
    add_calibrate(app);
    add_predict(app);
    add_embed(app);
    add_watch(app);
    add_test(app);
    add_compare(app);
    add_explain(app);
    add_info(app);
    return run(app, arguments(argc, argv));
  } catch (const Verdict& verdict) {
    return verdict.status;
  } catch (const BrokenPipe&) {
    return kOk;
  } catch (const Error& error) {
    return fail(exit_status(error.code()), error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailure, "out of memory; try fewer rows or a machine with more");
  } catch (const std::exception& error) {
    return fail(kFailure, error.what());
  }
}

}  // namespace
}  // namespace kernad::cli

int main(int argc, char** argv) {
  // Writing to a closed pipe or beyond the file size limit must fail in write(2), not end the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return kernad::cli::run_guarded(argc, argv);
}
