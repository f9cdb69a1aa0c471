#include "ops/kubari/demo.h"

#include <absl/time/clock.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "kubari/allocation/v1/allocation.pb.h"
#include "kubari/donors/v1/donors.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "kubari/identity/v1/identity.pb.h"
#include "kubari/impact/v1/impact.pb.h"
#include "kubari/stock/v1/stock.pb.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "ops/kubari/commands.h"
#include "ops/kubari/tables.h"

namespace kubari::cli {
namespace {

namespace allocation = kubari::allocation::v1;
namespace donors = kubari::donors::v1;
namespace identity = kubari::identity::v1;
namespace impact = kubari::impact::v1;
namespace stock = kubari::stock::v1;
using kubari::type::v1::Role;

constexpr char kIdentity[] = "kubari.identity.v1.IdentityService/";
constexpr char kDonors[] = "kubari.donors.v1.DonorsService/";
constexpr char kStock[] = "kubari.stock.v1.StockService/";
constexpr char kAllocation[] = "kubari.allocation.v1.AllocationService/";

// The id of a step: the same in every run of the demo.
std::string Id(const std::string& step) { return ids::DeriveV5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "kubari demo/" + step); }

// True for one in `n` names, always the same ones.
bool OneIn(unsigned n, const std::string& name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash % n == 0;
}

// Runs `work(i)` for 0 ≤ i < count on four threads; stops at the first failure and returns it.
absl::Status InParallel(size_t count, const std::function<absl::Status(size_t)>& work) {
  std::atomic<size_t> next{0};
  std::mutex mutex;
  absl::Status first;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = next++; i < count; i = next++) {
        const absl::Status status = work(i);
        if (status.ok()) continue;
        const std::lock_guard<std::mutex> lock(mutex);
        if (first.ok()) first = status;
        next = count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  return first;
}

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

class Play {
 public:
  Play(const Client& gateway, const Client& identity, const DemoOptions& options)
      : gateway_(gateway), identity_(identity), options_(options), start_(absl::Now()) {
    if (!options.journal.empty()) journal_.open(options.journal, std::ios::app);
  }

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
    return Report();
  }

 private:
  // All pages of a list. `rows` picks the repeated field of an answer.
  template <typename Response, typename Request, typename Rows>
  auto All(const Client& client, const char* service, const char* method, Request request, Rows rows)
      -> absl::StatusOr<std::vector<typename std::decay_t<decltype(rows(std::declval<const Response&>()))>::value_type>> {
    std::vector<typename std::decay_t<decltype(rows(std::declval<const Response&>()))>::value_type> all;
    request.set_page_size(200);
    for (;;) {
      ASSIGN_OR_RETURN(const Response page, client.Call<Response>(absl::StrCat(service, method).c_str(), request));
      for (const auto& row : rows(page)) all.push_back(row);
      if (page.next_page_token().empty()) return all;
      request.set_page_token(page.next_page_token());
    }
  }

  absl::StatusOr<Client> SignInBy(const std::string& code, const std::string& device) {
    identity::RedeemInviteRequest redeem;
    redeem.set_code(code);
    redeem.set_device_display_name(device);
    redeem.set_request_id(ids::NewUuid());
    ASSIGN_OR_RETURN(const identity::SignInResponse session,
                     gateway_.Call<identity::SignInResponse>(absl::StrCat(kIdentity, "RedeemInvite").c_str(), redeem));
    return gateway_.WithToken(session.token());
  }

