// Sockets: limits, slow and many clients, files, garbage, the end.
#include <absl/strings/str_cat.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <random>

#include "mobile_api/gateway/testing.h"

namespace kubari::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kGetSession[] = "identity.v1.IdentityService/GetSession";
constexpr char kCreateProduct[] = "stock.v1.StockService/CreateProduct";

class ServerTest : public GatewayTest {
 protected:
  void ExpectFastAnswer() {
    const absl::Time start = absl::Now();
    EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_volunteer")).result_int(), 200);
    EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  }
  static std::string PostHead(const std::string& method, size_t length) {
    return absl::StrCat("POST /kubari.", method,
                        " HTTP/1.1\r\nHost: kubari.test\r\nAuthorization: Bearer kbs_coordinator\r\n",
                        "Content-Type: application/json\r\nContent-Length: ", length, "\r\n\r\n");
  }
  static std::string ExpectingContinue(std::string head) {
    return head.insert(head.size() - 2, "Expect: 100-continue\r\n");
  }
};

TEST_F(ServerTest, OneConnectionServesManyRequestsAlsoPipelined) {
  StartGateway();
  Client client(port());
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client.Send(http::verb::get, "/healthz", "", {}).result_int(), 200);
    // Refused before its body was read: the next request still follows.
    EXPECT_EQ(client.Send(http::verb::post, "/kubari.x/Y", std::string(10'000, 'x'), {}).result_int(), 404);
  }
  client.SendRaw(PostHead(kCreateProduct, 2) + "{}" + PostHead(kCreateProduct, 3) + "{x}" +
                 PostHead(kCreateProduct, 2) + "{}");
  EXPECT_EQ(client.Receive().result_int(), 200);
  EXPECT_EQ(client.Receive().result_int(), 400);
  EXPECT_EQ(client.Receive().result_int(), 200);
}

TEST_F(ServerTest, LargeBodiesAreRefusedWithoutBeingRead) {
  options_.server.body_limit = 100'000;
  StartGateway();
  Client declared(port());
  declared.SendRaw(PostHead(kCreateProduct, 100'001) + std::string(50'000, ' '));
  const Reply reply = declared.Receive();
  EXPECT_EQ(reply.result_int(), 413);
  EXPECT_THAT(reply.body(), HasSubstr(R"("code":"resource_exhausted")"));
  EXPECT_THAT(reply.body(), HasSubstr("BODY_TOO_LARGE"));
  EXPECT_TRUE(declared.HangsUpWithin(10));

  Client chunked(port());
  std::string head = PostHead(kCreateProduct, 0);
  head.replace(head.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
  chunked.SendRaw(head + "1869f\r\n" + std::string(0x1869f, ' ') + "\r\n10\r\n" + std::string(16, ' ') +
                  "\r\n0\r\n\r\n");
  EXPECT_EQ(chunked.Receive().result_int(), 413);

  // Just within the limit.
  const std::string fits = "{}" + std::string(99'998, ' ');
  EXPECT_EQ(Call(kCreateProduct, fits, Bearer("kbs_coordinator")).result_int(), 200);
}

// Of this process, in which the gateway runs too.
int64_t ResidentBytes() {
  std::ifstream in("/proc/self/statm");
  int64_t total = 0, resident = 0;
  in >> total >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

TEST_F(ServerTest, TwoGigabytesTakeNoMemory) {
  constexpr int64_t kTwoGigabytes = int64_t{2} << 30;
  StartGateway();
  Client declared(port());
  declared.SendRaw(PostHead(kCreateProduct, kTwoGigabytes));
  const Reply refused = declared.Receive();
  EXPECT_EQ(refused.result_int(), 413) << "by its announced length, before a byte of it is read";
  EXPECT_THAT(refused.body(), HasSubstr("BODY_TOO_LARGE"));

  // Of unknown length: as many bytes as the other side lets through.
  Client stream(port());
  std::string head = PostHead(kCreateProduct, 0);
  head.replace(head.find("Content-Length: 0"), 17, "Transfer-Encoding: chunked");
  stream.SendRaw(head);
  const std::string chunk = "100000\r\n" + std::string(0x100000, ' ') + "\r\n";
  const int64_t before = ResidentBytes();
  int64_t most = before, sent = 0;
  for (boost::system::error_code error; sent < kTwoGigabytes && !error; sent += 0x100000) {
    net::write(stream.socket(), net::buffer(chunk), error);
    most = std::max(most, ResidentBytes());
  }
  EXPECT_LT(most - before, 64 << 20);
  EXPECT_LT(sent, 256 << 20) << "the other side hung up long before the end";
  EXPECT_EQ(Call(kCreateProduct, "{}", Bearer("kbs_coordinator")).result_int(), 200);
}

TEST_F(ServerTest, LargeBodiesTogetherAreBounded) {
  options_.server.body_memory = 1 << 20;
  StartGateway();
  Client first(port());
  first.SendRaw(ExpectingContinue(PostHead(kCreateProduct, 900'000)));
  first.AwaitContinue();  // its place is taken
  const Reply second = Call(kCreateProduct, "{}" + std::string(500'000, ' '), Bearer("kbs_coordinator"));
  EXPECT_EQ(second.result_int(), 503);
  EXPECT_THAT(second.body(), HasSubstr("GATEWAY_BUSY"));
  EXPECT_EQ(Call(kCreateProduct, "{}", Bearer("kbs_coordinator")).result_int(), 200);  // small ones always pass
  first.SendRaw("{}" + std::string(899'998, ' '));
  EXPECT_EQ(first.Receive().result_int(), 200);
  // Given back just after the answer was written.
  unsigned again = 0;
  for (int i = 0; i < 200 && again != 200; ++i) {
    again = Call(kCreateProduct, "{}" + std::string(500'000, ' '), Bearer("kbs_coordinator")).result_int();
    if (again != 200) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_EQ(again, 200u);
}

TEST_F(ServerTest, ExpectContinueIsAnsweredBeforeTheBody) {
  StartGateway();
  Client client(port());
  client.SendRaw(ExpectingContinue(PostHead(kCreateProduct, 2)));
  client.AwaitContinue();
  client.SendRaw("{}");
  EXPECT_EQ(client.Receive().result_int(), 200);
}

TEST_F(ServerTest, AThousandIdleConnectionsAndASlowBodyDelayNobody) {
  options_.server.threads = 1;
  StartGateway();
  std::vector<std::unique_ptr<Client>> idle;
  for (int i = 0; i < 1'000; ++i) idle.push_back(std::make_unique<Client>(port()));
  for (int i = 0; i < 100; ++i) idle[i]->SendRaw("POST /kubari.");  // half a head
  Client slow(port());
  slow.SendRaw(PostHead(kCreateProduct, 1'000) + "{");
  Client waiting(port());
  const std::string sleeping = R"({"name":"sleep"})";
  waiting.SendRaw(PostHead("stock.v1.StockService/GetLot", sleeping.size()) + sleeping);
  for (int i = 0; i < 20; ++i) ExpectFastAnswer();
  EXPECT_EQ(idle.back()->Send(http::verb::get, "/healthz", "", {}).result_int(), 200);  // still welcome
}

TEST_F(ServerTest, SlowAndIdleClientsAreGivenUp) {
  options_.server.header_timeout = absl::Milliseconds(300);
  options_.server.idle_timeout = absl::Milliseconds(400);
  options_.server.body_grace = absl::Milliseconds(300);
  StartGateway();
  Client half_head(port()), idle(port()), no_body(port()), trickle(port());
  half_head.SendRaw("POST /");
  no_body.SendRaw(PostHead(kCreateProduct, 10));
  trickle.SendRaw(PostHead(kCreateProduct, 10'000));
  EXPECT_TRUE(half_head.HangsUpWithin(10));
  EXPECT_TRUE(idle.HangsUpWithin(10));
  EXPECT_TRUE(no_body.HangsUpWithin(10));
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    trickle.SendRaw(" ");
    gone = trickle.HangsUpWithin(0) || [&] {
      pollfd poll_for = {.fd = trickle.socket().native_handle(), .events = POLLIN};
      return poll(&poll_for, 1, 50) > 0;
    }();
  }
  EXPECT_TRUE(gone);
  ExpectFastAnswer();
}

TEST_F(ServerTest, LongHeadsAndNoHttpAreRefused) {
  StartGateway();
  Client long_head(port());
  long_head.SendRaw("GET / HTTP/1.1\r\nX-Long: " + std::string(20'000, 'x') + "\r\n\r\n");
  const Reply reply = long_head.Receive();
  EXPECT_EQ(reply.result_int(), 431);
  EXPECT_THAT(reply.body(), HasSubstr("HEADER_TOO_LARGE"));

  Client no_http(port());
  no_http.SendRaw("EHLO mail.example.org\r\n\r\n");
  EXPECT_EQ(no_http.Receive().result_int(), 400);
  Client two_lengths(port());
  two_lengths.SendRaw(
      "POST /kubari.x/Y HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  EXPECT_EQ(two_lengths.Receive().result_int(), 400);
}

TEST_F(ServerTest, ConnectionsAboveTheLimitAreClosed) {
  options_.server.max_connections = 3;
  StartGateway();
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<Client>(port()));
    EXPECT_EQ(clients.back()->Send(http::verb::get, "/healthz", "", {}).result_int(), 200);
  }
  EXPECT_TRUE(Client(port()).HangsUpWithin(10));
  clients.pop_back();
  // The place is free as soon as the gateway has noticed.
  bool served = false;
  for (int i = 0; i < 200 && !served; ++i) {
    Client client(port());
    client.SendRaw("GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    char first = 0;
    boost::system::error_code error;
    served = client.socket().read_some(net::buffer(&first, 1), error) == 1 && first == 'H';
    if (!served) std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  EXPECT_TRUE(served);
}

TEST_F(ServerTest, GarbageNeverBringsItDown) {
  options_.server.header_timeout = absl::Milliseconds(200);
  options_.server.body_grace = absl::Milliseconds(200);
  StartGateway();
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(absl::StrCat("seed ", seed));
  std::mt19937 random(seed);
  const std::string valid =
      PostHead(kCreateProduct, 30) + R"({"product":{"itemGrams":"850"}})" + PostHead(kGetSession, 2) + "{}";
  for (int round = 0; round < 400; ++round) {
    std::string bytes;
    if (round % 2 == 0) {
      for (size_t i = random() % 3'000; i > 0; --i) bytes += static_cast<char>(random());
    } else {
      // A valid request with some bytes changed, left out or doubled gets deeper.
      bytes = valid;
      for (int changes = 1 + random() % 6; changes > 0; --changes) {
        const size_t at = random() % bytes.size();
        switch (random() % 3) {
          case 0:
            bytes[at] = static_cast<char>(random());
            break;
          case 1:
            bytes.erase(at, 1 + random() % 5);
            break;
          default:
            bytes.insert(at, bytes.substr(random() % bytes.size(), random() % 40));
        }
      }
    }
    Client client(port());
    client.SendRaw(bytes);
    if (round % 4 == 0) client.socket().shutdown(net::ip::tcp::socket::shutdown_send);
    if (round % 20 == 0) ExpectFastAnswer();
  }
  ExpectFastAnswer();
}

TEST_F(ServerTest, StopsGracefully) {
  options_.calls.default_timeout = absl::Seconds(2);
  StartGateway();
  Client idle(port()), busy(port());
  EXPECT_EQ(idle.Send(http::verb::get, "/healthz", "", {}).result_int(), 200);
  const std::string sleeping = R"({"name":"sleep"})";
  busy.SendRaw(PostHead("stock.v1.StockService/GetLot", sleeping.size()) + sleeping);
  stock_.AwaitSleeper();
  std::thread stop([this] { gateway_->Stop(absl::Seconds(20)); });
  EXPECT_TRUE(idle.HangsUpWithin(10));
  const Reply reply = busy.Receive();  // not cut off
  EXPECT_EQ(reply.result_int(), 504);
  EXPECT_FALSE(reply.keep_alive());
  stop.join();
}

TEST_F(ServerTest, StopsAtOnceWhenTheDrainIsOver) {
  StartGateway();
  Client busy(port());
  const std::string sleeping = R"({"name":"sleep"})";
  busy.SendRaw(PostHead("stock.v1.StockService/GetLot", sleeping.size()) + sleeping);
  stock_.AwaitSleeper();
  const absl::Time start = absl::Now();
  gateway_->Stop(absl::Milliseconds(50));
  EXPECT_LT(absl::Now() - start, absl::Seconds(5));
  EXPECT_EQ(busy.Receive().result_int(), 503);  // with the hint to come back
  EXPECT_TRUE(busy.HangsUpWithin(1));
}

class FilesTest : public GatewayTest {
 protected:
  void SetUp() override {
    GatewayTest::SetUp();
    root_ = std::filesystem::temp_directory_path() / absl::StrCat("kubari_gateway_test_", getpid());
    std::filesystem::create_directories(root_ / "web/assets");
    Write("secret.txt", "outside");
    Write("web/index.html", "<!doctype html>くばり");
    Write("web/sw.js", "self");
    Write("web/manifest.webmanifest", "{}");
    Write("web/.hidden", "hidden");
    Write("web/empty.txt", "");
    Write("web/assets/index-C3b0c442.js", "plain script");
    Write("web/assets/index-C3b0c442.js.br", "brotli script");
    Write("web/assets/index-C3b0c442.js.gz", "gzip script");
    Write("web/assets/reader-D4c1d553.wasm", std::string(5'000, 'w'));
    Write("web/assets/font.woff2", "font");
    options_.web_root = (root_ / "web").string();
    StartGateway();
  }
  void TearDown() override {
    GatewayTest::TearDown();
    std::filesystem::remove_all(root_);
  }
  void Write(const std::string& path, const std::string& content) {
    std::ofstream(root_ / path, std::ios::binary) << content;
  }

  std::filesystem::path root_;
};

TEST_F(FilesTest, HashedAssetsAreKeptForEverAndPagesAreAskedForAgain) {
  const Reply asset = Get("/assets/index-C3b0c442.js");
  EXPECT_EQ(asset.body(), "plain script");
  EXPECT_EQ(Field(asset, "Cache-Control"), "public, max-age=31536000, immutable");
  EXPECT_EQ(Field(asset, "Content-Type"), "text/javascript; charset=utf-8");
  for (const char* path : {"/", "/index.html", "/sw.js", "/manifest.webmanifest", "/assets/font.woff2"}) {
    const Reply reply = Get(path);
    EXPECT_EQ(reply.result_int(), 200) << path;
    EXPECT_EQ(Field(reply, "Cache-Control"), "no-cache") << path;
    EXPECT_FALSE(Field(reply, "ETag").empty()) << path;
  }
  EXPECT_EQ(Field(Get("/manifest.webmanifest"), "Content-Type"), "application/manifest+json");
  EXPECT_EQ(Field(Get("/assets/reader-D4c1d553.wasm"), "Content-Type"), "application/wasm");
  EXPECT_EQ(Field(Get("/assets/font.woff2"), "Content-Type"), "font/woff2");
  EXPECT_EQ(Get("/empty.txt").body(), "");
}

TEST_F(FilesTest, TheBestEncodingIsChosen) {
  const Reply brotli = Get("/assets/index-C3b0c442.js", {{"Accept-Encoding", "gzip, deflate, br"}});
  EXPECT_EQ(brotli.body(), "brotli script");
  EXPECT_EQ(Field(brotli, "Content-Encoding"), "br");
  EXPECT_EQ(Field(brotli, "Vary"), "Accept-Encoding");
  const Reply gzip = Get("/assets/index-C3b0c442.js", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(gzip.body(), "gzip script");
  EXPECT_NE(Field(gzip, "ETag"), Field(brotli, "ETag"));
  const Reply made = Get("/assets/reader-D4c1d553.wasm", {{"Accept-Encoding", "gzip"}});
  EXPECT_EQ(Field(made, "Content-Encoding"), "gzip");
  EXPECT_LT(made.body().size(), 500u);
}

TEST_F(FilesTest, UnchangedFilesAreNotSentAgain) {
  const std::string etag = Field(Get("/"), "ETag");
  for (const std::string& value : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
    const Reply reply = Get("/", {{"If-None-Match", value}});
    EXPECT_EQ(reply.result_int(), 304) << value;
    EXPECT_EQ(reply.body(), "");
    EXPECT_EQ(Field(reply, "ETag"), etag);
  }
  EXPECT_EQ(Get("/", {{"If-None-Match", "\"other\""}}).result_int(), 200);
}

TEST_F(FilesTest, HeadTellsLengthWithoutContentAndOtherVerbsAreRefused) {
  Client client(port());
  const Reply head = client.Send(http::verb::head, "/sw.js", "", {});
  EXPECT_EQ(head.result_int(), 200);
  EXPECT_EQ(Field(head, "Content-Length"), "4");
  EXPECT_EQ(client.Send(http::verb::get, "/sw.js", "", {}).body(), "self");  // the connection is not out of step
  EXPECT_EQ(Send(http::verb::delete_, "/sw.js").result_int(), 405);
  EXPECT_EQ(Send(http::verb::options, "/sw.js").result_int(), 405);
}

TEST_F(FilesTest, PagesOfTheAppAreItsIndexAndMissingFilesAreMissing) {
  EXPECT_EQ(Get("/lots/0190163d?tab=trace").body(), "<!doctype html>くばり");
  EXPECT_EQ(Get("/join/").body(), "<!doctype html>くばり");
  EXPECT_EQ(Get("/assets/index-00000000.js").result_int(), 404);
  EXPECT_EQ(Get("/favicon.ico").result_int(), 404);
}

TEST_F(FilesTest, NothingOutsideTheFolderIsServed) {
  for (const char* path :
       {"/../secret.txt", "/%2e%2e/secret.txt", "/assets/../../secret.txt", "/..%2fsecret.txt", "/..\\secret.txt",
        "//secret.txt", "/.hidden", "/%00.txt", "/%zz.txt", "/assets/index-C3b0c442.js.br%00.txt"}) {
    const Reply reply = Get(path);
    EXPECT_EQ(reply.result_int(), 404) << path;
    EXPECT_THAT(reply.body(), StartsWith("Not found.")) << path;
  }
}

TEST_F(FilesTest, EveryAnswerCarriesTheSecurityHeaders) {
  for (const char* path : {"/", "/missing.txt", "/healthz", "/kubari.x/Y"}) {
    const Reply reply = Get(path);
    EXPECT_THAT(Field(reply, "Content-Security-Policy"), HasSubstr("frame-ancestors 'none'")) << path;
    EXPECT_EQ(Field(reply, "X-Content-Type-Options"), "nosniff") << path;
    EXPECT_EQ(Field(reply, "Permissions-Policy"), "camera=(self), microphone=(), geolocation=()") << path;
    EXPECT_EQ(Field(reply, "Cross-Origin-Opener-Policy"), "same-origin") << path;
    EXPECT_EQ(Field(reply, "Strict-Transport-Security"), "") << path;
    EXPECT_EQ(Field(reply, "X-Request-Id").size(), 32u) << path;
  }
}

TEST(StaticFiles, AFolderWithoutAnIndexIsRefused) {
  EXPECT_EQ(errors::ReasonOf(StaticFiles::Load("/no/such/folder").status()), "WEB_ROOT_UNREADABLE");
  EXPECT_EQ(errors::ReasonOf(StaticFiles::Load("/usr/share/doc/zlib1g").status()), "WEB_ROOT_UNREADABLE");
}

TEST(Server, AnAddressInUseIsTold) {
  class Nothing final : public Application {
    net::awaitable<void> Serve(Exchange&, Response&) override { co_return; }
  } nothing;
  prometheus::Registry registry, other;
  const auto first = Server::Listen({}, nothing, registry);
  ASSERT_TRUE(first.ok());
  ServerOptions options;
  options.listen = absl::StrCat("127.0.0.1:", (*first)->port());
  EXPECT_EQ(errors::ReasonOf(Server::Listen(options, nothing, other).status()), "LISTEN_FAILED");
  options.listen = "nowhere:80";
  EXPECT_EQ(errors::ReasonOf(Server::Listen(options, nothing, other).status()), "LISTEN_INVALID");
}

}  // namespace
}  // namespace kubari::gateway
