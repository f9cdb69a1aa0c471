#include "libs/pg/testing/database.h"

#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"

namespace kubari::pg::testing {
namespace {

namespace fs = std::filesystem;

constexpr char kPrefix[] = "kubari-pg-";
constexpr const char* kServices[] = {"identity",   "donors", "groups",        "stock",
                                     "allocation", "impact", "notifications", "support"};

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "pg::testing: %s\n", what.c_str());
  std::abort();
}

// The newest PostgreSQL's programs.
fs::path FindBinaries() {
  fs::path best;
  int best_version = 0;
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", ignored)) {
    int version = 0;
    if (!absl::SimpleAtoi(entry.path().filename().string(), &version) || version <= best_version) continue;
    if (!fs::exists(entry.path() / "bin" / "initdb")) continue;
    best_version = version;
    best = entry.path() / "bin";
  }
  if (best.empty()) Die("there is no /usr/lib/postgresql/*/bin/initdb; install the package postgresql");
  return best;
}

// PostgreSQL refuses to run as root; then user postgres runs it.
struct User {
  uid_t uid = geteuid();
  gid_t gid = getegid();
};
User ServerUser() {
  User user;
  if (user.uid != 0) return user;
  const passwd* entry = getpwnam("postgres");
  if (entry == nullptr) entry = getpwnam("nobody");
  if (entry == nullptr) Die("there is no user postgres or nobody to run PostgreSQL");
  return {entry->pw_uid, entry->pw_gid};
}

// Starts a program as `user`, with its input from `input` and its output to `log`; it dies with this process.
pid_t Start(const User& user, const std::vector<std::string>& command, const std::string& input,
            const std::string& log) {
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child < 0) Die("fork failed");
  if (child > 0) return child;
  // Until exec only what is safe after fork in a process with threads.
  const int in = open(input.c_str(), O_RDONLY), out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
  if (in < 0 || out < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(out, 2) < 0) _exit(126);
  if (geteuid() == 0 && (setgroups(0, nullptr) != 0 || setgid(user.gid) != 0 || setuid(user.uid) != 0)) _exit(126);
  setpgid(0, 0);  // Ctrl-C at a terminal is for the test; the server ends with it
  prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (getppid() != parent) _exit(126);
  if (chdir("/") != 0) _exit(126);
  execv(argv[0], argv.data());
  _exit(127);
}

std::string Tail(const std::string& file) {
  std::string text;
  if (FILE* stream = std::fopen(file.c_str(), "r")) {
    char buffer[4096];
    while (const size_t n = std::fread(buffer, 1, sizeof(buffer), stream)) text.append(buffer, n);
    std::fclose(stream);
  }
  return text.size() > 2000 ? text.substr(text.size() - 2000) : text;
}

void RunToEnd(const User& user, const std::vector<std::string>& command, const std::string& input,
              const std::string& log) {
  int state = 0;
  const pid_t child = Start(user, command, input, log);
  if (waitpid(child, &state, 0) != child || !WIFEXITED(state) || WEXITSTATUS(state) != 0) {
    Die(absl::StrCat(command[0], " failed:\n", Tail(log)));
  }
}

void Write(const fs::path& path, const std::string& text) {
  FILE* stream = std::fopen(path.c_str(), "w");
  if (stream == nullptr || std::fwrite(text.data(), 1, text.size(), stream) != text.size() ||
      std::fclose(stream) != 0) {
    Die("cannot write " + path.string());
  }
}

void MakeDirectory(const fs::path& path, const User& user) {
  fs::create_directory(path);
  if (geteuid() == 0 && chown(path.c_str(), user.uid, user.gid) != 0) Die("chown failed on " + path.string());
}

// What a killed test could not clean up: directories named after a process that is no more.
void SweepOld(const fs::path& base) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(base, ignored)) {
    const std::string name = entry.path().filename();
    int pid = 0;
    if (name.rfind(kPrefix, 0) != 0 || !absl::SimpleAtoi(name.substr(sizeof(kPrefix) - 1), &pid)) continue;
    if (kill(pid, 0) != 0 && errno == ESRCH) fs::remove_all(entry.path(), ignored);
  }
}

