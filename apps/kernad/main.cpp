// The command line: parse -> library -> write. Exit status: 0 good, 2 wrong usage or bad input, 1 anything else.
#include <CLI/CLI.hpp>
#include <csignal>
#include <exception>
#include <new>
#include <string>

#include "commands.hpp"
#include "kernad/error.hpp"
#include "kernad/version.hpp"
#include "output.hpp"

namespace kernad::cli {
namespace {

constexpr int kGood = 0;
constexpr int kFailure = 1;
constexpr int kBadInput = 2;

int fail(int status, const std::string& message) {
  print_error(message);
  return status;
}

int run(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return kGood;
  } catch (const CLI::CallForHelp&) {
    print(app.help() + '\n');
    return kGood;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + '\n');
    return kGood;
  } catch (const CLI::ParseError& error) {
    const auto chosen = app.get_subcommands();
    if (chosen.empty() && argc > 1 && argv[1][0] != '-') {
      return fail(kBadInput, std::string(argv[1]) +
                                 ": there is no such command; valid: fit, calibrate, predict, test, explain, info");
    }
    const std::string command = chosen.empty() ? "kernad" : "kernad " + chosen.back()->get_name();
    return fail(kBadInput, std::string(error.what()) + "; see " + command + " --help");
  }
}

/// Everything that can go wrong becomes one line and an exit status here.
int run_guarded(CLI::App& app, int argc, const char* const* argv) {
  try {
    return run(app, argc, argv);
  } catch (const ReaderLeft&) {
    return kGood;
  } catch (const InvalidInput& error) {
    return fail(kBadInput, error.what());
  } catch (const InvalidParameter& error) {
    return fail(kBadInput, error.what());
  } catch (const ReadError& error) {
    return fail(kBadInput, error.what());
  } catch (const std::bad_alloc&) {
    return fail(kFailure, "out of memory; try fewer rows or a machine with more");
  } catch (const std::exception& error) {
    return fail(kFailure, error.what());
  }
}

}  // namespace
}  // namespace kernad::cli

int main(int argc, char** argv) {
  // A closed pipe and a file that may not grow shall be errors of write(2), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  CLI::App app("Kernel-density anomaly detection: learns what is normal, scores what is not", "kernad");
  app.set_version_flag("--version", "kernad " KERNAD_VERSION);
  app.require_subcommand(1);
  app.footer("Example:\n  kernad fit train.npy -o model.safetensors && kernad predict model.safetensors new.npy");
  kernad::cli::add_fit(app);
  kernad::cli::add_calibrate(app);
  kernad::cli::add_predict(app);
  kernad::cli::add_test(app);
  kernad::cli::add_explain(app);
  kernad::cli::add_info(app);
  return kernad::cli::run_guarded(app, argc, argv);
}
