#include "tests/end_to_end/installation.h"

#include <absl/strings/ascii.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_cat.h>
#include <absl/strings/str_join.h>
#include <absl/time/clock.h>
#include <arpa/inet.h>
#include <curl/curl.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

namespace kubari::end_to_end {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "end_to_end: %s\n", what.c_str());
  std::abort();
}

std::string RandomHex(int bytes) {
  std::random_device device;
  std::string text;
  for (int i = 0; i < bytes; ++i) absl::StrAppend(&text, absl::Hex(device() & 0xff, absl::kZeroPad2));
  return text;
}

bool PortIsFree(int port) {
  const int socket_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int yes = 1;
  setsockopt(socket_fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool free = bind(socket_fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  close(socket_fd);
  return free;
}

// N with N…N+9 and N+100…N+109 free, below the ports that the kernel gives to outgoing connections: a service that is down for a moment
// must find its port again.
int FreePorts() {
  std::mt19937 random(std::random_device{}());
  for (int tries = 0; tries < 200; ++tries) {
    const int base = std::uniform_int_distribution<int>(20'000, 32'000)(random);
    bool free = true;
    for (int i = 0; i <= 9; ++i) free = free && PortIsFree(base + i) && PortIsFree(base + 100 + i);
    if (free) return base;
  }
  Die("no free ports");
}

// How far from N; N+7 is set aside.
int IndexOf(const std::string& process) {
  if (process == "gateway") return 0;
  for (size_t i = 0; i < Services().size(); ++i) {
    if (Services()[i] == process) return static_cast<int>(i) + (i < 6 ? 1 : 2);
  }
  Die("there is no process " + process);
}

size_t Append(char* data, size_t size, size_t count, void* out) {
  static_cast<std::string*>(out)->append(data, size * count);
  return size * count;
}

}  // namespace

const std::vector<std::string>& Services() {
  static const std::vector<std::string> names = {"identity",   "donors", "groups",        "stock",
                                                 "allocation", "impact", "notifications", "support"};
  return names;
}

const std::vector<std::string>& Processes() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = Services();
    all.insert(all.end(), {"gateway", "postgres"});
    return all;
  }();
  return names;
}

std::string BinFolder() {
  const char* given = std::getenv("KUBARI_BIN");
  return given == nullptr ? KUBARI_BIN_FOLDER : given;
}

std::string SourceFolder() { return KUBARI_SOURCE_FOLDER; }

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

std::string FirstLine(const std::string& path) {
  const std::string text = ReadFile(path);
  return text.substr(0, text.find('\n'));
}

void WriteFile(const std::string& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.flush();
  if (!out) Die("cannot write " + path);
}

std::string Get(const std::string& url, long* status) {
  CURL* curl = curl_easy_init();
  std::string body;
  curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 5'000L);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &Append);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
  const CURLcode code = curl_easy_perform(curl);
  if (status != nullptr) {
    *status = 0;
    if (code == CURLE_OK) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
  }
  curl_easy_cleanup(curl);
  return body;
}

Installation::Installation(Options options) : service_key_(RandomHex(32)), password_(RandomHex(16)) {
  std::string name = (fs::temp_directory_path() / "kubari-e2e-XXXXXX").string();
  if (mkdtemp(name.data()) == nullptr) Die("cannot make a folder in " + fs::temp_directory_path().string());
  folder_ = name;
  fs::permissions(folder_, fs::perms::owner_all | fs::perms::others_exec);
  fs::create_directory(folder_ + "/log");
  WriteFile(service_key_file(), service_key_ + "\n");
  WriteFile(folder_ + "/encryption-key", RandomHex(32) + "\n");
  WriteFile(smtp_file(), "");
  StartPostgres();
  MakeRoles();
  for (const std::string& service : Services()) {
    const Finished migrated = RunProgram({absl::StrCat(BinFolder(), "/kubari-", service), "--migrate"},
                                         {{"KUBARI_MIGRATION_DATABASE_URL", conninfo("kubari_owner")}});
    if (migrated.exit_code != 0) Die(absl::StrCat("kubari-", service, " --migrate failed:\n", migrated.output));
  }
  StartServices(options);
  WaitUntilReady();
}

