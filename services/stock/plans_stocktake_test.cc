// What stocktakes cost beside years of history: what is counted and what stands there is read, and what was moved since
// the stocktake was opened; nothing of the years before, of other shelves or of past stocktakes.
#include "libs/errors/macros.h"
#include "services/stock/plans_testing.h"
#include "services/stock/stocktakes_service.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT
using Stocktakes = v1::StocktakesService::Stub;

// What stands on all shelves of the past together: every tenth of their lots.
constexpr int kStanding = kLots / 10;
constexpr int kStandingOnOne = kStanding / kHistoryShelves;

class PlansStocktakeTest : public PlansTest {
 protected:
  PlansStocktakeTest() {
    for (const char* who : {"manager", "volunteer"}) {
      auth::Principal principal =
          rpc::Person(kNetwork, kOperator, *who == 'm' ? type::v1::ROLE_WAREHOUSE_MANAGER : type::v1::ROLE_VOLUNTEER);
      principal.subject = Subject(who);
      counting_.authenticator().Add(who, principal);
    }
    counting_.Start({&stocktakes_});
    stocktakes_stub_ = v1::StocktakesService::NewStub(counting_.channel());
  }
  ~PlansStocktakeTest() override { counting_.Stop(); }

  // With a new request id.
  template <typename Request, typename Response>
  absl::StatusOr<Response> Do(grpc::Status (Stocktakes::*method)(grpc::ClientContext*, const Request&, Response*),
                              const std::string& who, Request request) {
    if constexpr (requires { request.set_request_id(""); }) request.set_request_id(ids::NewUuid());
    return rpc::Invoke(method, *stocktakes_stub_, counting_.As(who), request);
  }
  template <typename Request, typename Response>
  void CostsStocktake(const std::string& what,
                      grpc::Status (Stocktakes::*method)(grpc::ClientContext*, const Request&, Response*),
                      const std::string& who, const Request& request, int at_most = kAtMost) {
    Costs(
        what, [&] { return Do(method, who, request).status(); }, at_most);
  }
  // Of these shelves; none: of the whole warehouse.
  absl::StatusOr<std::string> Opened(const std::vector<std::string>& places) {
    pb::OpenStocktakeRequest request;
    request.set_stocktake_id(ids::NewUuid());
    request.set_title("十二月の棚卸");
    request.set_warehouse(east_house_);
    for (const std::string& place : places) request.add_places(place);
    ASSIGN_OR_RETURN(const pb::Stocktake opened, Do(&Stocktakes::OpenStocktake, "manager", request));
    return opened.name();
  }
  template <typename Request>
  static Request Named(const std::string& stocktake) {
    Request request;
    request.set_name(stocktake);
    return request;
  }
  static pb::RecordCountRequest Counting(const std::string& stocktake, const std::string& lot, const std::string& place,
                                         int64_t items) {
    pb::RecordCountRequest request;
    request.set_stocktake(stocktake);
    request.set_lot(lot);
    request.set_place(place);
    request.set_loose_items(items);
    return request;
  }
  static pb::SettleLineRequest Settling(const std::string& stocktake, const std::string& lot,
                                        const std::string& place) {
    pb::SettleLineRequest request;
    request.set_stocktake(stocktake);
    request.set_lot(lot);
    request.set_place(place);
    request.set_reason("FOUND");
    return request;
  }
  // The n-th shelf of the past, and a lot of which something is left there.
  std::string ShelfOf(int n) { return Past("places", absl::StrCat("h", n)); }
  std::string LotOn(int n) { return Past("lots", absl::StrCat("l", n * 10)); }

  rpc::TestServer counting_{{.workers = 8, .max_queue = 64}};
  StocktakesService stocktakes_{counting_.dispatcher(), context_};
  std::unique_ptr<Stocktakes> stocktakes_stub_;
};

