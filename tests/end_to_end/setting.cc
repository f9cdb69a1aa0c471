#include "tests/end_to_end/setting.h"

#include <absl/strings/match.h>
#include <absl/strings/numbers.h>
#include <absl/strings/str_replace.h>
#include <absl/strings/str_split.h>
#include <absl/time/clock.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "kubari/stock/v1/recalls.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/ids/ids.h"
#include "ops/kubari/contract.h"
#include "tests/end_to_end/played_demo.h"

namespace kubari::end_to_end {
namespace {

namespace identity = kubari::identity::v1;
using namespace kubari::type::v1;  // NOLINT: roles

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "end_to_end: %s\n", what.c_str());
  std::abort();
}

std::string DayInTokyo(int days_ahead) {
  return absl::FormatTime("%Y-%m-%d", absl::Now() + absl::Hours(24 * days_ahead), absl::FixedTimeZone(9 * 3600));
}

std::string Fill(std::string json, const Names& names) {
  std::string out;
  for (size_t i = 0; i < json.size();) {
    if (json[i] != '$') {
      out += json[i++];
      continue;
    }
    size_t end = i + 1;
    while (end < json.size() && (std::isalnum(static_cast<unsigned char>(json[end])) || json[end] == '_')) ++end;
    const std::string name = json.substr(i + 1, end - i - 1);
    const auto found = names.find(name);
    if (name == "uuid") {
      out += ids::NewUuid();
    } else if (name == "today") {
      out += DayInTokyo(0);
    } else if (name == "yesterday") {
      out += DayInTokyo(-1);
    } else if (name == "later") {
      out += DayInTokyo(200);
    } else if (found != names.end()) {
      out += found->second;
    } else {
      Die("a request names $" + name + ", which is not there: " + json);
    }
    i = end;
  }
  return out;
}

std::string OrganisationOf(const std::string& name) { return "organisations/" + name.substr(name.find('/') + 1); }

// A group with an agreement, kept under `name`; its code begins with `letter`.
void MakeGroup(const cli::Client& coordinator, const std::string& letter, const std::string& name, Names& side) {
  Names words = side;
  words["letter"] = letter;
  words["group"] = Field(coordinator, "groups.CreateGroup", R"({"requestId": "$uuid",
      "group": {"code": "$letter$label", "displayName": "試験食堂 $letter$label", "kind": "GROUP_KIND_CAFETERIA", "households": "40",
        "sites": [{"displayName": "本部", "ambientItems": "5000",
          "address": {"municipalityCode": "13104", "position": {"latitudeE6": 35701000, "longitudeE6": 139709000}}}]}})",
                         words, "name");
  words["etag"] = Field(coordinator, "groups.CreateAgreement",
                        R"({"requestId": "$uuid", "group": "$group", "agreement": {"title": "合意書", "validFromDate": "2020-01-01"}})", words, "etag");
  Field(coordinator, "groups.ApproveGroup", R"({"requestId": "$uuid", "name": "$group", "etag": "$etag"})", words, "name");
  side[name] = words["group"];
}

}  // namespace

std::unique_ptr<google::protobuf::Message> Request(const std::string& method, const std::string& json, const Names& names) {
  const auto found = cli::FindMethod(method);
  if (!found.ok()) Die(std::string(found.status().message()));
  std::unique_ptr<google::protobuf::Message> message = cli::NewMessage(*(*found)->input_type());
  const auto status = google::protobuf::util::JsonStringToMessage(Fill(json, names), message.get());
  if (!status.ok()) Die(method + ": " + status.ToString() + ": " + json);
  return message;
}

absl::StatusOr<std::string> Try(const cli::Client& client, const std::string& method, const google::protobuf::Message& request) {
  const auto found = cli::FindMethod(method);
  if (!found.ok()) Die(std::string(found.status().message()));
  const std::unique_ptr<google::protobuf::Message> response = cli::NewMessage(*(*found)->output_type());
  const absl::Status status = client.Call(**found, request, *response);
  if (!status.ok()) return status;
  std::string json;
  (void)google::protobuf::util::MessageToJsonString(*response, &json);
  return json;
}

std::string Field(const cli::Client& client, const std::string& method, const std::string& json, const Names& names, const std::string& path) {
  const auto answer = Try(client, method, *Request(method, json, names));
  if (!answer.ok()) Die(absl::StrCat(method, " failed: ", answer.status().ToString(), " / ", errors::ReasonOf(answer.status()), "\n", json));
  google::protobuf::Value value;
  (void)google::protobuf::util::JsonStringToMessage(*answer, &value);
  for (const auto& step : absl::StrSplit(path, '.')) {
    int index = 0;
    google::protobuf::Value next;
    if (absl::SimpleAtoi(step, &index)) {
      if (index < value.list_value().values_size()) next = value.list_value().values(index);
    } else if (value.struct_value().fields().count(std::string(step)) > 0) {
      next = value.struct_value().fields().at(std::string(step));
    }
    value = next;
  }
  if (value.string_value().empty()) Die(absl::StrCat(method, ": no ", path, " in ", *answer));
  return value.string_value();
}

