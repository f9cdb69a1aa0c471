// Bad requests through the gateway: each has its own reason, says everything at once in both languages, and changes nothing.
#include <absl/strings/match.h>
#include <absl/strings/str_join.h>
#include <gtest/gtest.h>

#include <set>

#include "tests/end_to_end/auditor.h"
#include "tests/end_to_end/two_networks.h"

namespace kubari::end_to_end {
namespace {

using namespace kubari::type::v1;  // NOLINT: roles

// A network of its own in the shared installation, with goods that are made for refusals.
struct Refusals {
  Setting setting{TwoNetworks().installation, "refusals"};
  Names names = setting.a;

  Refusals() {
    const cli::Client coordinator = setting.Coordinator();
    const Names& foreign = TwoNetworks().second.a;
    for (const char* name : {"lot", "shelf", "donor", "group", "offer", "line", "product", "receipt", "reservation", "delivery", "run"}) {
      names[absl::StrCat("foreign_", name)] = foreign.at(name);
    }
    names["group_b"] = setting.b.at("group");
    names["lot_b"] = setting.b.at("lot");
    // Food whose use-by date was yesterday.
    names["expired"] = Field(coordinator, "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$line", "items": "30",
        "shortDatedReason": "試験", "goodUntil": {"kind": "DATE_KIND_USE_BY", "date": "$yesterday"}})",
                             names, "lot.name");
    // A donor and a group that have signed nothing.
    names["bare_donor"] = Field(coordinator, "donors.CreateDonor", R"({"requestId": "$uuid", "donor": {"code": "bare", "displayName": "未契約食品",
        "address": {"municipalityCode": "13104"}}})",
                                names, "name");
    names["bare_group"] = Field(coordinator, "groups.CreateGroup", R"({"requestId": "$uuid", "group": {"code": "bare", "displayName": "未契約食堂",
        "kind": "GROUP_KIND_PANTRY", "households": "5", "sites": [{"displayName": "本部", "ambientItems": "100",
          "address": {"municipalityCode": "13104", "position": {"latitudeE6": 35701000, "longitudeE6": 139709000}}}]}})",
                                names, "name");
    names["bare_offer"] = Field(coordinator, "donors.CreateOffer", R"({"requestId": "$uuid", "offer": {"donor": "$donor", "title": "未提出",
        "readyDate": "$today", "lines": [{"product": "$product", "cases": "2", "itemsPerCase": "12",
          "temperatureZone": "TEMPERATURE_ZONE_AMBIENT", "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}}]}})",
                                names, "name");
    names["bare_line"] = Field(coordinator, "donors.GetOffer", R"({"name": "$bare_offer"})", names, "lines.0.name");
    // A reversed movement, a confirmed delivery, a closed reservation, a used request id.
    names["reversed"] = Field(coordinator, "stock.TransferStock",
                              R"({"requestId": "$uuid", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "2"})", names, "movement.name");
    Field(coordinator, "stock.ReverseMovement", R"({"requestId": "$uuid", "movement": "$reversed", "reason": "MISTAKE"})", names, "movement.name");
    names["confirmed"] = setting.b.at("delivery");
    Field(coordinator, "stock.ConfirmReceipt", R"({"requestId": "$uuid", "delivery": "$confirmed"})", names, "delivery.name");
    names["closed"] = setting.b.at("reservation");
    Field(coordinator, "stock.VoidReservation", R"({"requestId": "$uuid", "name": "$closed"})", names, "movement.name");
    names["used"] = "01900000-0000-7000-8000-000000000001";
    names["first_answer"] = Field(coordinator, "stock.TransferStock", kUsed, names, "movement.name");
  }

  static constexpr char kUsed[] =
      R"({"requestId": "$used", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "1", "note": "一度だけ"})";
};

Refusals& TheRefusals() {
  static Refusals refusals;
  return refusals;
}

struct Refusal {
  const char* what;
  const char* method;
  const char* request;
  absl::StatusCode code;
  const char* reason;
  // Fields that must be among the violations.
  std::vector<std::string> fields = {};
  Role role = ROLE_COORDINATOR;
  // A fact that must be in the metadata, as "name=value"; the value may be empty: any.
  std::string fact = "";
};

constexpr auto kShape = absl::StatusCode::kInvalidArgument;
constexpr auto kNotFound = absl::StatusCode::kNotFound;
constexpr auto kState = absl::StatusCode::kFailedPrecondition;

