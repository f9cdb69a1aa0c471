// Calls through a real gateway, real sockets and real gRPC.
#include <absl/strings/escaping.h>
#include <absl/strings/match.h>
#include <gmock/gmock.h>
#include <prometheus/text_serializer.h>
#include <zlib.h>

#include "google/rpc/error_details.pb.h"
#include "libs/log/log.h"
#include "mobile_api/gateway/testing.h"

namespace kubari::gateway {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr char kCreateProduct[] = "stock.v1.StockService/CreateProduct";
constexpr char kGetLot[] = "stock.v1.StockService/GetLot";
constexpr char kListLots[] = "stock.v1.StockService/ListLots";
constexpr char kSignIn[] = "identity.v1.IdentityService/SignIn";
constexpr char kSignOut[] = "identity.v1.IdentityService/SignOut";
constexpr char kGetSession[] = "identity.v1.IdentityService/GetSession";
constexpr char kRightPassword[] = R"({"email":"a@example.org","password":"correct horse battery"})";

class CallsTest : public GatewayTest {};

std::string Gunzip(const std::string& compressed) {
  z_stream stream = {};
  inflateInit2(&stream, 15 + 16);
  std::string result(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  result.resize(stream.total_out);
  inflateEnd(&stream);
  return result;
}

TEST_F(CallsTest, JsonThereAndBackWithInt64AsStrings) {
  StartGateway();
  const Reply reply = Call(
      kCreateProduct, R"({"requestId":"r","product":{"displayName":"ごはん","itemGrams":"850","itemsPerCase":24}})",
      Bearer("kbs_coordinator"));
  EXPECT_EQ(reply.result_int(), 200);
  EXPECT_EQ(Field(reply, "Content-Type"), "application/json");
  EXPECT_EQ(Field(reply, "Cache-Control"), "no-store");
  EXPECT_EQ(reply.body(), R"({"displayName":"ごはん","itemGrams":"850","itemsPerCase":"24"})");
}

TEST_F(CallsTest, BinaryThereAndBack) {
  StartGateway();
  spb::CreateProductRequest request;
  request.mutable_product()->set_item_grams(int64_t{1} << 40);
  request.mutable_product()->set_display_name("ごはん");
  Fields fields = Bearer("kbs_coordinator");
  fields["Content-Type"] = "application/proto";
  fields["Connect-Protocol-Version"] = "1";
  const Reply reply = Call(kCreateProduct, request.SerializeAsString(), fields);
  EXPECT_EQ(reply.result_int(), 200);
  EXPECT_EQ(Field(reply, "Content-Type"), "application/proto");
  spb::Product product;
  ASSERT_TRUE(product.ParseFromString(reply.body()));
  EXPECT_EQ(product.item_grams(), int64_t{1} << 40);

  const Reply broken = Call(kCreateProduct, "\xff\xff\xff", fields);
  EXPECT_EQ(broken.result_int(), 400);
  EXPECT_EQ(Field(broken, "Content-Type"), "application/json");  // errors are JSON whatever the codec
  EXPECT_THAT(broken.body(), HasSubstr("NOT_PROTO"));
}

TEST_F(CallsTest, ErrorDetailsComeAsTheyLeftTheService) {
  StartGateway();
  const Reply reply = Call(kGetLot, R"({"name":"A"})", Bearer("kbs_coordinator"));
  EXPECT_EQ(reply.result_int(), 400);
  EXPECT_THAT(
      reply.body(),
      StartsWith(
          R"({"code":"failed_precondition","message":"Lot A has 3 free; 9 were asked for.","details":[{"type":"google.rpc.ErrorInfo","value":")"));
  const std::string start = R"("type":"google.rpc.ErrorInfo","value":")";
  const size_t begin = reply.body().find(start) + start.size();
  const std::string value = reply.body().substr(begin, reply.body().find('"', begin) - begin);
  EXPECT_THAT(value, Not(HasSubstr("=")));
  std::string bytes;
  ASSERT_TRUE(absl::Base64Unescape(value, &bytes));
  google::rpc::ErrorInfo info;
  ASSERT_TRUE(info.ParseFromString(bytes));
  EXPECT_EQ(info.reason(), "INSUFFICIENT_STOCK");
  EXPECT_EQ(info.metadata().at("free"), "3");
  EXPECT_THAT(reply.body(), HasSubstr(R"("debug":{"locale":"ja","message":"ロット A の空きは 3 個です。"})"));
}

TEST_F(CallsTest, WhatNobodyWroteForPeopleStaysInside) {
  StartGateway();
  const Reply reply = Call(kGetLot, R"({"name":"crash"})", Bearer("kbs_coordinator"));
  EXPECT_EQ(reply.result_int(), 500);
  EXPECT_THAT(reply.body(), HasSubstr(R"("code":"internal")"));
  EXPECT_THAT(reply.body(), Not(HasSubstr("secrets")));

  const Reply away = Call("donors.v1.DonorsService/ListDonors", "{}", Bearer("kbs_coordinator"));
  EXPECT_EQ(away.result_int(), 503);
  EXPECT_THAT(away.body(), HasSubstr("SERVICE_UNAVAILABLE"));
  EXPECT_THAT(away.body(), Not(HasSubstr("127.0.0.1")));
  EXPECT_EQ(Field(away, "Retry-After"), "1");
}

TEST_F(CallsTest, UnknownMethodsAndOtherVerbs) {
  StartGateway();
  for (const char* method : {"stock.v1.StockService/Nothing", "stock.v1.Nothing/GetLot", "stock.v1.StockService", ""}) {
    const Reply reply = Call(method, "{}", Bearer("kbs_coordinator"));
    EXPECT_EQ(reply.result_int(), 404) << method;
    EXPECT_THAT(reply.body(), HasSubstr(R"("code":"unimplemented")")) << method;
  }
  const Reply get = Get("/kubari.stock.v1.StockService/GetLot");
  EXPECT_EQ(get.result_int(), 405);
  EXPECT_EQ(Field(get, "Allow"), "POST");
}

TEST_F(CallsTest, OtherContentTypesEncodingsAndVersions) {
  StartGateway();
  for (const char* type :
       {"text/plain", "application/x-www-form-urlencoded", "application/json; charset=shift_jis", ""}) {
    Fields fields = Bearer("kbs_coordinator");
    fields["Content-Type"] = type;
    const Reply reply = Call(kGetLot, "{}", fields);
    EXPECT_EQ(reply.result_int(), 415) << type;
    EXPECT_EQ(Field(reply, "Accept-Post"), "application/json, application/proto");
  }
  EXPECT_EQ(Send(http::verb::post, "/kubari.stock.v1.StockService/GetLot", "{}").result_int(), 415);  // no field at all
  Fields gzip = Bearer("kbs_coordinator");
  gzip["Content-Encoding"] = "gzip";
  EXPECT_EQ(Call(kGetLot, "{}", gzip).result_int(), 501);
  Fields version = Bearer("kbs_coordinator");
  version["Connect-Protocol-Version"] = "2";
  EXPECT_EQ(Call(kGetLot, "{}", version).result_int(), 400);
  Fields charset = Bearer("kbs_coordinator");
  charset["Content-Type"] = "application/json; charset=UTF-8";
  EXPECT_EQ(Call(kListLots, "{}", charset).result_int(), 200);
}

TEST_F(CallsTest, BadJsonNamesTheProblem) {
  StartGateway();
  const Fields fields = Bearer("kbs_coordinator");
  struct Case {
    const char* json;
    const char* field;
    const char* reason;
  };
  for (const Case& c : std::vector<Case>{{R"({"colour":1})", "colour", "UNKNOWN_FIELD"},
                                         {R"({"product":{"colour":1}})", "product.colour", "UNKNOWN_FIELD"},
                                         {R"({"product":{"itemGrams":"many"}})", "product.item_grams", "INVALID_VALUE"},
                                         {R"({"product":)", "body", "NOT_JSON"},
                                         {"[]", "body", "NOT_JSON"},
                                         {"{\"\xff\":1}", "body", "NOT_JSON"},
                                         {"", "body", "NOT_JSON"}}) {
    const Reply reply = Call(kCreateProduct, c.json, fields);
    EXPECT_EQ(reply.result_int(), 400) << c.json;
    EXPECT_THAT(reply.body(), HasSubstr(R"("code":"invalid_argument")")) << c.json;
    EXPECT_THAT(reply.body(), HasSubstr(absl::StrCat(R"("field":")", c.field, "\""))) << reply.body();
    EXPECT_THAT(reply.body(), HasSubstr(c.reason)) << reply.body();
  }
}

TEST_F(CallsTest, RightsAreJudgedBeforeTheServiceIsAsked) {
  StartGateway();
  EXPECT_EQ(Call(kGetSession, "{}").result_int(), 401);
  EXPECT_EQ(Field(Call(kGetSession, "{}"), "WWW-Authenticate"), "Bearer");
  const Reply unknown = Call(kGetSession, "{}", Bearer("kbs_unknown"));
  EXPECT_EQ(unknown.result_int(), 401);
  EXPECT_THAT(unknown.body(), HasSubstr("TOKEN_INVALID"));
  EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_volunteer")).result_int(), 200);

  const Reply forbidden = Call("identity.v1.IdentityService/CreatePerson", "{}", Bearer("kbs_volunteer"));
  EXPECT_EQ(forbidden.result_int(), 403);
  EXPECT_THAT(forbidden.body(), HasSubstr("ROLE_NOT_ALLOWED"));
}

TEST_F(CallsTest, TheServiceKeyOpensNothingFromOutside) {
  StartGateway();
  for (const char* method : {"identity.v1.IdentityService/ListNetworks", kGetSession, kListLots}) {
    const Reply reply =
        Call(method, "{}", {{"Authorization", std::string("Bearer ") + kServiceKey}, {"kubari-network", kNetworkId}});
    EXPECT_EQ(reply.result_int(), 401) << method;
    EXPECT_THAT(reply.body(), HasSubstr("TOKEN_INVALID"));
  }
}

TEST_F(CallsTest, PublicMethodsNeedNoCredentialAndIgnoreABadOne) {
  StartGateway();
  EXPECT_EQ(Call(kSignIn, kRightPassword).result_int(), 200);
  EXPECT_EQ(Call(kSignIn, kRightPassword, Bearer("kbs_unknown")).result_int(), 200);
  EXPECT_EQ(identity_.LastMetadata("authorization"), "");
  const Reply wrong = Call(kSignIn, R"({"password":"wrong"})");
  EXPECT_EQ(wrong.result_int(), 401);
  EXPECT_THAT(wrong.body(), HasSubstr("SIGN_IN_FAILED"));
}

TEST_F(CallsTest, TheServiceHearsTokenAndRequestIdAndNothingElse) {
  StartGateway();
  Fields fields = Bearer("kbs_volunteer");
  fields["X-Request-Id"] = "from-the-phone_1";
  fields["Kubari-Network"] = kNetworkId;
  fields["Kubari-Time-Zone"] = "UTC";
  const Reply reply = Call(kGetSession, "{}", fields);
  EXPECT_EQ(Field(reply, "X-Request-Id"), "from-the-phone_1");
  EXPECT_EQ(identity_.LastMetadata("kubari-request-id"), "from-the-phone_1");
  EXPECT_EQ(identity_.LastMetadata("authorization"), "Bearer kbs_volunteer");
  EXPECT_EQ(identity_.LastMetadata("kubari-network"), "");
  EXPECT_EQ(identity_.LastMetadata("kubari-time-zone"), "");

  fields["X-Request-Id"] = "two words";
  EXPECT_EQ(Field(Call(kGetSession, "{}", fields), "X-Request-Id").size(), 32u);
  fields["X-Request-Id"] = std::string(65, 'a');
  EXPECT_EQ(Field(Call(kGetSession, "{}", fields), "X-Request-Id").size(), 32u);
}

TEST_F(CallsTest, DeadlinesAreKept) {
  StartGateway();
  Fields fields = Bearer("kbs_coordinator");
  fields["Connect-Timeout-Ms"] = "150";
  const Reply reply = Call(kGetLot, R"({"name":"sleep"})", fields);
  EXPECT_EQ(reply.result_int(), 504);
  EXPECT_THAT(reply.body(), HasSubstr(R"("code":"deadline_exceeded")"));
  for (const char* bad : {"0", "-1", "soon", "99999999999"}) {
    fields["Connect-Timeout-Ms"] = bad;
    EXPECT_EQ(Call(kListLots, "{}", fields).result_int(), 400) << bad;
  }
}

TEST_F(CallsTest, BrowsersKeepTheTokenInACookieTheyCannotRead) {
  StartGateway();
  const Fields browser = {{"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "same-origin"}};
  Fields sign_in = browser;
  sign_in["Kubari-Session"] = "cookie";
  const Reply reply = Call(kSignIn, kRightPassword, sign_in);
  ASSERT_EQ(reply.result_int(), 200);
  EXPECT_THAT(reply.body(), Not(HasSubstr("\"token\"")));
  EXPECT_THAT(reply.body(), HasSubstr("\"session\""));
  const std::string cookie = Field(reply, "Set-Cookie");
  EXPECT_THAT(cookie, StartsWith("kubari_session=kbs_new; "));
  for (const char* part : {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43"}) EXPECT_THAT(cookie, HasSubstr(part));
  EXPECT_THAT(cookie, Not(HasSubstr("Secure")));

  Fields with_cookie = browser;
  with_cookie["Cookie"] = "theme=dark; kubari_session=kbs_new";
  EXPECT_EQ(Call(kGetSession, "{}", with_cookie).result_int(), 200);
  EXPECT_EQ(identity_.LastMetadata("authorization"), "Bearer kbs_new");

  const Reply out = Call(kSignOut, "{}", with_cookie);
  EXPECT_EQ(out.result_int(), 200);
  EXPECT_THAT(Field(out, "Set-Cookie"), HasSubstr("kubari_session=; "));
  EXPECT_THAT(Field(out, "Set-Cookie"), HasSubstr("Max-Age=0"));

  // A cookie whose session ended elsewhere goes as well.
  with_cookie["Cookie"] = "kubari_session=kbs_gone";
  const Reply gone = Call(kSignOut, "{}", with_cookie);
  EXPECT_EQ(gone.result_int(), 401);
  EXPECT_THAT(Field(gone, "Set-Cookie"), HasSubstr("Max-Age=0"));
}

TEST_F(CallsTest, BehindTlsTheCookieIsBoundToTheHost) {
  options_.calls.secure = options_.server.secure = true;
  StartGateway();
  const Reply reply =
      Call(kSignIn, kRightPassword,
           {{"Kubari-Session", "cookie"}, {"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "same-origin"}});
  EXPECT_THAT(Field(reply, "Set-Cookie"), StartsWith("__Host-kubari=kbs_new; "));
  EXPECT_THAT(Field(reply, "Set-Cookie"), HasSubstr("; Secure"));
  EXPECT_THAT(Field(reply, "Strict-Transport-Security"), StartsWith("max-age="));
}

TEST_F(CallsTest, ProgramsGetTheTokenInTheAnswer) {
  StartGateway();
  const Reply reply = Call(kSignIn, kRightPassword);
  EXPECT_THAT(reply.body(), HasSubstr(R"("token":"kbs_new")"));
  EXPECT_EQ(Field(reply, "Set-Cookie"), "");
}

TEST_F(CallsTest, OtherSitesCannotUseTheCookie) {
  StartGateway();
  const std::string cookie = "kubari_session=kbs_volunteer";
  struct Case {
    Fields fields;
    bool allowed;
  };
  const std::vector<Case> cases = {
      {{{"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "same-origin"}}, true},
      {{{"Connect-Protocol-Version", "1"}, {"Origin", "http://kubari.test"}}, true},
      {{{"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "same-site"}}, false},
      {{{"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "cross-site"}, {"Origin", "http://kubari.test"}}, false},
      {{{"Connect-Protocol-Version", "1"}, {"Sec-Fetch-Site", "none"}}, false},
      {{{"Connect-Protocol-Version", "1"}, {"Origin", "http://evil.test"}}, false},
      {{{"Connect-Protocol-Version", "1"}, {"Origin", "http://kubari.test.evil.test"}}, false},
      {{{"Connect-Protocol-Version", "1"}, {"Origin", "null"}}, false},
      {{{"Connect-Protocol-Version", "1"}}, false},
      {{{"Sec-Fetch-Site", "same-origin"}}, false},
  };
  for (const Case& c : cases) {
    Fields fields = c.fields;
    fields["Cookie"] = cookie;
    const Reply reply = Call(kGetSession, "{}", fields);
    EXPECT_EQ(reply.result_int(), c.allowed ? 200 : 403) << ::testing::PrintToString(c.fields);
    const Reply out = Call(kSignOut, "{}", fields);
    EXPECT_EQ(!Field(out, "Set-Cookie").empty(), c.allowed) << ::testing::PrintToString(c.fields);

    Fields sign_in = c.fields;
    sign_in["Kubari-Session"] = "cookie";
    EXPECT_EQ(Call(kSignIn, kRightPassword, sign_in).result_int(), c.allowed ? 200 : 403);
  }
  // A form of another site: refused for its type before anything else.
  EXPECT_EQ(Call(kGetSession, "{}", {{"Cookie", cookie}, {"Content-Type", "text/plain"}}).result_int(), 415);
  // A program with a token needs none of this.
  EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_volunteer")).result_int(), 200);
}

TEST_F(CallsTest, RatesAreLimitedPerSubjectAndPerAddress) {
  options_.calls.rate = 0.5;
  options_.calls.burst = 3;
  options_.trusted_proxies = "127.0.0.0/8";
  const absl::Time now = absl::Now();
  options_.calls.now = [now] { return now; };  // nothing is regained
  StartGateway();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_volunteer")).result_int(), 200);
  const Reply limited = Call(kGetSession, "{}", Bearer("kbs_volunteer"));
  EXPECT_EQ(limited.result_int(), 429);
  EXPECT_EQ(Field(limited, "Retry-After"), "2");
  EXPECT_THAT(limited.body(), HasSubstr("google.rpc.RetryInfo"));
  EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_coordinator")).result_int(), 200);  // somebody else

  // Nobody in particular: counted by address. Bad tokens are paid for by the address too, and are then no longer looked
  // up.
  Fields stranger = {{"X-Forwarded-For", "203.0.113.9"}};
  EXPECT_EQ(Call(kSignIn, kRightPassword, stranger).result_int(), 200);
  stranger["Authorization"] = "Bearer kbs_guess";
  EXPECT_EQ(Call(kGetSession, "{}", stranger).result_int(), 401);
  EXPECT_EQ(Call(kGetSession, "{}", stranger).result_int(), 401);
  EXPECT_EQ(Call(kGetSession, "{}", stranger).result_int(), 429);
  stranger["X-Forwarded-For"] = "203.0.113.10";
  EXPECT_EQ(Call(kGetSession, "{}", stranger).result_int(), 401);
}

TEST_F(CallsTest, SignInsAreLimitedMoreStrictly) {
  options_.calls.sign_in_rate = 0.1;
  options_.calls.sign_in_burst = 2;
  const absl::Time now = absl::Now();
  options_.calls.now = [now] { return now; };
  StartGateway();
  EXPECT_EQ(Call(kSignIn, R"({"password":"a"})").result_int(), 401);
  EXPECT_EQ(Call(kSignIn, R"({"password":"b"})").result_int(), 401);
  EXPECT_EQ(Call(kSignIn, R"({"password":"c"})").result_int(), 429);
  // Not believed: the peer is no trusted proxy.
  EXPECT_EQ(Call(kSignIn, R"({"password":"d"})", {{"X-Forwarded-For", "203.0.113.9"}}).result_int(), 429);
  EXPECT_EQ(Call(kGetSession, "{}", Bearer("kbs_volunteer")).result_int(), 200);
}

TEST_F(CallsTest, PublicFormsAreLimitedLikeSignIns) {
  options_.calls.sign_in_rate = 0.1;
  options_.calls.sign_in_burst = 2;
  const absl::Time now = absl::Now();
  options_.calls.now = [now] { return now; };
  StartGateway();
  constexpr char kApply[] = "support.v1.CampaignService/SubmitApplication",
                 kPage[] = "support.v1.CampaignService/GetPublicCampaign";
  for (int i = 0; i < 2; ++i) EXPECT_NE(Call(kApply, "{}").result_int(), 429);
  EXPECT_EQ(Call(kApply, "{}").result_int(), 429);
  EXPECT_EQ(Call(kSignIn, R"({"password":"a"})").result_int(), 429) << "one budget for all of them";
  EXPECT_NE(Call(kPage, "{}").result_int(), 429) << "looking at the page changes nothing";
}

// RFC 8058: a mail program posts a fixed form to the address in the e-mail, whatever that says; people who open it are
// shown a page.
TEST_F(CallsTest, MailProgramsStopEmailWithOneClick) {
  StartGateway();
  const Fields form = {{"Content-Type", "application/x-www-form-urlencoded"}};
  const Reply done = Send(http::verb::post, "/stop-emails?t=AB-_9=", "List-Unsubscribe=One-Click", form);
  EXPECT_EQ(done.result_int(), 200) << done.body();
  EXPECT_THAT(done.body(), HasSubstr("NOTICE_KIND_STOCK_ALERTS"));
  const Fields parts = {{"Content-Type", "multipart/form-data; boundary=x"}};
  EXPECT_EQ(Send(http::verb::post, "/stop-emails?x=1&t=CD&t=EF", "--x\r\n", parts).result_int(), 200);
  EXPECT_EQ(Send(http::verb::post, "/stop-emails?t=%22%7D", "", form).result_int(), 200)
      << "the service judges what is no token";
  EXPECT_EQ(Send(http::verb::post, "/stop-emails", "", form).result_int(), 200);
  EXPECT_EQ(notifications_.tokens(), (std::vector<std::string>{"AB-_9=", "CD", "", ""}));
  const Reply shown = Get("/stop-emails?t=AB-_9=");
  EXPECT_EQ(shown.result_int(), 303);
  EXPECT_EQ(Field(shown, "Location"), "/#/stop-emails/AB-_9=");
  EXPECT_EQ(notifications_.tokens().size(), 4u) << "looking changes nothing";
  EXPECT_EQ(Send(http::verb::post, "/stop-emails/x?t=AB", "", form).result_int(), 404);
}

TEST_F(CallsTest, LongAnswersAreCompressedForThoseWhoAskForIt) {
  StartGateway();
  Fields fields = Bearer("kbs_coordinator");
  const std::string plain = Call(kListLots, R"({"pageSize":150})", fields).body();
  EXPECT_GT(plain.size(), 1'024u);
  fields["Accept-Encoding"] = "br, gzip;q=0.5";
  const Reply reply = Call(kListLots, R"({"pageSize":150})", fields);
  EXPECT_EQ(Field(reply, "Content-Encoding"), "gzip");
  EXPECT_LT(reply.body().size(), plain.size() / 2);
  EXPECT_EQ(Gunzip(reply.body()), plain);
  EXPECT_EQ(Field(Call(kListLots, R"({"pageSize":1})", fields), "Content-Encoding"), "");
  fields["Accept-Encoding"] = "gzip;q=0";
  EXPECT_EQ(Field(Call(kListLots, R"({"pageSize":150})", fields), "Content-Encoding"), "");
}

TEST_F(CallsTest, HealthTellsWhichServicesAnswer) {
  StartGateway();
  const Reply health = Get("/healthz");
  EXPECT_EQ(health.result_int(), 200);
  EXPECT_EQ(health.body(),
            "{\"ready\":false,\"services\":{\"allocation\":\"unreachable\",\"donors\":\"unreachable\",\"groups\":"
            "\"unreachable\","
            "\"identity\":\"serving\",\"impact\":\"unreachable\",\"notifications\":\"serving\",\"stock\":"
            "\"serving\",\"support\":\"unreachable\"}}\n");
  EXPECT_EQ(Get("/readyz").result_int(), 503);
}

TEST_F(CallsTest, EachCallIsCountedAndLoggedWithoutItsToken) {
  StartGateway();
  std::mutex mutex;
  std::vector<std::string> lines;
  log::SetSinkForTesting([&](const std::string& line) {
    const std::lock_guard lock(mutex);
    lines.push_back(line);
  });
  Fields fields = Bearer("kbs_volunteer");
  fields["X-Request-Id"] = "trace-7";
  Call(kGetSession, "{}", fields);
  Call(kGetSession, "{}");
  // The line and the count are written after the answer; ask until they are there.
  std::string metrics;
  for (int i = 0; i < 200 && !absl::StrContains(metrics, "code=\"unauthenticated\""); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    metrics = prometheus::TextSerializer().Serialize(registry_.Collect());
  }
  log::SetSinkForTesting(nullptr);
  EXPECT_THAT(
      metrics,
      HasSubstr(
          "kubari_gateway_requests_total{code=\"ok\",method=\"kubari.identity.v1.IdentityService/GetSession\"} 1"));
  EXPECT_THAT(
      metrics,
      HasSubstr("kubari_gateway_request_seconds_count{method=\"kubari.identity.v1.IdentityService/GetSession\"} 2"));
  EXPECT_THAT(metrics, HasSubstr("kubari_gateway_connections"));
  const std::lock_guard lock(mutex);
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_THAT(lines[0], HasSubstr("\"request_id\":\"trace-7\""));
  EXPECT_THAT(lines[0], HasSubstr(absl::StrCat("\"network\":\"", kNetworkId, "\"")));
  EXPECT_THAT(lines[0], HasSubstr("\"code\":\"ok\""));
  EXPECT_THAT(lines[1], HasSubstr("\"reason\":\"TOKEN_MISSING\""));
}

}  // namespace
}  // namespace kubari::gateway
