// The command line: parse -> library -> write. Exit status: 0 success, 2 wrong usage or bad input, 1 anything else.
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

int run(CLI::App& app, int argc, const char* const* argv) {
  try {
    app.parse(argc, argv);
    return kOk;
  } catch (const CLI::CallForHelp&) {
    print(app.help() + '\n');
    return kOk;
  } catch (const CLI::CallForVersion& version) {
    print(std::string(version.what()) + '\n');
    return kOk;
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
int run_guarded(int argc, const char* const* argv) {
  try {
    CLI::App app("Kernel-density anomaly detection: learns what is normal, scores what is not", "kernad");
    app.set_version_flag("--version", "kernad " KERNAD_VERSION);
    app.require_subcommand(1);
    app.footer("Example:\n  kernad fit train.npy -o model.safetensors && kernad predict model.safetensors new.npy");
    add_fit(app);
    add_calibrate(app);
    add_predict(app);
    add_test(app);
    add_explain(app);
    add_info(app);
    return run(app, argc, argv);
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
  // A closed pipe and a file that may not grow shall be errors of write(2), not the end of the process.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
  return kernad::cli::run_guarded(argc, argv);
}