const std::vector<Refusal>& Table() {
  static const std::vector<Refusal> table = {
      // Every wrong field at once.
      {"receive", "stock.ReceiveStock", R"({"requestId": "x", "place": "shelf", "items": "0", "offerLine": "line"})", kShape, "INVALID_REQUEST",
       {"request_id", "place", "items", "offer_line"}},
      {"transfer", "stock.TransferStock", R"({"requestId": "", "lot": "lots/1", "fromPlace": "", "toPlace": "x", "items": "-5"})", kShape,
       "INVALID_REQUEST", {"request_id", "lot", "from_place", "to_place", "items"}},
      {"product", "stock.CreateProduct", R"({"product": {"itemGrams": "0", "itemsPerCase": "0"}})", kShape, "INVALID_REQUEST",
       {"request_id", "product.display_name", "product.category", "product.item_grams", "product.items_per_case", "product.temperature_zone"}},
      {"group", "groups.CreateGroup", R"({"requestId": "x", "group": {"households": "-1"}})", kShape, "INVALID_REQUEST",
       {"request_id", "group.code", "group.display_name", "group.kind", "group.households"}},
      {"offer", "donors.CreateOffer", R"({"requestId": "x", "offer": {"donor": "d", "readyDate": "tomorrow"}})", kShape, "INVALID_REQUEST",
       {"request_id", "offer.donor", "offer.title", "offer.ready_date", "offer.lines"}},
      {"run", "allocation.CreateRun", R"({"requestId": "x", "answerHours": 1000, "pickUpHours": 1000})", kShape, "INVALID_REQUEST",
       {"request_id", "title", "answer_hours", "pick_up_hours"}},
      {"impact's period", "impact.GetImpact", R"({"filter": {"fromDate": "2026-13-01", "donor": "x"}})", kShape, "INVALID_REQUEST",
       {"filter.from_date", "filter.donor"}},
      {"a page token of nobody", "stock.ListBalances", R"({"pageToken": "x"})", kShape, "PAGE_TOKEN_INVALID"},
      {"a code with a wrong check digit", "stock.LookUpCode", R"({"code": "9520000000005"})", kShape, "CODE_INVALID"},

      // Unknown, and known in another network only: the same.
      {"unknown lot", "stock.GetLot", R"({"name": "lots/$uuid"})", kNotFound, "LOT_NOT_FOUND"},
      {"foreign lot", "stock.GetLot", R"({"name": "$foreign_lot"})", kNotFound, "LOT_NOT_FOUND"},
      {"foreign lot's path", "stock.TraceLot", R"({"lot": "$foreign_lot"})", kNotFound, "LOT_NOT_FOUND"},
      {"unknown product", "stock.GetProduct", R"({"name": "products/$uuid"})", kNotFound, "PRODUCT_NOT_FOUND"},
      {"foreign product", "stock.GetProduct", R"({"name": "$foreign_product"})", kNotFound, "PRODUCT_NOT_FOUND"},
      {"foreign reservation", "stock.GetReservation", R"({"name": "$foreign_reservation"})", kNotFound, "RESERVATION_NOT_FOUND"},
      {"foreign delivery", "stock.GetDelivery", R"({"name": "$foreign_delivery"})", kNotFound, "DELIVERY_NOT_FOUND"},
      {"foreign shelf", "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$foreign_shelf", "offerLine": "$line", "items": "1"})", kNotFound,
       "PLACE_NOT_FOUND"},
      {"foreign goods", "stock.TransferStock",
       R"({"requestId": "$uuid", "lot": "$foreign_lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "1"})", kNotFound, "LOT_NOT_FOUND"},
      {"foreign offer line", "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$foreign_line", "items": "1"})", kNotFound,
       "OFFER_LINE_NOT_FOUND"},
      {"foreign movement", "stock.ReverseMovement", R"({"requestId": "$uuid", "movement": "$foreign_receipt", "reason": "MISTAKE"})", kNotFound,
       "MOVEMENT_NOT_FOUND"},
      {"foreign group", "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "1", "group": "$foreign_group",
        "delivery": "deliveries/$uuid", "expireTime": "$soon"})", kNotFound, "GROUP_NOT_FOUND"},
      {"foreign donor", "donors.GetDonor", R"({"name": "$foreign_donor"})", kNotFound, "DONOR_NOT_FOUND"},
      {"foreign offer", "donors.GetOffer", R"({"name": "$foreign_offer"})", kNotFound, "OFFER_NOT_FOUND"},
      {"group of nobody", "groups.GetGroup", R"({"name": "groups/$uuid"})", kNotFound, "GROUP_NOT_FOUND"},
      {"foreign run", "allocation.GetRun", R"({"name": "$foreign_run"})", kNotFound, "RUN_NOT_FOUND"},

      // Overtaken.
      {"stale donor", "donors.UpdateDonor", R"({"requestId": "$uuid", "donor": {"name": "$donor", "displayName": "x", "etag": "stale"},
        "updateMask": ["display_name"]})", absl::StatusCode::kAborted, "STALE_ETAG"},
      {"stale group", "groups.SuspendGroup", R"({"requestId": "$uuid", "name": "$group", "etag": "stale", "reason": "x"})", absl::StatusCode::kAborted,
       "STALE_ETAG"},
      {"stale offer", "donors.SubmitOffer", R"({"requestId": "$uuid", "name": "$draft", "etag": "stale"})", absl::StatusCode::kAborted, "STALE_ETAG"},

      // The same request id for something else.
      {"a changed replay", "stock.TransferStock",
       R"({"requestId": "$used", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "3", "note": "一度だけ"})",
       absl::StatusCode::kAlreadyExists, "REQUEST_ID_REUSED"},
      {"a taken code", "stock.CreatePlace",
       R"({"requestId": "$uuid", "place": {"warehouse": "$warehouse", "code": "A-01", "temperatureZone": "TEMPERATURE_ZONE_AMBIENT"}})",
       absl::StatusCode::kAlreadyExists, "PLACE_CODE_TAKEN"},

      // Food that must not be handed over.
      {"promise expired food", "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$expired", "place": "$shelf", "items": "1", "group": "$group",
        "delivery": "deliveries/$uuid", "expireTime": "$soon"})", kState, "LOT_EXPIRED"},
      {"issue expired food", "stock.IssueStock", R"({"requestId": "$uuid", "lot": "$expired", "place": "$shelf", "items": "1", "group": "$group",
        "delivery": "deliveries/$uuid"})", kState, "LOT_EXPIRED"},
      {"to whom the donor did not mean it", "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "1",
        "group": "$group_b", "delivery": "deliveries/$uuid", "expireTime": "$soon"})", kState, "CONDITION_NOT_MET", {}, ROLE_COORDINATOR,
       "conditions="},
      {"from whom nothing is signed", "stock.ReceiveStock",
       R"({"requestId": "$uuid", "place": "$shelf", "donor": "$bare_donor", "product": "$product", "items": "1",
        "goodUntil": {"kind": "DATE_KIND_BEST_BEFORE", "date": "$later"}})", kState, "NO_AGREEMENT", {}, ROLE_COORDINATOR, "party="},
      {"to whom has signed nothing", "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "1",
        "group": "$bare_group", "delivery": "deliveries/$uuid", "expireTime": "$soon"})", kState, "NO_AGREEMENT", {}, ROLE_COORDINATOR, "party="},
      {"an offer nobody accepted", "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$shelf", "offerLine": "$bare_line", "items": "1"})", kState,
       "OFFER_NOT_ACCEPTED"},
      {"ambient food into the fridge", "stock.TransferStock",
       R"({"requestId": "$uuid", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$chilled", "items": "1"})", kState, "TEMPERATURE_MISMATCH"},
      {"ambient food received in the fridge", "stock.ReceiveStock", R"({"requestId": "$uuid", "place": "$chilled", "offerLine": "$line", "items": "1"})",
       kState, "TEMPERATURE_MISMATCH"},

      // More than there is.
      {"more than free, moved", "stock.TransferStock",
       R"({"requestId": "$uuid", "lot": "$lot", "fromPlace": "$shelf", "toPlace": "$shelf2", "items": "1000"})", kState, "INSUFFICIENT_STOCK", {},
       ROLE_COORDINATOR, "requested=1000"},
      {"what is reserved, discarded", "stock.DiscardStock",
       R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "90", "reason": "DAMAGED"})", kState, "INSUFFICIENT_STOCK", {},
       ROLE_COORDINATOR, "reserved=12"},
      {"more than free, promised", "stock.ReserveStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "96", "group": "$group",
        "delivery": "deliveries/$uuid", "expireTime": "$soon"})", kState, "INSUFFICIENT_STOCK"},
      {"more than promised", "stock.IssueStock", R"({"requestId": "$uuid", "reservation": "$reservation", "items": "13"})", kState,
       "RESERVATION_EXCEEDED"},
      {"a promise that was given up", "stock.IssueStock", R"({"requestId": "$uuid", "reservation": "$closed", "items": "1"})", kState,
       "RESERVATION_CLOSED"},
      {"a volunteer without a promise", "stock.IssueStock", R"({"requestId": "$uuid", "lot": "$lot", "place": "$shelf", "items": "1",
        "group": "$group", "delivery": "deliveries/$uuid"})", kState, "RESERVATION_REQUIRED", {}, ROLE_VOLUNTEER},

      // Done already.
      {"undone twice", "stock.ReverseMovement", R"({"requestId": "$uuid", "movement": "$reversed", "reason": "MISTAKE"})", kState, "ALREADY_REVERSED"},
      {"goods that have moved on", "stock.ReverseMovement", R"({"requestId": "$uuid", "movement": "$receipt", "reason": "MISTAKE"})", kState,
       "NOT_REVERSIBLE"},
      {"confirmed with other figures", "stock.ConfirmReceipt",
       R"({"requestId": "$uuid", "delivery": "$confirmed", "lines": [{"lot": "$lot_b", "items": "3", "reason": "DAMAGED"}]})", kState,
       "DELIVERY_CONFIRMED"},
      {"accepted before it was submitted", "donors.DeclineOffer", R"({"requestId": "$uuid", "name": "$offer", "etag": "$offer_etag", "reason": "x"})",
       kState, "OFFER_STATE"},
  };
  return table;
}