Setting::Setting(Installation& installation, const std::string& code) : installation_(installation) {
  identity::CreateNetworkRequest create;
  create.set_request_id(ids::NewUuid());
  create.set_code(code);
  create.set_display_name("試験ネットワーク " + code);
  create.set_administrator_email("administrator@" + code + ".example");
  create.set_administrator_display_name("管理者");
  const auto made = Must<identity::CreateNetworkResponse>(installation_.Direct("identity", installation_.service_key()),
                                                          "identity.CreateNetwork", create);
  network_id = made.network().name().substr(std::string("networks/").size());
  intermediary = made.organisation().name();
  identity::RedeemInviteRequest redeem;
  redeem.set_request_id(ids::NewUuid());
  redeem.set_code(made.invite_code());
  administrator_ = Must<identity::SignInResponse>(installation_.Gateway(""), "identity.RedeemInvite", redeem).token();
  product_ = Field(Coordinator(), "stock.CreateProduct",
                   R"({"requestId": "$uuid", "product": {"displayName": "試験ごはん", "category": "FOOD_CATEGORY_RICE", "itemGrams": "200",
                       "itemsPerCase": "12", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT", "allergens": {}}})",
                   {}, "name");
  a = MakeSide("A");
  b = MakeSide("B");
}

Names Setting::MakeSide(const std::string& label) {
  const cli::Client coordinator = Coordinator();
  Names side = {{"label", label}, {"product", product_}};
  side["operator"] = Field(coordinator, "identity.CreateOrganisation",
                           R"({"requestId": "$uuid", "kind": "ORGANISATION_KIND_OPERATOR", "displayName": "倉庫の会 $label"})", side, "name");
  side["partner"] = Field(coordinator, "identity.CreateOrganisation",
                          R"({"requestId": "$uuid", "kind": "ORGANISATION_KIND_PARTNER", "displayName": "試験市役所 $label"})", side, "name");
  side["warehouse"] = Field(coordinator, "stock.CreateWarehouse", R"({"requestId": "$uuid",
      "warehouse": {"code": "W$label", "displayName": "倉庫 $label", "organisation": "$operator",
        "address": {"municipalityCode": "13104", "position": {"latitudeE6": 35693800, "longitudeE6": 139703500}}},
      "places": [{"code": "A-01", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"}, {"code": "A-02", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"},
                 {"code": "C-01", "temperatureZone": "TEMPERATURE_ZONE_CHILLED"}]})",
                            side, "name");
  const std::string places = R"({"warehouse": "$warehouse"})";
  side["shelf"] = Field(coordinator, "stock.ListPlaces", places, side, "places.0.name");
  side["shelf2"] = Field(coordinator, "stock.ListPlaces", places, side, "places.1.name");
  side["chilled"] = Field(coordinator, "stock.ListPlaces", places, side, "places.2.name");

  side["warehouse2"] = Field(coordinator, "stock.CreateWarehouse", R"({"requestId": "$uuid",
      "warehouse": {"code": "V$label", "displayName": "第二倉庫 $label", "organisation": "$operator", "address": {"municipalityCode": "13104"}},
      "places": [{"code": "A-01", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"}]})",
                             side, "name");
  side["shelf3"] = Field(coordinator, "stock.ListPlaces", R"({"warehouse": "$warehouse2"})", side, "places.0.name");

  side["donor"] = Field(coordinator, "donors.CreateDonor",
                        R"({"requestId": "$uuid", "donor": {"code": "D$label", "displayName": "試験食品 $label", "address": {"municipalityCode": "13104"}}})",
                        side, "name");
  side["donor_organisation"] = OrganisationOf(side["donor"]);
  Field(coordinator, "donors.CreateAgreement",
        R"({"requestId": "$uuid", "donor": "$donor", "agreement": {"title": "合意書", "validFromDate": "2020-01-01",
          "conditions": {"donorMayBeNamed": true, "onwardTransferAllowed": true}}})",
        side, "name");
  side["acting"] = Field(coordinator, "donors.CreateDonor",
                         R"({"requestId": "$uuid", "donor": {"code": "S$label", "displayName": "試験卸 $label", "kind": "DONOR_KIND_WHOLESALER",
                           "address": {"municipalityCode": "13104"}}})",
                         side, "name");
  Field(coordinator, "donors.AllowActing", R"({"requestId": "$uuid", "donor": "$donor", "actingDonor": "$acting"})", side, "donor");
  MakeGroup(coordinator, "G", "group", side);
  MakeGroup(coordinator, "N", "neighbour", side);
  side["group_organisation"] = OrganisationOf(side["group"]);
  File("donors", "donor", side);
  File("groups", "group", side);
  Donate(label, side);
  SendAndCount(side);
  Drill(side);
  Invite(side);
  return side;
}

