#include "ops/kubari/demo.h"

#include <absl/time/clock.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <set>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/impact/v1/impact.pb.h"
#include "libs/calendar/clock.h"
#include "libs/ids/ids.h"
#include "ops/kubari/commands.h"
#include "ops/kubari/demo/cast.h"
#include "ops/kubari/demo/topics.h"
#include "ops/kubari/tables.h"

namespace kubari::cli {
namespace {

namespace allocation = kubari::allocation::v1;
namespace donors = kubari::donors::v1;
namespace identity = kubari::identity::v1;
namespace impact = kubari::impact::v1;
namespace stock = kubari::stock::v1;
using kubari::type::v1::Role;

// What one party of the demo has done, for the table at the end.
struct Quantity {
  int64_t count = 0;
  int64_t items = 0;
  int64_t grams = 0;
  void Add(int64_t more_items, int64_t item_grams) {
    items += more_items;
    grams += more_items * item_grams;
  }
};

class Play : public Cast {
 public:
  using Cast::Cast;

  absl::Status Run() {
    RETURN_IF_ERROR(MakeNetwork());
    RETURN_IF_ERROR(ImportTables());
    RETURN_IF_ERROR(InvitePeople());
    RETURN_IF_ERROR(AnswerOffers());
    RETURN_IF_ERROR(Receive());
    RETURN_IF_ERROR(Allocate());
    RETURN_IF_ERROR(AnswerLines());
    RETURN_IF_ERROR(Ship());
    RETURN_IF_ERROR(Confirm());
    RETURN_IF_ERROR(PlayHub(*this, run_));
    RETURN_IF_ERROR(PlayRegisters(*this));
    RETURN_IF_ERROR(PlaySupport(*this));
    RETURN_IF_ERROR(PlayCampaign(*this));
    RETURN_IF_ERROR(PlayRounds(*this));
    return Report();
  }