  absl::Status MakeNetwork() {
    identity::CreateNetworkRequest request;
    request.set_request_id(Id("network"));
    request.set_code("rei");
    request.set_display_name("例示フードネットワーク");
    request.set_time_zone("Asia/Tokyo");
    request.set_administrator_email("administrator@network.example");
    request.set_administrator_display_name("管理者（例）");
    ASSIGN_OR_RETURN(const identity::CreateNetworkResponse made,
                     identity_.Call<identity::CreateNetworkResponse>(absl::StrCat(kIdentity, "CreateNetwork").c_str(), request));
    intermediary_ = made.organisation().name();
    ASSIGN_OR_RETURN(const Client administrator, SignInBy(made.invite_code(), ""));
    administrator_ = administrator;
    if (!options_.key_file.empty()) {
      identity::CreateApiKeyRequest key;
      key.set_request_id(Id("administrator's key"));
      key.set_display_name("kubari, command line");
      key.mutable_grant()->set_organisation(intermediary_);
      key.mutable_grant()->set_role(Role::ROLE_ADMINISTRATOR);
      ASSIGN_OR_RETURN(const identity::CreateApiKeyResponse made_key,
                       administrator_.Call<identity::CreateApiKeyResponse>(absl::StrCat(kIdentity, "CreateApiKey").c_str(), key));
      const int file = ::open(options_.key_file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
      const std::string line = made_key.key() + "\n";
      const bool written = file >= 0 && ::write(file, line.data(), line.size()) == static_cast<ssize_t>(line.size());
      if (file >= 0) ::close(file);
      if (!written) return absl::PermissionDeniedError(absl::StrCat("The key cannot be written to ", options_.key_file, "."));
    }
    Say(absl::StrCat("network ", made.network().display_name()));
    return absl::OkStatus();
  }

  absl::Status ImportTables() {
    ASSIGN_OR_RETURN(coordinator_, PersonSession("coordinator", "コーディネーター（例）", intermediary_, Role::ROLE_COORDINATOR));
    for (const std::string& kind : ImportKinds()) {
      // Errors were printed cell by cell.
      const std::string name = absl::StrCat(options_.example, "/", kind);
      const std::string file = name + (access((name + ".xlsx").c_str(), R_OK) == 0 ? ".xlsx" : ".csv");
      if (cli::Import(coordinator_, {kind, file}) != 0) {
        return absl::FailedPreconditionError(absl::StrCat("The example's table ", file, " was not taken."));
      }
    }
    return absl::OkStatus();
  }

  absl::StatusOr<Client> PersonSession(const std::string& mailbox, const std::string& display_name, const std::string& organisation,
                                       Role role) {
    identity::CreatePersonRequest person;
    person.set_request_id(Id("person " + mailbox));
    person.set_display_name(display_name);
    person.set_email(mailbox + "@network.example");
    identity::Grant& grant = *person.add_grants();
    grant.set_organisation(organisation);
    grant.set_role(role);
    ASSIGN_OR_RETURN(const identity::Person made,
                     administrator_.Call<identity::Person>(absl::StrCat(kIdentity, "CreatePerson").c_str(), person));
    identity::CreateInviteRequest invite;
    invite.set_request_id(ids::NewUuid());
    invite.set_person(made.name());
    ASSIGN_OR_RETURN(const identity::CreateInviteResponse invited,
                     administrator_.Call<identity::CreateInviteResponse>(absl::StrCat(kIdentity, "CreateInvite").c_str(), invite));
    return SignInBy(invited.code(), "");
  }

  // One phone for each operator's warehouses, invited by its manager; one person for the first donor and the first group.
  absl::Status InvitePeople() {
    ASSIGN_OR_RETURN(warehouses_, (All<stock::ListWarehousesResponse>(
                                      coordinator_, kStock, "ListWarehouses", stock::ListWarehousesRequest(),
                                      [](const auto& page) { return page.warehouses(); })));
    for (const stock::Warehouse& warehouse : warehouses_) {
      stock::ListPlacesRequest request;
      request.set_warehouse(warehouse.name());
      ASSIGN_OR_RETURN(places_[warehouse.name()],
                       (All<stock::ListPlacesResponse>(coordinator_, kStock, "ListPlaces", request,
                                                       [](const auto& page) { return page.places(); })));
      if (phones_.contains(warehouse.organisation())) continue;
      const std::string number = std::to_string(phones_.size() + 1);
      ASSIGN_OR_RETURN(const Client manager, PersonSession("manager" + number, absl::StrCat("倉庫管理者 ", number, "（例）"),
                                                           warehouse.organisation(), Role::ROLE_WAREHOUSE_MANAGER));
      identity::CreateInviteRequest invite;
      invite.set_request_id(ids::NewUuid());
      invite.mutable_grant()->set_organisation(warehouse.organisation());
      invite.mutable_grant()->set_role(Role::ROLE_VOLUNTEER);
      ASSIGN_OR_RETURN(const identity::CreateInviteResponse invited,
                       manager.Call<identity::CreateInviteResponse>(absl::StrCat(kIdentity, "CreateInvite").c_str(), invite));
      ASSIGN_OR_RETURN(const Client phone, SignInBy(invited.code(), absl::StrCat("倉庫スマホ ", number)));
      phones_.emplace(warehouse.organisation(), phone);
      if (phones_.size() > 1) continue;
      RETURN_IF_ERROR(PersonSession("volunteer", "倉庫ボランティア（例）", warehouse.organisation(), Role::ROLE_VOLUNTEER).status());
    }
    RETURN_IF_ERROR(PersonSession("auditor", "監査（例）", intermediary_, Role::ROLE_AUDITOR).status());
    donors::ListDonorsRequest donors;
    donors.set_page_size(1);
    ASSIGN_OR_RETURN(const donors::ListDonorsResponse some_donors,
                     coordinator_.Call<donors::ListDonorsResponse>(absl::StrCat(kDonors, "ListDonors").c_str(), donors));
    if (some_donors.donors_size() > 0) {
      RETURN_IF_ERROR(PersonSession("donor", absl::StrCat(some_donors.donors(0).display_name(), " 担当（例）"),
                                    Organisation(some_donors.donors(0).name()), Role::ROLE_DONOR)
                          .status());
    }
    Say(absl::StrCat("people and ", phones_.size(), " phones have joined"));
    return absl::OkStatus();
  }

  static std::string Organisation(const std::string& name) { return absl::StrCat("organisations/", name.substr(name.find('/') + 1)); }

  const stock::Place* ShelfFor(const std::string& warehouse, kubari::type::v1::TemperatureZone zone) const {
    const auto places = places_.find(warehouse);
    if (places == places_.end()) return nullptr;
    for (const stock::Place& place : places->second) {
      if (place.temperature_zone() == zone) return &place;
    }
    return nullptr;
  }

  // The nearest warehouse that keeps all of the offer's temperatures; by degrees, which is enough to choose among a few.
  const stock::Warehouse* WarehouseFor(const donors::Offer& offer) const {
    const stock::Warehouse* best = nullptr;
    double best_distance = 0;
    for (const stock::Warehouse& warehouse : warehouses_) {
      bool fits = true;
      for (const donors::OfferLine& line : offer.lines()) fits = fits && ShelfFor(warehouse.name(), line.temperature_zone()) != nullptr;
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
    return All<donors::ListOffersResponse>(coordinator_, kDonors, "ListOffers", request, [](const auto& page) { return page.offers(); });
  }

  absl::Status AnswerOffers() {
    ASSIGN_OR_RETURN(const std::vector<donors::Offer> submitted, Offers({donors::OFFER_STATE_SUBMITTED}));
    int declined = 0;
    int left = 0;
    for (const donors::Offer& offer : submitted) {
      // Something is left to do for whoever signs in as coordinator, group or volunteer: here, in AnswerLines and in Ship.
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
        RETURN_IF_ERROR(coordinator_.Call<donors::Offer>(absl::StrCat(kDonors, "DeclineOffer").c_str(), decline).status());
        ++declined;
        continue;
      }
      donors::AcceptOfferRequest accept;
      accept.set_request_id(Id("accept " + offer.name()));
      accept.set_name(offer.name());
      accept.set_etag(offer.etag());
      accept.set_warehouse(warehouse->name());
      RETURN_IF_ERROR(coordinator_.Call<donors::Offer>(absl::StrCat(kDonors, "AcceptOffer").c_str(), accept).status());
    }
    Say(absl::StrCat(submitted.size() - declined - left, " offers accepted, ", declined, " declined, ", left, " not answered yet"));
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
      if (shelf == nullptr) return absl::FailedPreconditionError("No shelf keeps the temperature of " + line->product_display_name());
      // Now and then a case is missing, as in life.
      const int64_t cases = line->accepted_cases() - (line->accepted_cases() > 1 && OneIn(15, line->name()) ? 1 : 0);
      stock::ReceiveStockRequest request;
      request.set_request_id(Id("receive " + line->name()));
      request.set_place(shelf->name());
      request.set_offer_line(line->name());
      request.set_items(cases * line->items_per_case());
      ASSIGN_OR_RETURN(const stock::ReceiveStockResponse received,
                       PhoneOf(offer->warehouse()).Call<stock::ReceiveStockResponse>(absl::StrCat(kStock, "ReceiveStock").c_str(), request));
      Acknowledged(received.movement());
      return absl::OkStatus();
    }));
    Say(absl::StrCat(lines.size(), " offered lines scanned in"));
    return absl::OkStatus();
  }

  const Client& PhoneOf(const std::string& warehouse) const {
    for (const stock::Warehouse& known : warehouses_) {
      if (known.name() == warehouse) return phones_.at(known.organisation());
    }
    return phones_.begin()->second;
  }

  absl::Status Allocate() {
    allocation::CreateRunRequest create;
    create.set_request_id(Id("run"));
    create.set_run_id(Id("run id"));
    create.set_title("はじめての配分");
    ASSIGN_OR_RETURN(run_, coordinator_.Call<allocation::Run>(absl::StrCat(kAllocation, "CreateRun").c_str(), create));
    allocation::GetRunRequest get;
    get.set_name(run_.name());
    const absl::Time give_up = absl::Now() + absl::Minutes(2);
    for (;;) {
      ASSIGN_OR_RETURN(run_, coordinator_.Call<allocation::Run>(absl::StrCat(kAllocation, "GetRun").c_str(), get));
      if (run_.state() == allocation::RUN_STATE_PUBLISHED) break;
      if (run_.state() == allocation::RUN_STATE_PROPOSED) {
        allocation::PublishRunRequest publish;
        publish.set_request_id(Id("publish"));
        publish.set_name(run_.name());
        publish.set_etag(run_.etag());
        RETURN_IF_ERROR(coordinator_.Call<allocation::Run>(absl::StrCat(kAllocation, "PublishRun").c_str(), publish).status());
        continue;
      }
      if (absl::Now() > give_up) return absl::DeadlineExceededError("The run is not published after two minutes.");
      absl::SleepFor(absl::Milliseconds(200));
    }
    Say(absl::StrCat("allocation run: ", run_.summary().lines(), " lines for ", run_.summary().groups_served(), " groups, published"));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<allocation::Line>> Lines(std::initializer_list<allocation::LineState> states) {
    allocation::ListLinesRequest request;
    request.set_run(run_.name());
    for (const allocation::LineState state : states) request.add_states(state);
    return All<allocation::ListLinesResponse>(coordinator_, kAllocation, "ListLines", request,
                                              [](const auto& page) { return page.lines(); });
  }

  // One group answers on its own account; the coordinator notes down the others' answers.
  absl::Status AnswerLines() {
    ASSIGN_OR_RETURN(const std::vector<allocation::Line> offered, Lines({allocation::LINE_STATE_OFFERED}));
    ASSIGN_OR_RETURN(const std::vector<allocation::Line> all, Lines({}));
    std::string kept;  // a line that the group has not answered yet
    if (!all.empty()) {
      const allocation::Line& first = *std::min_element(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.name() < b.name(); });
      group_ = first.group();
      kept = first.name();
      ASSIGN_OR_RETURN(group_session_, PersonSession("group", absl::StrCat(first.group_display_name(), " 代表（例）"),
                                                     Organisation(first.group()), Role::ROLE_GROUP));
    }
    std::atomic<int> refused{0}, left{0};
    RETURN_IF_ERROR(InParallel(offered.size(), [&](size_t i) -> absl::Status {
      const allocation::Line& line = offered[i];
      if (line.name() == kept) {
        ++left;
        return absl::OkStatus();
      }
      const Client& who = line.group() == group_ ? group_session_ : coordinator_;
      if (OneIn(25, line.group() + line.lot())) {
        allocation::RefuseLineRequest refuse;
        refuse.set_request_id(Id("refuse " + line.name()));
        refuse.set_name(line.name());
        refuse.set_reason("NO_SPACE");
        ++refused;
        return who.Call<allocation::Line>(absl::StrCat(kAllocation, "RefuseLine").c_str(), refuse).status();
      }
      allocation::AcceptLineRequest accept;
      accept.set_request_id(Id("accept " + line.name()));
      accept.set_name(line.name());
      return who.Call<allocation::Line>(absl::StrCat(kAllocation, "AcceptLine").c_str(), accept).status();
    }));
    Say(absl::StrCat(offered.size() - refused - left, " lines accepted by the groups, ", refused.load(), " refused, ", left.load(), " not answered yet"));
    return absl::OkStatus();
  }

  absl::Status Ship() {
    size_t count = 0;
    for (const stock::Warehouse& warehouse : warehouses_) {
      allocation::GetPickListRequest request;
      request.set_warehouse(warehouse.name());
      for (;;) {
        ASSIGN_OR_RETURN(const allocation::GetPickListResponse list,
                         PhoneOf(warehouse.name()).Call<allocation::GetPickListResponse>(absl::StrCat(kAllocation, "GetPickList").c_str(), request));
        // The list follows the ledger a moment later, so what was issued just now may still stand on it.
        std::vector<const allocation::Line*> lines;
        for (const allocation::PickDelivery& delivery : list.deliveries()) {
          if (OneIn(25, "later " + delivery.delivery())) continue;
          for (const allocation::Line& line : delivery.lines()) {
            if (shipped_.insert(line.name()).second) lines.push_back(&line);
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
                           PhoneOf(warehouse.name()).Call<stock::IssueStockResponse>(absl::StrCat(kStock, "IssueStock").c_str(), issue));
          Acknowledged(issued.movement());
          return absl::OkStatus();
        }));
      }
    }
    Say(absl::StrCat(count, " lines picked and scanned out"));
    return absl::OkStatus();
  }

  absl::StatusOr<std::vector<stock::Delivery>> Deliveries() {
    return All<stock::ListDeliveriesResponse>(coordinator_, kStock, "ListDeliveries", stock::ListDeliveriesRequest(),
                                              [](const auto& page) { return page.deliveries(); });
  }

  absl::Status Confirm() {
    ASSIGN_OR_RETURN(const std::vector<stock::Delivery> deliveries, Deliveries());
    std::atomic<int> confirmed{0};
    RETURN_IF_ERROR(InParallel(deliveries.size(), [&](size_t i) -> absl::Status {
      const stock::Delivery& delivery = deliveries[i];
      // A few groups forget.
      if (delivery.group() != group_ && OneIn(30, delivery.group())) return absl::OkStatus();
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
      const Client& who = delivery.group() == group_ ? group_session_ : coordinator_;
      ASSIGN_OR_RETURN(const stock::ConfirmReceiptResponse answer,
                       who.Call<stock::ConfirmReceiptResponse>(absl::StrCat(kStock, "ConfirmReceipt").c_str(), confirm));
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
      ++shipped.count;
      confirmed.count += delivery.state() == stock::DELIVERY_STATE_CONFIRMED ? 1 : 0;
      for (const stock::DeliveryLine& line : delivery.lines()) {
        shipped.Add(line.issued_items(), line.lot().item_grams());
        confirmed.Add(line.confirmed_items(), line.lot().item_grams());
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
    row("allocated", absl::StrCat(run_.summary().lines(), " lines"), run_.summary().allocated_items(), run_.summary().allocated_grams());
    row("shipped", absl::StrCat(shipped.count, " deliveries"), shipped.items, shipped.grams);
    row("confirmed", absl::StrCat(confirmed.count, " deliveries"), confirmed.items, confirmed.grams);
    row("impact", absl::StrCat(total.deliveries(), " deliveries"), total.items(), total.grams());
    std::printf("\n%s\n  %s groups, %s households (%s cumulative); ledger position %s\n\n", table.Print().c_str(),
                Grouped(total.groups()).c_str(), Grouped(total.households_distinct()).c_str(),
                Grouped(total.households_cumulative()).c_str(), Grouped(figures.ledger_position()).c_str());
    if (total.items() != confirmed.items) {
      return absl::DataLossError(absl::StrCat("Impact counts ", total.items(), " items, the deliveries ", confirmed.items, "."));
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
      if (Trace(coordinator_, {chosen}) != 0) return absl::InternalError("The lot's path could not be read.");
    }
    return absl::OkStatus();
  }

  // Waits until impact has counted everything the ledger holds.
  absl::StatusOr<impact::GetImpactResponse> Impact() {
    const absl::Time give_up = absl::Now() + absl::Minutes(1);
    for (;;) {
      ASSIGN_OR_RETURN(const impact::GetImpactResponse figures,
                       coordinator_.Call<impact::GetImpactResponse>("kubari.impact.v1.ImpactService/GetImpact", impact::GetImpactRequest()));
      if (figures.ledger_position() > last_position_) return figures;
      if (absl::Now() > give_up) return absl::DeadlineExceededError("Impact does not follow the ledger.");
      absl::SleepFor(absl::Milliseconds(200));
    }
  }

  void Acknowledged(const stock::Movement& movement) {
    const std::lock_guard<std::mutex> lock(mutex_);
    last_position_ = std::max(last_position_, movement.position());
    if (journal_.is_open()) {
      journal_ << stock::MovementKind_Name(movement.kind()) << ' ' << movement.name() << ' ' << movement.items() << std::endl;
    }
  }

  void Say(const std::string& what) {
    std::printf("  %6.1f s  %s\n", absl::ToDoubleSeconds(absl::Now() - start_), what.c_str());
    std::fflush(stdout);
  }

  const Client gateway_;
  const Client identity_;
  const DemoOptions options_;
  const absl::Time start_;
  Client administrator_{ClientOptions{}};
  Client coordinator_{ClientOptions{}};
  Client group_session_{ClientOptions{}};
  std::string intermediary_;
  std::string group_;
  std::vector<stock::Warehouse> warehouses_;
  std::map<std::string, std::vector<stock::Place>> places_;  // by warehouse
  std::map<std::string, Client> phones_;                     // by operator organisation
  allocation::Run run_;
  std::set<std::string> shipped_;
  std::mutex mutex_;
  std::ofstream journal_;
  int64_t last_position_ = -1;
};

}  // namespace

int Demo(const Client& gateway, const Client& identity, const DemoOptions& options) {
  const absl::Status status = Play(gateway, identity, options).Run();
  return status.ok() ? 0 : PrintError(status);
}

}  // namespace kubari::cli
