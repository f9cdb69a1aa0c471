#include "services/stock/domain/epcis.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>

#include "services/stock/domain/trace_testing.h"

namespace kubari::stock {
namespace {

using Json = nlohmann::json;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::KitId;
using testing::MadeUpId;
using testing::SomeFacts;
using ::testing::UnorderedElementsAre;

Json Written(const TraceFacts& facts) { return Json::parse(TraceEpcis(facts)); }
Json Events(const TraceFacts& facts) { return Written(facts)["epcisBody"]["eventList"]; }

// Events of the movements of this kind, declarations left out.
std::vector<Json> Of(pb::MovementKind kind) {
  const TraceFacts facts = SomeFacts();
  std::set<std::string> ids;
  for (const Movement& movement : facts.movements) {
    if (movement.kind == kind) ids.insert("urn:uuid:" + movement.id);
  }
  std::vector<Json> found;
  for (const Json& event : Events(facts)) {
    if (ids.count(event["eventID"]) > 0 && !event.contains("errorDeclaration")) found.push_back(event);
  }
  return found;
}

TEST(Epcis, EveryKindHasItsEvent) {
  struct Row {
    pb::MovementKind kind;
    const char *type, *action, *step, *disposition;
  };
  for (const Row& row : std::vector<Row>{
           {pb::MOVEMENT_KIND_RECEIVE, "ObjectEvent", "OBSERVE", "receiving", "in_progress"},
           {pb::MOVEMENT_KIND_REFUSE, "ObjectEvent", "OBSERVE", "inspecting", "damaged"},
           {pb::MOVEMENT_KIND_TRANSFER, "ObjectEvent", "OBSERVE", "storing", "in_progress"},
           {pb::MOVEMENT_KIND_DISCARD, "ObjectEvent", "DELETE", "destroying", "destroyed"},
           {pb::MOVEMENT_KIND_ADJUST, "ObjectEvent", "OBSERVE", "stock_taking", "mismatch_quantity"},
           {pb::MOVEMENT_KIND_ISSUE, "TransactionEvent", "ADD", "shipping", "in_transit"},
           {pb::MOVEMENT_KIND_DIRECT, "TransactionEvent", "ADD", "shipping", "in_transit"},
           {pb::MOVEMENT_KIND_PASS_ON, "TransactionEvent", "ADD", "shipping", "in_transit"},
           {pb::MOVEMENT_KIND_CONFIRM, "TransactionEvent", "OBSERVE", "receiving", "in_progress"},
           {pb::MOVEMENT_KIND_SHORTAGE, "TransactionEvent", "DELETE", "inspecting", "mismatch_quantity"},
           {pb::MOVEMENT_KIND_RETURN, "TransactionEvent", "DELETE", "receiving", "returned"},
           {pb::MOVEMENT_KIND_SEND, "AggregationEvent", "ADD", "loading", "in_transit"},
           {pb::MOVEMENT_KIND_ARRIVE, "AggregationEvent", "DELETE", "unloading", "in_progress"},
       }) {
    const std::vector<Json> events = Of(row.kind);
    ASSERT_FALSE(events.empty()) << row.step;
    EXPECT_EQ(events[0]["type"], row.type) << row.step;
    EXPECT_EQ(events[0]["action"], row.action) << row.step;
    EXPECT_EQ(events[0]["bizStep"], row.step);
    EXPECT_EQ(events[0]["disposition"], row.disposition) << row.step;
  }
  EXPECT_TRUE(Of(pb::MOVEMENT_KIND_RESERVE).empty());
  EXPECT_TRUE(Of(pb::MOVEMENT_KIND_VOID).empty());
}

TEST(Epcis, WhenAndWhat) {
  const Json received = Of(pb::MOVEMENT_KIND_RECEIVE)[0];
  EXPECT_EQ(received["eventTime"], "2026-12-01T10:00:00.000+09:00");
  EXPECT_EQ(received["eventTimeZoneOffset"], "+09:00");
  EXPECT_EQ(received["recordTime"], "2026-12-01T10:00:01.000+09:00");
  EXPECT_EQ(received["quantityList"],
            Json::parse(R"([{"epcClass": "https://id.gs1.org/01/09520000000004/10/AB-12", "quantity": 100}])"));
  EXPECT_EQ(received["sourceList"][0]["source"], "urn:uuid:" + MadeUpId(5, 1));
  EXPECT_EQ(received["destinationList"][0]["destination"], "urn:uuid:" + MadeUpId(2, 1));
  EXPECT_EQ(received["readPoint"], received["bizLocation"]);
}

TEST(Epcis, GoodsWithoutANumberOfTheirOwn) {
  TraceFacts facts = SomeFacts();
  // Soup has no GTIN. A number that starts with 02 is given out within a shop or a network.
  facts.lots[testing::NoodlesId()].facts.set_gtin("00212345678909");
  std::set<std::string> classes;
  for (const Json& event : Events(facts)) {
    if (!event.contains("quantityList")) continue;
    for (const Json& element : event["quantityList"]) classes.insert(element["epcClass"]);
  }
  EXPECT_THAT(classes, UnorderedElementsAre("urn:uuid:" + testing::NoodlesId(), "urn:uuid:" + testing::SoupId()));
}

TEST(Epcis, ATransformationIsOneEvent) {
  const std::vector<Json> events = Of(pb::MOVEMENT_KIND_CONSUME);
  ASSERT_EQ(events.size(), 1u);
  const Json& event = events[0];
  EXPECT_EQ(event["type"], "TransformationEvent");
  EXPECT_EQ(event["bizStep"], "assembling");
  EXPECT_EQ(event["inputQuantityList"].size(), 2u);
  EXPECT_EQ(event["transformationID"], "urn:uuid:" + MadeUpId(13, 1));
  // Made here: by the lot's own code.
  const std::string code = SomeFacts().lots.at(KitId()).code();
  EXPECT_EQ(event["outputQuantityList"][0]["epcClass"], "https://id.gs1.org/01/09520000000011/10/" + code);
  EXPECT_FALSE(event.contains("action"));
}

TEST(Epcis, ALoadIsOneThing) {
  EXPECT_EQ(Of(pb::MOVEMENT_KIND_SEND)[0]["parentID"], "urn:uuid:" + MadeUpId(14, 1));
  EXPECT_EQ(Of(pb::MOVEMENT_KIND_ARRIVE)[0]["parentID"], "urn:uuid:" + MadeUpId(14, 1));
  EXPECT_EQ(Of(pb::MOVEMENT_KIND_SEND)[0]["destinationList"][0]["destination"], "urn:uuid:" + MadeUpId(2, 2));
  const Json lost = Of(pb::MOVEMENT_KIND_SHORTAGE)[1];
  EXPECT_EQ(lost["type"], "AggregationEvent");
  EXPECT_EQ(lost["disposition"], "expired");
}

TEST(Epcis, DeliveriesAreTransactions) {
  for (const pb::MovementKind kind : {pb::MOVEMENT_KIND_ISSUE, pb::MOVEMENT_KIND_CONFIRM, pb::MOVEMENT_KIND_SHORTAGE})
    EXPECT_EQ(Of(kind)[0]["bizTransactionList"][0]["bizTransaction"], "urn:uuid:" + MadeUpId(12, 1));
  // On their way goods are nowhere.
  EXPECT_FALSE(Of(pb::MOVEMENT_KIND_ISSUE)[0].contains("bizLocation"));
  const Json onward = Of(pb::MOVEMENT_KIND_PASS_ON)[0];
  EXPECT_EQ(onward["sourceList"][0]["source"], "urn:uuid:" + MadeUpId(7, 1));
  EXPECT_EQ(onward["destinationList"][0]["destination"], "urn:uuid:" + MadeUpId(7, 2));
}

TEST(Epcis, ARecallIsSeen) {
  const Json back = Of(pb::MOVEMENT_KIND_RETURN)[1];
  EXPECT_EQ(back["type"], "ObjectEvent");
  EXPECT_EQ(back["persistentDisposition"]["set"], Json::parse(R"(["recalled"])"));
  EXPECT_EQ(back["bizTransactionList"][0]["bizTransaction"], "urn:uuid:" + MadeUpId(15, 1));
}

TEST(Epcis, ACountSaysWhatItFound) {
  const std::vector<Json> counts = Of(pb::MOVEMENT_KIND_ADJUST);
  EXPECT_EQ(counts[0]["kubari:difference"], 2);
  EXPECT_EQ(counts[1]["kubari:difference"], -1);
}

TEST(Epcis, ACorrectionDeclaresTheErrorAndNamesWhatHolds) {
  const TraceFacts facts = SomeFacts();
  const size_t count = facts.movements.size();
  const Movement &wrong = facts.movements[count - 5], &again = facts.movements[count - 3];
  std::vector<Json> about;
  Json held;
  for (const Json& event : Events(facts)) {
    if (event["eventID"] == "urn:uuid:" + wrong.id) about.push_back(event);
    if (event["eventID"] == "urn:uuid:" + again.id) held = event;
  }
  ASSERT_EQ(about.size(), 2u);
  const Json declaration = about[1]["errorDeclaration"];
  EXPECT_EQ(declaration["reason"], "did_not_occur");
  EXPECT_EQ(declaration["declarationTime"], "2026-12-01T10:24:01.000+09:00");
  EXPECT_EQ(declaration["correctiveEventIDs"], Json::array({"urn:uuid:" + again.id}));
  // All else is as it was declared first.
  about[1].erase("errorDeclaration");
  EXPECT_EQ(about[0], about[1]);
  EXPECT_EQ(held["bizStep"], "receiving");
  EXPECT_EQ(held["quantityList"][0]["quantity"], 9);
}

TEST(Epcis, WhatWasBroughtBackDidHappen) {
  const Json back = Events(SomeFacts()).back();
  EXPECT_EQ(back["type"], "TransactionEvent");
  EXPECT_EQ(back["action"], "DELETE");
  EXPECT_EQ(back["disposition"], "returned");
  EXPECT_FALSE(back.contains("errorDeclaration"));
}

TEST(Epcis, EveryIdIsNamed) {
  const Json document = Written(SomeFacts());
  std::map<std::string, std::string> names;  // by id
  for (const Json& vocabulary : document["epcisHeader"]["epcisMasterData"]["vocabularyList"]) {
    for (const Json& element : vocabulary["vocabularyElementList"])
      names[element["id"]] = element["attributes"][0]["attribute"];
  }
  for (const Json& event : document["epcisBody"]["eventList"]) {
    for (const char* where : {"readPoint", "bizLocation"}) {
      if (event.contains(where)) {
        EXPECT_EQ(names.count(event[where]["id"]), 1u) << event.dump();
      }
    }
    for (const auto& [list, field] : {std::pair("sourceList", "source"), std::pair("destinationList", "destination")}) {
      if (!event.contains(list)) continue;
      for (const Json& party : event[list]) EXPECT_EQ(names.count(party[field]), 1u) << event.dump();
    }
  }
  EXPECT_EQ(names["https://id.gs1.org/01/09520000000004/10/AB-12"], "架空めん");
  EXPECT_EQ(names["urn:uuid:" + MadeUpId(7, 1)], "みなみ食堂");
}

TEST(Epcis, TheSameFactsGiveTheSameBytes) { EXPECT_EQ(TraceEpcis(SomeFacts()), TraceEpcis(SomeFacts())); }

// Two offer lines brought the same goods: two lots here, one lot for the world.
TEST(Epcis, OneLotOfTheMakerIsNamedOnce) {
  TraceFacts facts = SomeFacts();
  facts.lots[testing::SoupId()].facts = facts.lots[testing::NoodlesId()].facts;
  facts.lots[testing::SoupId()].facts.set_code("CODE2");
  const Json document = Written(facts);
  const Json& classes = document["epcisHeader"]["epcisMasterData"]["vocabularyList"][0]["vocabularyElementList"];
  ASSERT_EQ(classes.size(), 2u);
  EXPECT_EQ(classes[0]["id"], "https://id.gs1.org/01/09520000000004/10/AB-12");
  int names = 0;
  std::set<std::string> codes;
  for (const Json& attribute : classes[0]["attributes"]) {
    if (attribute["id"] == "cbvmda:descriptionShort") ++names;
    if (attribute["id"] == "kubari:lotCode") codes.insert(attribute["attribute"]);
  }
  EXPECT_EQ(names, 1);
  EXPECT_EQ(codes.size(), 2u);
}

}  // namespace
}  // namespace kubari::stock