Installation::~Installation() {
  if (testing::UnitTest::GetInstance()->Failed()) {
    std::fprintf(stderr, "end_to_end: data and logs of the failed test stay in %s\n", folder_.c_str());
    return;
  }
  supervisor_.reset();
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

void Installation::StartPostgres() {
  int newest = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    int version = 0;
    if (absl::SimpleAtoi(entry.path().filename().string(), &version) && version > newest && fs::exists(entry.path() / "bin/initdb")) {
      newest = version;
    }
  }
  if (newest == 0) Die("there is no /usr/lib/postgresql/*/bin/initdb; install the package postgresql");
  postgres_bin_ = absl::StrCat("/usr/lib/postgresql/", newest, "/bin");

  const std::string place = folder_ + "/postgres";
  fs::create_directory(place);
  if (geteuid() == 0) {
    const passwd* user = getpwnam("postgres");
    if (user == nullptr || chown(place.c_str(), user->pw_uid, user->pw_gid) != 0) Die("there is no user postgres");
  }
  // The password comes by a file that the server's user can read.
  const std::string password_file = place + "/password";
  WriteFile(password_file, password_ + "\n");
  fs::permissions(password_file, fs::perms::owner_all | fs::perms::others_read);
  std::vector<std::string> initdb = AsUnprivileged();
  for (const std::string& word : {postgres_bin_ + "/initdb", "-D" + place + "/data", "--pwfile=" + password_file}) initdb.push_back(word);
  initdb.insert(initdb.end(), {"-U", "postgres", "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"});
  const Finished made = RunProgram(initdb);
  if (made.exit_code != 0) Die("initdb failed:\n" + made.output);

  std::vector<std::string> server = AsUnprivileged();
  for (const std::string& word : {postgres_bin_ + "/postgres", "-D" + place + "/data", "-k" + place}) server.push_back(word);
  // As ops/up sets them, where it matters for what survives.
  for (const char* setting : {"listen_addresses=", "fsync=on", "synchronous_commit=on", "full_page_writes=on", "max_connections=200",
                              "shared_buffers=128MB", "max_wal_size=2GB", "jit=off", "timezone=UTC"}) {
    server.insert(server.end(), {"-c", setting});
  }
  supervisor_->Start({.name = "postgres", .command = server, .log = folder_ + "/log/postgres", .stop_signal = SIGINT});
  const std::vector<std::string> ask = {postgres_bin_ + "/pg_isready", "-q", "-h", place, "-d", "postgres"};
  for (const absl::Time give_up = absl::Now() + absl::Minutes(1); RunProgram(ask).exit_code != 0; absl::SleepFor(absl::Milliseconds(50))) {
    if (absl::Now() > give_up) Fail("PostgreSQL does not start", "postgres");
  }
}

void Installation::MakeRoles() {
  Environment passwords = {{"PGPASSWORD", password_}, {"KUBARI_PASSWORD_OWNER", password_}};
  for (const std::string& service : Services()) passwords["KUBARI_PASSWORD_" + absl::AsciiStrToUpper(service)] = password_;
  const Finished made = RunProgram({postgres_bin_ + "/psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", folder_ + "/postgres", "-U", "postgres",
                                    "-d", "postgres", "-f", SourceFolder() + "/ops/postgres/roles.sql"},
                                   passwords);
  if (made.exit_code != 0) Die("ops/postgres/roles.sql failed:\n" + made.output);
}

std::string Installation::conninfo(const std::string& role) const {
  return absl::StrCat("host=", folder_, "/postgres dbname=kubari user=", role, " password=", password_);
}