bool IsJapanese(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) >= 0xe3; });
}

bool IsEnglish(const std::string& text) {
  return std::count_if(text.begin(), text.end(), [](unsigned char c) { return std::isalpha(c) && c < 0x80; }) > 10;
}

TEST(Errors, EachHasItsReasonInBothLanguagesAndChangesNothing) {
  Refusals& refusals = TheRefusals();
  refusals.names["offer_etag"] = Field(refusals.setting.Coordinator(), "donors.GetOffer", R"({"name": "$offer"})", refusals.names, "etag");
  const Auditor auditor(refusals.setting.Auditing());
  const size_t before = auditor.ReadLedger().size();
  std::set<std::string> reasons;
  for (const Refusal& row : Table()) {
    SCOPED_TRACE(absl::StrCat(row.what, ": ", row.method));
    const auto answer =
        Try(refusals.setting.As(row.role, refusals.names), row.method, *Request(row.method, row.request, refusals.names));
    const absl::Status& status = answer.status();
    EXPECT_EQ(status.code(), row.code) << status;
    EXPECT_EQ(errors::ReasonOf(status), row.reason) << status;
    reasons.insert(errors::ReasonOf(status));
    // Names stay as they are in both, so an English sentence may hold Japanese ones; a Japanese full stop it has not.
    EXPECT_FALSE(absl::StrContains(errors::MessageIn("en", status), "。")) << errors::MessageIn("en", status);
    EXPECT_TRUE(IsEnglish(errors::MessageIn("en", status))) << errors::MessageIn("en", status);
    EXPECT_TRUE(IsJapanese(errors::MessageIn("ja", status))) << errors::MessageIn("ja", status);
    std::set<std::string> violated;
    for (const auto& violation : errors::ViolationsOf(status)) violated.insert(violation.field());
    for (const std::string& field : row.fields) EXPECT_EQ(violated.count(field), 1u) << field << " is not among " << absl::StrJoin(violated, ", ");
    if (!row.fact.empty()) {
      const std::string name = row.fact.substr(0, row.fact.find('=')), value = row.fact.substr(row.fact.find('=') + 1);
      const errors::Metadata facts = errors::MetadataOf(status);
      ASSERT_EQ(facts.count(name), 1u) << status;
      if (!value.empty()) { EXPECT_EQ(facts.at(name), value); }
    }
  }
  EXPECT_EQ(auditor.ReadLedger().size(), before) << "a refused request moved something";
  std::printf("%zu requests refused for %zu reasons\n", Table().size(), reasons.size());
}

TEST(Errors, AReplayGetsTheFirstAnswer) {
  Refusals& refusals = TheRefusals();
  const Auditor auditor(refusals.setting.Auditing());
  const size_t before = auditor.ReadLedger().size();
  EXPECT_EQ(Field(refusals.setting.Coordinator(), "stock.TransferStock", Refusals::kUsed, refusals.names, "movement.name"),
            refusals.names.at("first_answer"));
  EXPECT_EQ(auditor.ReadLedger().size(), before);
}

TEST(Errors, ExpiredFoodMayBeThrownAway) {
  Refusals& refusals = TheRefusals();
  Field(refusals.setting.Coordinator(), "stock.DiscardStock",
        R"({"requestId": "$uuid", "lot": "$expired", "place": "$shelf", "items": "30", "reason": "EXPIRED"})", refusals.names, "movement.name");
  Auditor(refusals.setting.Auditing()).Audit();
}

}  // namespace
}  // namespace kubari::end_to_end
