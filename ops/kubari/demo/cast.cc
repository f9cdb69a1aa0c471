#include "ops/kubari/demo/cast.h"

#include <absl/time/clock.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <functional>
#include <thread>

#include "libs/ids/ids.h"

namespace kubari::cli {

namespace identity_v1 = kubari::identity::v1;
namespace stock = kubari::stock::v1;

std::string Id(const std::string& step) {
  return ids::DeriveV5("6ba7b811-9dad-11d1-80b4-00c04fd430c8", "kubari demo/" + step);
}

bool OneIn(unsigned n, const std::string& name) {
  uint32_t hash = 2166136261u;
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619u;
  return hash % n == 0;
}

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

std::string Organisation(const std::string& name) {
  return absl::StrCat("organisations/", name.substr(name.find('/') + 1));
}

Cast::Cast(const Client& gateway, const Client& identity, const DemoOptions& options)
    : gateway(gateway), identity(identity), options(options), start(absl::Now()) {
  if (!options.journal.empty()) journal.open(options.journal, std::ios::app);
}

absl::StatusOr<Client> Cast::SignInBy(const std::string& code, const std::string& device) {
  identity_v1::RedeemInviteRequest redeem;
  redeem.set_code(code);
  redeem.set_device_display_name(device);
  redeem.set_request_id(ids::NewUuid());
  ASSIGN_OR_RETURN(const identity_v1::SignInResponse session,
                   Ask<identity_v1::SignInResponse>(gateway, kIdentity, "RedeemInvite", redeem));
  return gateway.WithToken(session.token());
}

absl::StatusOr<Client> Cast::PersonSession(const std::string& mailbox, const std::string& display_name,
                                           const std::string& organisation, kubari::type::v1::Role role) {
  identity_v1::CreatePersonRequest person;
  person.set_request_id(Id("person " + mailbox));
  person.set_display_name(display_name);
  person.set_email(mailbox + "@network.example");
  identity_v1::Grant& grant = *person.add_grants();
  grant.set_organisation(organisation);
  grant.set_role(role);
  ASSIGN_OR_RETURN(const identity_v1::Person made,
                   Ask<identity_v1::Person>(administrator, kIdentity, "CreatePerson", person));
  identity_v1::CreateInviteRequest invite;
  invite.set_request_id(ids::NewUuid());
  invite.set_person(made.name());
  ASSIGN_OR_RETURN(const identity_v1::CreateInviteResponse invited,
                   Ask<identity_v1::CreateInviteResponse>(administrator, kIdentity, "CreateInvite", invite));
  return SignInBy(invited.code(), "");
}

const Client& Cast::PhoneOf(const std::string& warehouse) const {
  for (const stock::Warehouse& known : warehouses) {
    if (known.name() == warehouse) return phones.at(known.organisation());
  }
  return phones.begin()->second;
}

const stock::Place* Cast::ShelfFor(const std::string& warehouse, kubari::type::v1::TemperatureZone zone) const {
  const auto found = places.find(warehouse);
  if (found == places.end()) return nullptr;
  for (const stock::Place& place : found->second) {
    if (place.temperature_zone() == zone) return &place;
  }
  return nullptr;
}

absl::StatusOr<int64_t> Cast::IssueOnce(const std::string& delivery_id, const std::string& group, int64_t items,
                                        const std::string& note) {
  const std::string delivery = absl::StrCat("deliveries/", delivery_id);
  stock::ListMovementsRequest before;
  before.set_delivery(delivery);
  before.add_kinds(stock::MOVEMENT_KIND_ISSUE);
  ASSIGN_OR_RETURN(const stock::ListMovementsResponse issued,
                   Ask<stock::ListMovementsResponse>(coordinator, kStock, "ListMovements", before));
  if (issued.movements_size() > 0) return issued.movements(0).items();
  stock::ListBalancesRequest free;
  free.set_free_only(true);
  free.set_page_size(200);
  free.set_order_by("good_until desc");
  ASSIGN_OR_RETURN(const stock::ListBalancesResponse balances,
                   Ask<stock::ListBalancesResponse>(coordinator, kStock, "ListBalances", free));
  // What has enough of it first, then what has most; of these what keeps longest.
  std::vector<stock::Balance> lots(balances.balances().begin(), balances.balances().end());
  std::ranges::stable_sort(lots, std::greater<>(), [&](const stock::Balance& lot) { return std::min(items, lot.free()); });
  absl::Status last = absl::NotFoundError("There is no free stock.");
  for (const stock::Balance& balance : lots) {
    stock::IssueStockRequest issue;
    issue.set_request_id(Id("issue " + delivery_id));
    issue.set_lot(balance.lot().name());
    issue.set_place(balance.place().name());
    issue.set_items(std::min(items, balance.free()));
    issue.set_group(group);
    issue.set_delivery(delivery);
    issue.set_note(note);
    issue.set_departure_reason("食支援依頼のため");
    // Goods that nobody was promised are the coordinator's to give.
    const auto done = Ask<stock::IssueStockResponse>(coordinator, kStock, "IssueStock", issue);
    if (done.ok()) {
      Acknowledged(done->movement());
      return done->movement().items();
    }
    // These goods may not go there; others may.
    last = done.status();
    if (!absl::IsFailedPrecondition(last)) return last;
  }
  return last;
}

absl::Status Cast::ConfirmOnce(const Client& who, const std::string& delivery) {
  stock::ConfirmReceiptRequest confirm;
  confirm.set_request_id(Id("confirm " + delivery));
  confirm.set_delivery(delivery);
  ASSIGN_OR_RETURN(const auto confirmed, Ask<stock::ConfirmReceiptResponse>(who, kStock, "ConfirmReceipt", confirm));
  for (const stock::Movement& movement : confirmed.movements()) Acknowledged(movement);
  return absl::OkStatus();
}

std::string Cast::Day(int days) const { return absl::FormatCivilTime(first_day + days); }

void Cast::Acknowledged(const stock::Movement& movement) {
  const std::lock_guard<std::mutex> lock(mutex);
  last_position = std::max(last_position, movement.position());
  if (journal.is_open()) {
    journal << stock::MovementKind_Name(movement.kind()) << ' ' << movement.name() << ' ' << movement.items()
            << std::endl;
  }
}

void Cast::Say(const std::string& what) const {
  std::printf("  %6.1f s  %s\n", absl::ToDoubleSeconds(absl::Now() - start), what.c_str());
  std::fflush(stdout);
}

}  // namespace kubari::cli