void Installation::StartServices(const Options& options) {
  port_ = FreePorts();
  Environment addresses = {{"KUBARI_SERVICE_KEY_FILE", service_key_file()},
                           {"KUBARI_ENCRYPTION_KEY_FILE", folder_ + "/encryption-key"},
                           {"KUBARI_SMTP_FILE", smtp_file()}};
  for (const std::string& service : Services()) addresses["KUBARI_" + absl::AsciiStrToUpper(service)] = address(service);
  const auto start = [&](const std::string& process, Environment added) {
    const int index = IndexOf(process);
    added.insert(addresses.begin(), addresses.end());
    added["KUBARI_LISTEN"] = absl::StrCat("127.0.0.1:", port_ + index);
    added["KUBARI_METRICS_LISTEN"] = absl::StrCat("127.0.0.1:", port_ + 100 + index);
    supervisor_->Start({.name = process,
                       .command = {absl::StrCat(BinFolder(), "/kubari-", process)},
                       .added = added,
                       .log = absl::StrCat(folder_, "/log/", process)});
  };
  for (const std::string& service : Services()) start(service, {{"KUBARI_DATABASE_URL", conninfo("kubari_" + service)}});
  Environment gateway = {{"KUBARI_RATE", absl::StrCat(options.rate)}};
  if (options.rate == 0) gateway["KUBARI_SIGN_IN_RATE"] = "0";
  if (!options.web_root.empty()) gateway["KUBARI_WEB_ROOT"] = options.web_root;
  start("gateway", gateway);
}

std::string Installation::address(const std::string& service) const { return absl::StrCat("127.0.0.1:", port_ + IndexOf(service)); }

std::string Installation::metrics_url(const std::string& process) const {
  return absl::StrCat("http://127.0.0.1:", port_ + 100 + IndexOf(process), "/metrics");
}

cli::Client Installation::Gateway(const std::string& token) const {
  return cli::Client({.server = url(), .token = token, .patience = absl::Seconds(30)});
}

cli::Client Installation::Direct(const std::string& service, const std::string& token, const std::string& network) const {
  return cli::Client({.server = "grpc://" + address(service), .token = token, .network = network, .patience = absl::Seconds(30)});
}

Finished Installation::Kubari(const std::vector<std::string>& arguments, const Environment& added, absl::Duration limit) const {
  std::vector<std::string> command = {BinFolder() + "/kubari"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  Environment environment = {{"KUBARI_SERVER", url()},
                             {"KUBARI_IDENTITY", address("identity")},
                             {"KUBARI_SERVICE_KEY_FILE", service_key_file()},
                             {"LANG", "C.UTF-8"}};
  for (const auto& [name, value] : added) environment[name] = value;
  return RunProgram(command, environment, limit);
}

std::string Installation::ExampleFolder() {
  const std::string made = folder_ + "/example";
  if (!fs::exists(made)) {
    const Finished generated = RunProgram({"node", SourceFolder() + "/ops/example/generate.mjs", made});
    if (generated.exit_code != 0) Die("ops/example/generate.mjs failed:\n" + generated.output);
  }
  return made;
}

void Installation::WaitUntilReady(absl::Duration limit) const {
  std::string answer;
  for (const absl::Time give_up = absl::Now() + limit; absl::Now() < give_up; absl::SleepFor(absl::Milliseconds(100))) {
    long status = 0;
    answer = Get(url() + "/readyz", &status);
    if (status == 200) return;
  }
  for (const std::string& process : Processes()) {
    if (Starts(process) > 2) Fail("it does not stay up", process);
  }
  Fail("not ready in " + absl::FormatDuration(limit) + ": " + answer, "gateway");
}

void Installation::Fail(const std::string& what, const std::string& process) const {
  const std::string log = ReadFile(absl::StrCat(folder_, "/log/", process));
  Die(absl::StrCat(process, ": ", what, ". The end of its log (folder ", folder_, "):\n", log.substr(log.size() > 3'000 ? log.size() - 3'000 : 0)));
}

}  // namespace kubari::end_to_end