TEST_F(PlansStocktakeTest, OneOfAShelfReadsThatShelf) {
  const std::string shelf = ShelfOf(3), lot = LotOn(3);
  const auto stocktake = Opened({shelf, shelf_});
  ASSERT_THAT(stocktake, IsOk());
  CostsStocktake("RecordCount", &Stocktakes::RecordCount, "volunteer", Counting(*stocktake, lot, shelf, 1));
  CostsStocktake("RecordCount of what moved lately", &Stocktakes::RecordCount, "volunteer",
                 Counting(*stocktake, lot_.name(), shelf_, 50));
  const auto counted = Do(&Stocktakes::RecordCount, "volunteer", Counting(*stocktake, kits_.name(), shelf_, 50));
  ASSERT_THAT(counted, IsOk());
  CostsStocktake("RetractCount", &Stocktakes::RetractCount, "volunteer",
                 Named<pb::RetractCountRequest>(counted->counts(0).name()));
  CostsStocktake("GetStocktake", &Stocktakes::GetStocktake, "volunteer", Named<pb::GetStocktakeRequest>(*stocktake));
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(*stocktake);
  CostsStocktake("ListStocktakeLines", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  lines.set_place(shelf);
  CostsStocktake("ListStocktakeLines of a shelf", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  lines.add_states(pb::LINE_STATE_UNCOUNTED);
  CostsStocktake("ListStocktakeLines that nobody counted", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  Costs("ReviewStocktake, ReopenStocktake", [&]() -> absl::Status {
    // Where an earlier call was cut off, one of them is done already.
    const absl::Status reviewed =
        Do(&Stocktakes::ReviewStocktake, "manager", Named<pb::ReviewStocktakeRequest>(*stocktake)).status();
    const absl::Status reopened =
        Do(&Stocktakes::ReopenStocktake, "manager", Named<pb::ReopenStocktakeRequest>(*stocktake)).status();
    return reviewed.ok() ? reopened : reviewed;
  });
  ASSERT_THAT(Do(&Stocktakes::ReviewStocktake, "manager", Named<pb::ReviewStocktakeRequest>(*stocktake)), IsOk());
  CostsStocktake("SettleLine", &Stocktakes::SettleLine, "manager", Settling(*stocktake, lot_.name(), shelf_));
}

TEST_F(PlansStocktakeTest, OpeningAndPostingReadWhatIsCounted) {
  int next = 0;
  Costs("OpenStocktake, CancelStocktake", [&]() -> absl::Status {
    ASSIGN_OR_RETURN(const std::string stocktake, Opened({ShelfOf(next++)}));
    return Do(&Stocktakes::CancelStocktake, "manager", Named<pb::CancelStocktakeRequest>(stocktake)).status();
  });
  // Ten more than there are by the ledger.
  Costs("from OpenStocktake to PostStocktake", [&]() -> absl::Status {
    const std::string shelf = ShelfOf(next), lot = LotOn(next++);
    ASSIGN_OR_RETURN(const std::string stocktake, Opened({shelf}));
    RETURN_IF_ERROR(Do(&Stocktakes::RecordCount, "volunteer", Counting(stocktake, lot, shelf, 11)).status());
    RETURN_IF_ERROR(Do(&Stocktakes::ReviewStocktake, "manager", Named<pb::ReviewStocktakeRequest>(stocktake)).status());
    RETURN_IF_ERROR(Do(&Stocktakes::SettleLine, "manager", Settling(stocktake, lot, shelf)).status());
    ASSIGN_OR_RETURN(const pb::PostStocktakeResponse posted,
                     Do(&Stocktakes::PostStocktake, "manager", Named<pb::PostStocktakeRequest>(stocktake)));
    EXPECT_EQ(posted.stocktake().posted_lines(), 1);
    EXPECT_EQ(posted.stocktake().state(), pb::STOCKTAKE_STATE_POSTED);
    return absl::OkStatus();
  });
  ASSERT_LE(next, kHistoryShelves);
}

TEST_F(PlansStocktakeTest, OneOfAWarehouseReadsWhatStandsThere) {
  const auto stocktake = Opened({});
  ASSERT_THAT(stocktake, IsOk());
  for (int n = 0; n < 20; ++n) {
    ASSERT_THAT(Do(&Stocktakes::RecordCount, "volunteer", Counting(*stocktake, LotOn(n), ShelfOf(n), 1 + n % 2)),
                IsOk());
  }
  CostsStocktake("RecordCount", &Stocktakes::RecordCount, "volunteer", Counting(*stocktake, LotOn(3), ShelfOf(3), 1));
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(*stocktake);
  CostsStocktake("ListStocktakeLines", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  const auto first = Do(&Stocktakes::ListStocktakeLines, "volunteer", lines);
  ASSERT_THAT(first, IsOk());
  ASSERT_NE(first->next_page_token(), "");
  lines.set_page_token(first->next_page_token());
  CostsStocktake("ListStocktakeLines, second page", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  lines.clear_page_token();
  lines.set_place(ShelfOf(3));
  CostsStocktake("ListStocktakeLines of a shelf", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  // Each line's state is worked out, so all that stands there is read, with its lot; but no more.
  constexpr int kAll = 3 * kStanding + kAtMost;
  lines.add_states(pb::LINE_STATE_DIFFERENT);
  lines.clear_place();
  CostsStocktake("ListStocktakeLines that differ", &Stocktakes::ListStocktakeLines, "volunteer", lines, kAll);
  CostsStocktake("GetStocktake", &Stocktakes::GetStocktake, "volunteer", Named<pb::GetStocktakeRequest>(*stocktake),
                 kAll);
  pb::ListStocktakesRequest list;
  CostsStocktake("ListStocktakes", &Stocktakes::ListStocktakes, "volunteer", list, kAll);
  list.set_state(pb::STOCKTAKE_STATE_OPEN);
  CostsStocktake("ListStocktakes that are open", &Stocktakes::ListStocktakes, "volunteer", list, kAll);
}

TEST_F(PlansStocktakeTest, PastOnes) {
  CostsStocktake("GetStocktake", &Stocktakes::GetStocktake, "volunteer",
                 Named<pb::GetStocktakeRequest>(Past("stocktakes", "s77")));
  pb::ListStocktakeLinesRequest lines;
  lines.set_stocktake(Past("stocktakes", "s77"));
  CostsStocktake("ListStocktakeLines", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  lines.add_states(pb::LINE_STATE_EQUAL);
  lines.set_place(Past("places", "h77"));
  CostsStocktake("ListStocktakeLines that were equal", &Stocktakes::ListStocktakeLines, "volunteer", lines);
  const auto found = Do(&Stocktakes::ListStocktakeLines, "volunteer", lines);
  ASSERT_THAT(found, IsOk());
  EXPECT_EQ(found->lines_size(), kStandingOnOne);
  // Of thousands, only some are of a kind.
  for (int state = 0; state <= pb::STOCKTAKE_STATE_CANCELLED; ++state) {
    pb::ListStocktakesRequest list;
    list.set_state(static_cast<pb::StocktakeState>(state));
    CostsStocktake(pb::StocktakeState_Name(list.state()), &Stocktakes::ListStocktakes, "volunteer", list);
    list.set_warehouse(east_house_);
    CostsStocktake(pb::StocktakeState_Name(list.state()) + " of a warehouse", &Stocktakes::ListStocktakes, "volunteer",
                   list);
    list.set_warehouse(west_house_);
    CostsStocktake(pb::StocktakeState_Name(list.state()) + " of another", &Stocktakes::ListStocktakes, "volunteer",
                   list);
  }
}

}  // namespace
}  // namespace kubari::stock