void Setting::File(const std::string& service, const std::string& party, Names& side) {
  const cli::Client coordinator = Coordinator();
  Names words = side;
  words["party"] = side.at(party);
  words["agreement"] = side[party + "_agreement"] =
      Field(coordinator, service + ".ListAgreements", R"({"party": "$party"})", words, "agreements.0.agreement.name");
  // The smallest that counts as a PDF.
  side[party + "_paper"] = Field(coordinator, service + ".AddAgreementDocument", R"({"requestId": "$uuid", "name": "$agreement",
      "fileName": "合意書 $label.pdf", "content": "JVBERi0xLjQKMSAwIG9iajw8L1R5cGUvQ2F0YWxvZz4+ZW5kb2JqCnRyYWlsZXI8PC9Sb290IDEgMCBSPj4KJSVFT0YK"})",
                                 words, "documents.0.sha256");
}

void Setting::Donate(const std::string& label, Names& side) {
  const cli::Client coordinator = Coordinator();
  const std::string offer = R"({"requestId": "$uuid", "offer": {"donor": "$donor", "title": "ごはん $label", "readyDate": "$today",
      "conditions": {"onlyGroups": ["$group"], "donorMayBeNamed": true},
      "lines": [{"product": "$product", "cases": "20", "itemsPerCase": "12", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT",
        "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}}]}})";
  side["draft"] = Field(coordinator, "donors.CreateOffer", offer, side, "name");
  side["offer"] = Field(coordinator, "donors.CreateOffer", offer, side, "name");
  side["line"] = Field(coordinator, "donors.GetOffer", R"({"name": "$offer"})", side, "lines.0.name");
  side["etag"] = Field(coordinator, "donors.GetOffer", R"({"name": "$offer"})", side, "etag");
  side["etag"] = Field(coordinator, "donors.SubmitOffer", R"({"requestId": "$uuid", "name": "$offer", "etag": "$etag"})", side, "etag");
  Field(coordinator, "donors.AcceptOffer", R"({"requestId": "$uuid", "name": "$offer", "etag": "$etag", "warehouse": "$warehouse"})", side, "name");
  const auto received = Try(coordinator, "stock.ReceiveStock",
                            *Request("stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$line", "items": "120"})", side));
  if (!received.ok()) Die("ReceiveStock failed: " + received.status().ToString());
  kubari::stock::v1::ReceiveStockResponse answer;
  (void)google::protobuf::util::JsonStringToMessage(*received, &answer);
  side["lot"] = answer.lot().name();
  side["receipt"] = answer.movement().name();
  side["delivery"] = "deliveries/" + ids::NewUuid();
  side["soon"] = absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now() + absl::Hours(24), absl::UTCTimeZone());
  Field(coordinator, "stock.IssueStock",
        R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "24", "group": "$group", "delivery": "$delivery"})", side,
        "movement.name");
  side["reservation"] = Field(coordinator, "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "12",
      "group": "$group", "delivery": "$delivery", "expireTime": "$soon"})", side, "reservation.name");
}

void Setting::SendAndCount(Names& side) {
  const cli::Client coordinator = Coordinator();
  side["transfer"] = Field(coordinator, "stock.SendTransfer", R"({"requestId": "$uuid", "transferId": "$uuid", "toWarehouse": "$warehouse2",
      "goods": [{"lot": "$lot", "place": "$shelf", "items": "2"}]})", side, "transfer.name");
  side["stocktake"] = Field(coordinator, "stock.OpenStocktake",
                            R"({"requestId": "$uuid", "stocktakeId": "$uuid", "title": "棚卸", "warehouse": "$warehouse"})", side, "name");
  side["count"] = Field(coordinator, "stock.RecordCount",
                        R"({"requestId": "$uuid", "stocktake": "$stocktake", "lot": "$lot", "place": "$shelf", "looseItems": "90"})", side,
                        "counts.0.name");
}