// An initialised cluster with all roles, made once per machine and user and copied for each process; initdb takes
// seconds.
fs::path Template(const fs::path& base, const fs::path& binaries, const User& user) {
  const std::string version = binaries.parent_path().filename();
  const fs::path made = base / absl::StrCat("kubari-pgtemplate-4-", version, "-", user.uid);
  const int lock = open((made.string() + ".lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (lock < 0 || flock(lock, LOCK_EX) != 0) Die("cannot lock " + made.string() + ".lock");
  if (!fs::exists(made)) {
    const fs::path draft = made.string() + ".draft";
    fs::remove_all(draft);
    MakeDirectory(draft, user);
    const std::string data = draft / "data", log = draft / "log";
    // Small WAL segments and no fsync: it will be copied often and never matters. The C locale sorts alike everywhere.
    RunToEnd(user,
             {binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", "--wal-segsize=1", "-E",
              "UTF8", "--locale=C.UTF-8"},
             "/dev/null", log);
    std::string roles = "CREATE ROLE kubari_owner LOGIN NOSUPERUSER NOBYPASSRLS;\n";
    for (const char* service : kServices)
      absl::StrAppend(&roles, "CREATE ROLE kubari_", service, " LOGIN NOSUPERUSER NOBYPASSRLS;\n");
    Write(draft / "roles.sql", roles);
    RunToEnd(user, {binaries / "postgres", "--single", "-F", "-D", data, "postgres"}, draft / "roles.sql", log);
    fs::rename(draft, made);
  }
  close(lock);
  return made / "data";
}

class Cluster {
 public:
  Cluster() {
    const fs::path base = fs::temp_directory_path();
    const fs::path binaries = FindBinaries();
    const User user = ServerUser();
    SweepOld(base);
    const fs::path data_template = Template(base, binaries, user);
    directory_ = base / absl::StrCat(kPrefix, getpid());
    fs::remove_all(directory_);
    MakeDirectory(directory_, user);
    const std::string data = directory_ / "data", log = directory_ / "log";
    RunToEnd(user, {"/bin/cp", "-a", data_template, data}, "/dev/null", log);
    server_ = Start(user,
                    {binaries / "postgres",
                     "-D",
                     data,
                     "-k",
                     directory_,
                     "-c",
                     "listen_addresses=",
                     "-c",
                     "fsync=off",
                     "-c",
                     "synchronous_commit=off",
                     "-c",
                     "full_page_writes=off",
                     "-c",
                     "shared_buffers=32MB",
                     "-c",
                     "max_connections=200",
                     "-c",
                     "max_wal_size=256MB",
                     "-c",
                     "log_min_messages=warning"},
                    "/dev/null", log);
    const std::string conninfo = Conninfo("postgres", "postgres");
    for (const absl::Time start = absl::Now(); PQping(conninfo.c_str()) != PQPING_OK;) {
      int state = 0;
      const bool ended = waitpid(server_, &state, WNOHANG) == server_;
      if (ended || absl::Now() - start > absl::Seconds(60)) Die("PostgreSQL does not start:\n" + Tail(log));
      absl::SleepFor(absl::Milliseconds(10));
    }
  }

  // At exit. Immediate shutdown: nothing here is worth a checkpoint.
  ~Cluster() {
    if (getpid() != owner_) return;  // a fork of the test, as in death tests
    kill(server_, SIGQUIT);
    waitpid(server_, nullptr, 0);
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
  }

  std::string Conninfo(std::string_view role, std::string_view database) const {
    return absl::StrCat("host=", directory_.string(), " user=", std::string(role), " dbname=", std::string(database));
  }

  Database Create(std::string_view schema, std::span<const Migration> migrations) {
    const std::lock_guard lock(mutex_);
    std::string key(schema);
    for (const Migration& migration : migrations)
      key.append("\n").append(migration.name).append("\n").append(migration.sql);
    std::string& migrated = templates_[key];
    if (migrated.empty()) {
      const Database made = Describe(absl::StrCat("template_", std::string(schema), "_", ++count_), schema);
      Sql(Conninfo("postgres", "postgres"), absl::StrCat("CREATE DATABASE ", made.name, " OWNER kubari_owner"));
      const absl::Status status = Migrate(made.owner, schema, migrations);
      if (!status.ok()) Die(status.ToString());
      migrated = made.name;
    }
    const Database database = Describe(absl::StrCat("test_", std::string(schema), "_", ++count_), schema);
    Sql(Conninfo("postgres", "postgres"),
        absl::StrCat("CREATE DATABASE ", database.name, " OWNER kubari_owner TEMPLATE ", migrated));
    return database;
  }

 private:
  Database Describe(const std::string& name, std::string_view schema) const {
    return {name, Conninfo("kubari_owner", name), Conninfo("kubari_" + std::string(schema), name),
            Conninfo("postgres", name)};
  }

  const pid_t owner_ = getpid();
  pid_t server_ = 0;
  fs::path directory_;
  std::mutex mutex_;
  std::map<std::string, std::string> templates_;  // schema and steps → migrated database
  int count_ = 0;
};

}  // namespace

Database CreateDatabase(std::string_view schema, std::span<const Migration> migrations) {
  static Cluster cluster;
  return cluster.Create(schema, migrations);
}

std::string Sql(const std::string& conninfo, const std::string& sql) {
  PGconn* session = PQconnectdb(conninfo.c_str());
  PQsetNoticeProcessor(
      session, [](void*, const char*) {}, nullptr);
  PGresult* result = PQexec(session, sql.c_str());
  const ExecStatusType state = PQresultStatus(result);
  if (state != PGRES_COMMAND_OK && state != PGRES_TUPLES_OK) Die(absl::StrCat(PQerrorMessage(session), "in: ", sql));
  const std::string value = PQntuples(result) > 0 && PQnfields(result) > 0 ? PQgetvalue(result, 0, 0) : "";
  PQclear(result);
  PQfinish(session);
  return value;
}

}  // namespace kubari::pg::testing