 private:
  absl::Status MakeNetwork() {
    identity::CreateNetworkRequest request;
    request.set_request_id(Id("network"));
    request.set_code("rei");
    request.set_display_name("例示フードネットワーク");
    request.set_time_zone("Asia/Tokyo");
    request.set_administrator_email("administrator@network.example");
    request.set_administrator_display_name("管理者（例）");
    ASSIGN_OR_RETURN(const identity::CreateNetworkResponse made,
                     Ask<identity::CreateNetworkResponse>(identity, kIdentity, "CreateNetwork", request));
    intermediary = made.organisation().name();
    ASSIGN_OR_RETURN(administrator, SignInBy(made.invite_code(), ""));
    ASSIGN_OR_RETURN(const absl::TimeZone zone, calendar::LoadZone(made.network().time_zone()));
    first_day = absl::ToCivilDay(absl::FromUnixSeconds(made.network().create_time().seconds()), zone);
    if (!options.key_file.empty()) {
      identity::CreateApiKeyRequest key;
      key.set_request_id(Id("administrator's key"));
      key.set_display_name("kubari, command line");
      key.mutable_grant()->set_organisation(intermediary);
      key.mutable_grant()->set_role(Role::ROLE_ADMINISTRATOR);
      ASSIGN_OR_RETURN(const identity::CreateApiKeyResponse made_key,
                       Ask<identity::CreateApiKeyResponse>(administrator, kIdentity, "CreateApiKey", key));
      const int file = ::open(options.key_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      const std::string line = made_key.key() + "\n";
      const bool written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
      if (file >= 0) ::close(file);
      if (!written)
        return absl::PermissionDeniedError(absl::StrCat("The key cannot be written to ", options.key_file, "."));
    }
    Say(absl::StrCat("network ", made.network().display_name()));
    return absl::OkStatus();
  }

  absl::Status ImportTables() {
    ASSIGN_OR_RETURN(coordinator,
                     PersonSession("coordinator", "コーディネーター（例）", intermediary, Role::ROLE_COORDINATOR));
    for (const std::string& kind : ImportKinds()) {
      // Errors were printed cell by cell.
      const std::string name = absl::StrCat(options.example, "/", kind);
      const std::string file = name + (access((name + ".xlsx").c_str(), R_OK) == 0 ? ".xlsx" : ".csv");
      if (cli::Import(coordinator, {kind, file}) != 0) {
        return absl::FailedPreconditionError(absl::StrCat("The example's table ", file, " was not taken."));
      }
    }
    return absl::OkStatus();
  }

  // One phone for each operator's warehouses, invited by its manager; one person for the first donor and the first
  // group.
  absl::Status InvitePeople() {
    ASSIGN_OR_RETURN(warehouses, (All<stock::ListWarehousesResponse>(
                                     coordinator, kStock, "ListWarehouses", stock::ListWarehousesRequest(),
                                     [](const auto& page) { return page.warehouses(); })));
    for (const stock::Warehouse& warehouse : warehouses) {
      stock::ListPlacesRequest request;
      request.set_warehouse(warehouse.name());
      ASSIGN_OR_RETURN(places[warehouse.name()],
                       (All<stock::ListPlacesResponse>(coordinator, kStock, "ListPlaces", request,
                                                       [](const auto& page) { return page.places(); })));
      if (phones.contains(warehouse.organisation())) continue;
      const std::string number = std::to_string(phones.size() + 1);
      ASSIGN_OR_RETURN(const Client manager,
                       PersonSession("manager" + number, absl::StrCat("倉庫管理者 ", number, "（例）"),
                                     warehouse.organisation(), Role::ROLE_WAREHOUSE_MANAGER));
      identity::CreateInviteRequest invite;
      invite.set_request_id(ids::NewUuid());
      invite.mutable_grant()->set_organisation(warehouse.organisation());
      invite.mutable_grant()->set_role(Role::ROLE_VOLUNTEER);
      ASSIGN_OR_RETURN(const identity::CreateInviteResponse invited,
                       Ask<identity::CreateInviteResponse>(manager, kIdentity, "CreateInvite", invite));
      ASSIGN_OR_RETURN(const Client phone, SignInBy(invited.code(), absl::StrCat("倉庫スマホ ", number)));
      phones.emplace(warehouse.organisation(), phone);
      if (phones.size() > 1) continue;
      RETURN_IF_ERROR(
          PersonSession("volunteer", "倉庫ボランティア（例）", warehouse.organisation(), Role::ROLE_VOLUNTEER)
              .status());
    }
    RETURN_IF_ERROR(PersonSession("auditor", "監査（例）", intermediary, Role::ROLE_AUDITOR).status());
    donors::ListDonorsRequest donors;
    donors.set_page_size(1);
    ASSIGN_OR_RETURN(const donors::ListDonorsResponse some_donors,
                     Ask<donors::ListDonorsResponse>(coordinator, kDonors, "ListDonors", donors));
    if (some_donors.donors_size() > 0) {
      RETURN_IF_ERROR(PersonSession("donor", absl::StrCat(some_donors.donors(0).display_name(), " 担当（例）"),
                                    Organisation(some_donors.donors(0).name()), Role::ROLE_DONOR)
                          .status());
    }
    Say(absl::StrCat("people and ", phones.size(), " phones have joined"));
    return absl::OkStatus();
  }

  // The nearest warehouse that keeps all of the offer's temperatures; by degrees, which is enough to choose among a
  // few.
  const stock::Warehouse* WarehouseFor(const donors::Offer& offer) const {
    const stock::Warehouse* best = nullptr;
    double best_distance = 0;
    for (const stock::Warehouse& warehouse : warehouses) {
      bool fits = true;
      for (const donors::OfferLine& line : offer.lines())
        fits = fits && ShelfFor(warehouse.name(), line.temperature_zone()) != nullptr;
      if (!fits) continue;
      const double dy = offer.place().position().latitude_e6() - warehouse.address().position().latitude_e6();
      const double dx = offer.place().position().longitude_e6() - warehouse.address().position().longitude_e6();
      const double distance = dx * dx + dy * dy;
      if (best == nullptr || distance < best_distance) {
        best = &warehouse;
        best_distance = distance;
      }
    }
    return best;
  }

  absl::StatusOr<std::vector<donors::Offer>> Offers(std::initializer_list<donors::OfferState> states) {
    donors::ListOffersRequest request;
    for (const donors::OfferState state : states) request.add_states(state);
    return All<donors::ListOffersResponse>(coordinator, kDonors, "ListOffers", request,
                                           [](const auto& page) { return page.offers(); });
  }

  absl::Status AnswerOffers() {
    ASSIGN_OR_RETURN(const std::vector<donors::Offer> submitted, Offers({donors::OFFER_STATE_SUBMITTED}));
    int declined = 0;
    int left = 0;
    for (const donors::Offer& offer : submitted) {
      // Something is left to do for whoever signs in as coordinator, group or volunteer: here, in AnswerLines and in
      // Ship.
      if (OneIn(20, "later " + offer.code())) {
        ++left;
        continue;
      }
      const stock::Warehouse* warehouse = WarehouseFor(offer);
      if (warehouse == nullptr || OneIn(20, offer.code())) {
        donors::DeclineOfferRequest decline;
        decline.set_request_id(Id("decline " + offer.name()));
        decline.set_name(offer.name());
        decline.set_etag(offer.etag());
        decline.set_reason("今回は保管場所が足りないため、辞退いたします。");
        RETURN_IF_ERROR(Ask<donors::Offer>(coordinator, kDonors, "DeclineOffer", decline).status());
        ++declined;
        continue;
      }
      donors::AcceptOfferRequest accept;
      accept.set_request_id(Id("accept " + offer.name()));
      accept.set_name(offer.name());
      accept.set_etag(offer.etag());
      accept.set_warehouse(warehouse->name());
      RETURN_IF_ERROR(Ask<donors::Offer>(coordinator, kDonors, "AcceptOffer", accept).status());
    }
    Say(absl::StrCat(submitted.size() - declined - left, " offers accepted, ", declined, " declined, ", left,
                     " not answered yet"));
    return absl::OkStatus();
  }

  absl::Status Receive() {
    ASSIGN_OR_RETURN(const std::vector<donors::Offer> accepted,
                     Offers({donors::OFFER_STATE_ACCEPTED, donors::OFFER_STATE_RECEIVED}));
    std::vector<std::pair<const donors::Offer*, const donors::OfferLine*>> lines;
    for (const donors::Offer& offer : accepted) {
      for (const donors::OfferLine& line : offer.lines()) lines.emplace_back(&offer, &line);
    }
    RETURN_IF_ERROR(InParallel(lines.size(), [&](size_t i) -> absl::Status {
      const auto& [offer, line] = lines[i];
      const stock::Place* shelf = ShelfFor(offer->warehouse(), line->temperature_zone());
      if (shelf == nullptr)
        return absl::FailedPreconditionError("No shelf keeps the temperature of " + line->product_display_name());
      // Now and then a case is missing, as in life.
      const int64_t cases = line->accepted_cases() - (line->accepted_cases() > 1 && OneIn(15, line->name()) ? 1 : 0);
      stock::ReceiveStockRequest request;
      request.set_request_id(Id("receive " + line->name()));
      request.set_place(shelf->name());
      request.set_offer_line(line->name());
      request.set_items(cases * line->items_per_case());
      ASSIGN_OR_RETURN(const stock::ReceiveStockResponse received,
                       Ask<stock::ReceiveStockResponse>(PhoneOf(offer->warehouse()), kStock, "ReceiveStock", request));
      Acknowledged(received.movement());
      return absl::OkStatus();
    }));
    Say(absl::StrCat(lines.size(), " offered lines scanned in"));
    return absl::OkStatus();
  }

  absl::Status Allocate() {
    allocation::CreateRunRequest create;
    create.set_request_id(Id("run"));
    create.set_run_id(Id("run id"));
    create.set_title("はじめての配分");
    ASSIGN_OR_RETURN(run_, Ask<allocation::Run>(coordinator, kAllocation, "CreateRun", create));
    allocation::GetRunRequest get;
    get.set_name(run_.name());
    const absl::Time give_up = absl::Now() + absl::Minutes(2);
    for (;;) {
      ASSIGN_OR_RETURN(run_, Ask<allocation::Run>(coordinator, kAllocation, "GetRun", get));
      if (run_.state() == allocation::RUN_STATE_PUBLISHED) break;
      if (run_.state() == allocation::RUN_STATE_PROPOSED) {
        allocation::PublishRunRequest publish;
        publish.set_request_id(Id("publish"));
        publish.set_name(run_.name());
        publish.set_etag(run_.etag());
        RETURN_IF_ERROR(Ask<allocation::Run>(coordinator, kAllocation, "PublishRun", publish).status());
        continue;
      }
      if (absl::Now() > give_up) return absl::DeadlineExceededError("The run is not published after two minutes.");
      absl::SleepFor(absl::Milliseconds(200));
    }
    Say(absl::StrCat("allocation run: ", run_.summary().lines(), " lines for ", run_.summary().groups_served(),
                     " groups, published"));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<allocation::Line>> Lines(std::initializer_list<allocation::LineState> states) {
    allocation::ListLinesRequest request;
    request.set_run(run_.name());
    for (const allocation::LineState state : states) request.add_states(state);
    return All<allocation::ListLinesResponse>(coordinator, kAllocation, "ListLines", request,
                                              [](const auto& page) { return page.lines(); });
  }

  // One group answers on its own account; the coordinator notes down the others' answers.
  absl::Status AnswerLines() {
    ASSIGN_OR_RETURN(const std::vector<allocation::Line> offered, Lines({allocation::LINE_STATE_OFFERED}));
    ASSIGN_OR_RETURN(const std::vector<allocation::Line> all, Lines({}));
    std::string kept;  // a line that the group has not answered yet
    if (!all.empty()) {
      const allocation::Line& first =
          *std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
      group = first.group();
      kept = first.name();
      ASSIGN_OR_RETURN(group_session, PersonSession("group", absl::StrCat(first.group_display_name(), " 代表（例）"),
                                                    Organisation(first.group()), Role::ROLE_GROUP));
    }
    std::atomic<int> refused{0}, left{0};
    RETURN_IF_ERROR(InParallel(offered.size(), [&](size_t i) -> absl::Status {
      const allocation::Line& line = offered[i];
      if (line.name() == kept) {
        ++left;
        return absl::OkStatus();
      }
      const Client& who = line.group() == group ? group_session : coordinator;
      if (OneIn(25, line.group() + line.lot())) {
        allocation::RefuseLineRequest refuse;
        refuse.set_request_id(Id("refuse " + line.name()));
        refuse.set_name(line.name());
        refuse.set_reason("NO_SPACE");
        ++refused;
        return Ask<allocation::Line>(who, kAllocation, "RefuseLine", refuse).status();
      }
      allocation::AcceptLineRequest accept;
      accept.set_request_id(Id("accept " + line.name()));
      accept.set_name(line.name());
      return Ask<allocation::Line>(who, kAllocation, "AcceptLine", accept).status();
    }));
    Say(absl::StrCat(offered.size() - refused - left, " lines accepted by the groups, ", refused.load(), " refused, ",
                     left.load(), " not answered yet"));
    return absl::OkStatus();
  }

  absl::Status Ship() {
    size_t count = 0;
    for (const stock::Warehouse& warehouse : warehouses) {
      allocation::GetPickListRequest request;
      request.set_warehouse(warehouse.name());
      for (;;) {
        ASSIGN_OR_RETURN(
            const allocation::GetPickListResponse list,
            Ask<allocation::GetPickListResponse>(PhoneOf(warehouse.name()), kAllocation, "GetPickList", request));
        // The list follows the ledger a moment later, so what was issued just now may still stand on it. What groups
        // claimed stays there, to be picked by whoever tries it.
        std::vector<const allocation::Line*> lines;
        for (const allocation::PickDelivery& delivery : list.deliveries()) {
          if (OneIn(25, "later " + delivery.delivery())) continue;
          for (const allocation::Line& line : delivery.lines()) {
            if (line.name().starts_with(run_.name()) && shipped_.insert(line.name()).second) lines.push_back(&line);
          }
        }
        if (lines.empty()) break;
        count += lines.size();
        RETURN_IF_ERROR(InParallel(lines.size(), [&](size_t i) -> absl::Status {
          stock::IssueStockRequest issue;
          issue.set_request_id(Id("issue " + lines[i]->name()));
          issue.set_reservation(lines[i]->reservation());
          issue.set_items(lines[i]->items());
          ASSIGN_OR_RETURN(const stock::IssueStockResponse issued,
                           Ask<stock::IssueStockResponse>(PhoneOf(warehouse.name()), kStock, "IssueStock", issue));
          Acknowledged(issued.movement());
          return absl::OkStatus();
        }));
      }
    }
    Say(absl::StrCat(count, " lines picked and scanned out"));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<stock::Delivery>> Deliveries() {
    return All<stock::ListDeliveriesResponse>(coordinator, kStock, "ListDeliveries", stock::ListDeliveriesRequest(),
                                              [](const auto& page) { return page.deliveries(); });
  }

  absl::Status Confirm() {
    ASSIGN_OR_RETURN(const std::vector<allocation::Line> lines, Lines({}));
    std::set<std::string> of_run;
    for (const allocation::Line& line : lines) of_run.insert(line.delivery());
    ASSIGN_OR_RETURN(std::vector<stock::Delivery> deliveries, Deliveries());
    std::erase_if(deliveries, [&](const stock::Delivery& delivery) { return !of_run.contains(delivery.name()); });
    std::atomic<int> confirmed{0};
    RETURN_IF_ERROR(InParallel(deliveries.size(), [&](size_t i) -> absl::Status {
      const stock::Delivery& delivery = deliveries[i];
      // A few groups forget.
      if (delivery.group() != group && OneIn(30, delivery.group())) return absl::OkStatus();
      if (delivery.state() == stock::DELIVERY_STATE_CONFIRMED) return absl::OkStatus();
      stock::ConfirmReceiptRequest confirm;
      confirm.set_request_id(Id("confirm " + delivery.name()));
      confirm.set_delivery(delivery.name());
      // A torn bag now and then.
      if (OneIn(20, delivery.group()) && delivery.lines(0).issued_items() > 1) {
        stock::ArrivedLine& line = *confirm.add_lines();
        line.set_lot(delivery.lines(0).lot().name());
        line.set_items(delivery.lines(0).issued_items() - 1);
        line.set_reason("DAMAGED");
      }
      const Client& who = delivery.group() == group ? group_session : coordinator;
      ASSIGN_OR_RETURN(const stock::ConfirmReceiptResponse answer,
                       Ask<stock::ConfirmReceiptResponse>(who, kStock, "ConfirmReceipt", confirm));
      for (const stock::Movement& movement : answer.movements()) Acknowledged(movement);
      ++confirmed;
      return absl::OkStatus();
    }));
    Say(absl::StrCat(confirmed.load(), " of ", deliveries.size(), " deliveries confirmed"));
    return absl::OkStatus();
  }

  // Everything in the table is read back from the services.
  absl::Status Report() {
    ASSIGN_OR_RETURN(const std::vector<donors::Offer> offers, Offers({}));
    Quantity offered, received;
    for (const donors::Offer& offer : offers) {
      ++offered.count;
      bool arrived = false;
      for (const donors::OfferLine& line : offer.lines()) {
        offered.Add(line.cases() * line.items_per_case(), line.item_grams());
        received.Add(line.received_items(), line.item_grams());
        arrived = arrived || line.received_items() > 0;
      }
      received.count += arrived ? 1 : 0;
    }
    ASSIGN_OR_RETURN(const std::vector<stock::Delivery> deliveries, Deliveries());
    Quantity shipped, confirmed;
    for (const stock::Delivery& delivery : deliveries) {
      // What a hub hands on was shipped to it before, and counts with the group instead of the hub.
      const bool handed_on = delivery.source().kind() == stock::PLACE_KIND_GROUP;
      shipped.count += handed_on ? 0 : 1;
      confirmed.count += delivery.state() == stock::DELIVERY_STATE_CONFIRMED ? 1 : 0;
      for (const stock::DeliveryLine& line : delivery.lines()) {
        if (!handed_on) shipped.Add(line.issued_items(), line.lot().item_grams());
        confirmed.Add(line.confirmed_items() - (handed_on ? line.issued_items() : 0), line.lot().item_grams());
      }
    }
    ASSIGN_OR_RETURN(const impact::GetImpactResponse figures, Impact());
    const impact::Figures& total = figures.total();
    TextTable table({"", "count", "items", "kg"});
    const auto row = [&table](const char* what, const std::string& count, int64_t items, int64_t grams) {
      table.Add({what, count, Grouped(items), Grouped(grams / 1000)});
    };
    row("offered", absl::StrCat(offered.count, " offers"), offered.items, offered.grams);
    row("received", absl::StrCat(received.count, " offers"), received.items, received.grams);
    row("allocated", absl::StrCat(run_.summary().lines(), " lines"), run_.summary().allocated_items(),
        run_.summary().allocated_grams());
    row("shipped", absl::StrCat(shipped.count, " deliveries"), shipped.items, shipped.grams);
    row("confirmed", absl::StrCat(confirmed.count, " deliveries"), confirmed.items, confirmed.grams);
    row("impact", absl::StrCat(total.deliveries(), " deliveries"), total.items(), total.grams());
    std::printf("\n%s\n  %s groups, %s households (%s cumulative); ledger position %s\n\n", table.Print().c_str(),
                Grouped(total.groups()).c_str(), Grouped(total.households_distinct()).c_str(),
                Grouped(total.households_cumulative()).c_str(), Grouped(figures.ledger_position()).c_str());
    if (total.items() != confirmed.items) {
      return absl::DataLossError(
          absl::StrCat("Impact counts ", total.items(), " items, the deliveries ", confirmed.items, "."));
    }
    // The path of one lot: the one that went to the most groups without filling the screen.
    std::map<std::string, std::set<std::string>> groups_of;
    for (const stock::Delivery& delivery : deliveries) {
      for (const stock::DeliveryLine& line : delivery.lines()) groups_of[line.lot().code()].insert(delivery.group());
    }
    std::string chosen;
    for (const auto& [code, groups] : groups_of) {
      if (groups.size() <= 8 && (chosen.empty() || groups.size() > groups_of[chosen].size())) chosen = code;
    }
    if (!chosen.empty()) {
      std::printf("The path of one lot, %s:\n", chosen.c_str());
      if (Trace(coordinator, {chosen}) != 0) return absl::InternalError("The lot's path could not be read.");
    }
    return absl::OkStatus();
  }

  // Waits until impact has counted everything the ledger holds.
  absl::StatusOr<impact::GetImpactResponse> Impact() {
    const absl::Time give_up = absl::Now() + absl::Minutes(1);
    for (;;) {
      ASSIGN_OR_RETURN(const impact::GetImpactResponse figures,
                       coordinator.Call<impact::GetImpactResponse>("kubari.impact.v1.ImpactService/GetImpact",
                                                                   impact::GetImpactRequest()));
      if (figures.ledger_position() > last_position) return figures;
      if (absl::Now() > give_up) return absl::DeadlineExceededError("Impact does not follow the ledger.");
      absl::SleepFor(absl::Milliseconds(200));
    }
  }

  allocation::Run run_;
  std::set<std::string> shipped_;
};

}  // namespace

int Demo(const Client& gateway, const Client& identity, const DemoOptions& options) {
  const absl::Status status = Play(gateway, identity, options).Run();
  return status.ok() ? 0 : PrintError(status);
}

}  // namespace kubari::cli
