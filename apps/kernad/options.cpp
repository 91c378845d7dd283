#include "options.hpp"

namespace kernad::cli {

CsvHeader CommonOptions::csv_header() const {
  if (header == "present") return CsvHeader::present;
  return header == "absent" ? CsvHeader::absent : CsvHeader::detect;
}

CLI::Validator quiet(CLI::Validator check) { return check.description(""); }

void add_json(CLI::App& command, CommonOptions& options) {
  command.add_flag("--json", options.json, "Print one JSON object on standard output");
}

void add_common(CLI::App& command, CommonOptions& options) {
  command.add_option("--threads", options.threads, "Threads to use; 0: KERNAD_NUM_THREADS, else all of the machine's")
      ->check(quiet(CLI::NonNegativeNumber))
      ->type_name("T")
      ->capture_default_str();
  command.add_option("--header", options.header, "Whether the first line of a .csv or .tsv names its columns")
      ->check(quiet(CLI::IsMember({"auto", "present", "absent"})))
      ->type_name("auto|present|absent")
      ->capture_default_str();
  add_json(command, options);
}

}  // namespace kernad::cli