void Setting::Drill(Names& side) {
  const cli::Client coordinator = Coordinator();
  side["recall"] = Field(coordinator, "stock.OpenRecall", R"({"requestId": "$uuid", "recallId": "$uuid", "title": "訓練 $label",
      "message": "訓練です。", "goods": {"lots": ["$lot"]}, "drill": true})", side, "name");
  kubari::stock::v1::ListRecallNoticesRequest list;
  list.set_recall(side["recall"]);
  const auto notices = Must<kubari::stock::v1::ListRecallNoticesResponse>(coordinator, "stock.ListRecallNotices", list);
  for (const auto& notice : notices.notices()) {
    if (notice.holder() == side["warehouse"]) side["shelf_notice"] = notice.name();
    if (notice.holder() == side["group"]) side["group_notice"] = notice.name();
  }
}

void Setting::Invite(Names& side) {
  const cli::Client coordinator = Coordinator();
  const std::string invite = R"({"requestId": "$uuid", "grant": {"organisation": "$operator", "role": "ROLE_VOLUNTEER"}, "maxUses": 5})";
  side["invite"] = Field(coordinator, "identity.CreateInvite", invite, side, "invite.name");
  side["code"] = Field(coordinator, "identity.CreateInvite", invite, side, "code");
  side["device"] = Field(installation_.Gateway(""), "identity.RedeemInvite",
                         R"({"requestId": "$uuid", "code": "$code", "deviceDisplayName": "試験スマホ"})", side, "session.subject");
}

void Setting::OpenMarket() {
  Names run = a;
  run["market"] = Field(Coordinator(), "allocation.CreateRun", R"({"requestId": "$uuid", "title": "入札", "policy": "POLICY_BIDS"})", run, "name");
  run["etag"] = Field(Coordinator(), "allocation.GetRun", R"({"name": "$market"})", run, "etag");
  Field(Coordinator(), "allocation.PublishRun", R"({"requestId": "$uuid", "name": "$market", "etag": "$etag"})", run, "name");
  for (Names* side : {&a, &b}) {
    (*side)["market"] = run["market"];
    const cli::Client group = As(ROLE_GROUP, *side);
    const char* stock = R"({"run": "$market", "group": "$group", "eligibleOnly": true})";
    (*side)["market_lot"] = Field(group, "allocation.ListMarketStock", stock, *side, "stock.0.lot");
    (*side)["market_place"] = Field(group, "allocation.ListMarketStock", stock, *side, "stock.0.place");
    (*side)["bid"] = Field(group, "allocation.PlaceBid", R"({"requestId": "$uuid", "run": "$market", "group": "$group", "lot": "$market_lot",
        "place": "$market_place", "cases": "1", "milliSharesPerCase": "0", "parties": 2})", *side, "name");
    (*side)["join_code"] = Field(group, "allocation.ListBids", R"({"run": "$market", "group": "$group"})", *side, "bids.0.joinCode");
  }
}

void Setting::Publish() {
  OpenMarket();
  Names run = a;
  run["run"] = Field(Coordinator(), "allocation.CreateRun", R"({"requestId": "$uuid", "title": "試験"})", run, "name");
  run["etag"] = Field(Coordinator(), "allocation.GetRun", R"({"name": "$run"})", run, "etag");
  Field(Coordinator(), "allocation.PublishRun", R"({"requestId": "$uuid", "name": "$run", "etag": "$etag"})", run, "name");
  for (const absl::Time give_up = absl::Now() + absl::Seconds(30);
       Field(Coordinator(), "allocation.GetRun", R"({"name": "$run"})", run, "state") != "RUN_STATE_PUBLISHED";) {
    if (absl::Now() > give_up) Die("the run is not published");
    absl::SleepFor(absl::Milliseconds(100));
  }
  for (Names* side : {&a, &b}) {
    (*side)["run"] = run["run"];
    (*side)["run_line"] = Field(Coordinator(), "allocation.ListLines", R"({"run": "$run", "group": "$group"})", *side, "lines.0.name");
  }
}

std::string Setting::NewToken(Role role, const Names& side) {
  std::string organisation = intermediary;
  if (role == ROLE_VOLUNTEER || role == ROLE_WAREHOUSE_MANAGER) organisation = side.at("operator");
  if (role == ROLE_DONOR) organisation = side.at("donor_organisation");
  if (role == ROLE_GROUP) organisation = side.at("group_organisation");
  if (role == ROLE_PARTNER) organisation = side.at("partner");
  return MakeKey(installation_.Gateway(administrator_), organisation, role);
}

std::string Setting::Token(Role role, const Names& side) {
  const auto operator_name = side.find("operator");
  std::string& token = tokens_[{role, operator_name == side.end() ? "" : operator_name->second}];
  if (token.empty()) token = NewToken(role, side);
  return token;
}

}  // namespace kubari::end_to_end
