// Imports: judge every cell, then write everything in one transaction, or nothing, or all rows that are good.
#include <algorithm>
#include <optional>
#include <set>

#include "absl/strings/str_cat.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/imports/upload.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/agreements.h"
#include "libs/registry/mutation.h"
#include "libs/registry/organisations.h"
#include "services/donors/acting_store.h"
#include "services/donors/domain/import_donors.h"
#include "services/donors/donor_store.h"
#include "services/donors/handler.h"
#include "services/donors/notices.h"
#include "services/donors/offer_store.h"

namespace kubari::donors {
namespace {

// Namespace of imported donors' ids: derived from the code, so that a repeated import makes the same organisations.
constexpr char kImportedDonors[] = "7f3e0e5c-7b0b-4d43-9a57-3b8f7ad2c9e4";

// The key by which offers are recognised: donor id and code.
using OfferKey = std::pair<std::string, std::string>;

// Of these organisations the donor that may offer in the name of `donor_id` today.
absl::StatusOr<std::optional<v1::Donor>> ActingFor(pg::Transaction& tx, const std::string& donor_id,
                                                   const std::vector<std::string>& organisations,
                                                   absl::CivilDay today) {
  for (const std::string& organisation : organisations) {
    ASSIGN_OR_RETURN(const bool may, MayAct(tx, donor_id, organisation, today));
    if (may) return LoadDonor(tx, organisation, today);
  }
  return std::nullopt;
}

}  // namespace

absl::StatusOr<v1::ImportDonorsResponse> DonorsHandler::ImportDonors(const rpc::Call& call,
                                                                     const v1::ImportDonorsRequest& request) {
  RETURN_IF_ERROR(imports::CheckImport(request));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::ImportDonorsResponse>(pool_, call, request));
  if (first) return *first;

  imports::Upload upload(request, DonorColumns());
  std::vector<ImportedDonor> rows = ReadDonors(upload);
  v1::ImportDonorsResponse response;
  upload.Tell(response);
  if (!upload.MayWrite()) return response;
  std::erase_if(rows, [&](const ImportedDonor& row) { return upload.IsBad(row.row); });

  std::vector<std::string> codes;
  for (const ImportedDonor& row : rows) codes.push_back(row.donor.code());
  ASSIGN_OR_RETURN(const auto existing,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) { return FindDonorIds(tx, codes); }));
  response.set_skipped_count(static_cast<int32_t>(existing.size()));
  std::erase_if(rows, [&](const ImportedDonor& row) { return existing.contains(row.donor.code()); });
  response.set_created_count(static_cast<int32_t>(rows.size()));
  if (request.dry_run()) return response;

  std::vector<registry::NewOrganisation> organisations;
  for (const ImportedDonor& row : rows) {
    const std::string id =
        ids::DeriveV5(kImportedDonors, absl::StrCat(call.principal.network_id, "/", row.donor.code()));
    organisations.push_back({.id = id, .display_name = row.donor.display_name()});
  }
  RETURN_IF_ERROR(
      registry::EnsureOrganisations(*identity_, call, identity::v1::ORGANISATION_KIND_DONOR, organisations));
  return registry::Mutate<v1::ImportDonorsResponse>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::ImportDonorsResponse> {
        for (size_t i = 0; i < rows.size(); ++i) {
          RETURN_IF_ERROR(InsertDonor(tx, organisations[i].id, rows[i].donor, clock_.Now()));
          registry::InsertAgreement(tx, ids::NewV7(clock_.Now()), organisations[i].id, rows[i].agreement);
        }
        return response;
      });
}

absl::StatusOr<std::map<std::string, v1::Donor>> DonorsHandler::DonorsOf(const rpc::Call& call, OfferTable& table) {
  std::set<std::string> codes;
  for (const ImportedOffer& offer : table.offers()) codes.insert(offer.donor_code);
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));
  return pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<std::map<std::string, v1::Donor>> {
    ASSIGN_OR_RETURN(const auto ids, FindDonorIds(tx, {codes.begin(), codes.end()}));
    std::map<std::string, v1::Donor> donors;
    for (const auto& [code, donor_id] : ids) {
      if (!call.scope.whole_network && !call.scope.Includes(donor_id)) {
        ASSIGN_OR_RETURN(const auto acting, ActingFor(tx, donor_id, call.scope.organisation_ids, today));
        if (!acting) continue;
        for (ImportedOffer& offer : table.offers()) {
          if (offer.donor_code != code) continue;
          offer.offer.set_acting_donor(acting->name());
          *offer.offer.mutable_place() = acting->address();
        }
      }
      ASSIGN_OR_RETURN(donors[code], LoadDonor(tx, donor_id, today));
    }
    return donors;
  });
}

absl::Status DonorsHandler::FindProducts(const rpc::Call& call, OfferTable& table) {
  std::set<std::string> gtins;
  for (const ImportedOffer& offer : table.offers()) {
    for (const ImportedLine& line : offer.lines) {
      if (!line.gtin.empty()) gtins.insert(line.gtin);
    }
  }
  ASSIGN_OR_RETURN(const auto known, catalogue_.LookUp(call, gtins));
  for (ImportedOffer& offer : table.offers()) {
    for (ImportedLine& imported : offer.lines) {
      if (imported.gtin.empty()) continue;
      const auto found = known.find(imported.gtin);
      if (found == known.end()) {
        table.Fail(imported, "barcode", "PRODUCT_NOT_FOUND",
                   absl::StrCat("No product has the GTIN ", imported.gtin, "; register the product first."),
                   absl::StrCat("GTIN ", imported.gtin, " の商品は登録されていません。先に商品を登録してください。"));
        continue;
      }
      v1::OfferLine& line = imported.line;
      line.set_product(found->second.product().name());
      if (line.items_per_case() == 0) {
        // The code of a case says how many items it holds.
        line.set_items_per_case(found->second.items() > 1 ? found->second.items()
                                                          : found->second.product().items_per_case());
      }
      Describe(line, found->second.product());
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<v1::ImportOffersResponse> DonorsHandler::ImportOffers(const rpc::Call& call,
                                                                     const v1::ImportOffersRequest& request) {
  RETURN_IF_ERROR(imports::CheckImport(request));
  ASSIGN_OR_RETURN(const auto first, registry::FirstAnswer<v1::ImportOffersResponse>(pool_, call, request));
  if (first) return *first;
  ASSIGN_OR_RETURN(const absl::CivilDay today, registry::TodayOf(call, clock_));

  imports::Upload upload(request, OfferColumns());
  OfferTable table(upload, static_cast<int>(today.year()));
  ASSIGN_OR_RETURN(const auto donors, DonorsOf(call, table));
  std::vector<OfferKey> keys;
  for (const ImportedOffer& offer : table.offers()) {
    const auto donor = donors.find(offer.donor_code);
    if (donor == donors.end()) continue;
    keys.emplace_back(*ids::IdFromName("donors", donor->second.name()), offer.offer.code());
  }
  ASSIGN_OR_RETURN(const auto existing,
                   pool_.Read(registry::TxOf(call), [&](pg::Transaction& tx) { return FindOffers(tx, keys); }));
  std::erase_if(table.offers(), [&](const ImportedOffer& offer) {
    const auto donor = donors.find(offer.donor_code);
    return donor != donors.end() &&
           existing.contains({*ids::IdFromName("donors", donor->second.name()), offer.offer.code()});
  });
  for (const ImportedOffer& offer : table.offers()) {
    if (offer.donor_code.empty()) continue;  // told as an empty cell
    const auto donor = donors.find(offer.donor_code);
    if (donor == donors.end()) {
      for (const ImportedLine& line : offer.lines) {
        table.Fail(line, "donor_code", "NOT_FOUND", "You have no donor with this code.",
                   "このコードの寄付企業は見つかりません。");
      }
    } else if (const absl::Status agreed = AgreementToday(donor->second, today).status(); !agreed.ok()) {
      table.Fail(offer.lines[0], "donor_code", errors::ReasonOf(agreed), errors::MessageIn("en", agreed),
                 errors::MessageIn("ja", agreed));
    }
  }
  RETURN_IF_ERROR(FindProducts(call, table));
  if (upload.skip_bad_rows()) table.LeaveOutBadOffers();
  v1::ImportOffersResponse response;
  upload.Tell(response);
  if (!upload.MayWrite()) return response;
  response.set_skipped_count(static_cast<int32_t>(existing.size()));
  response.set_created_count(static_cast<int32_t>(table.offers().size()));
  if (request.dry_run()) return response;

  std::set<std::string> donor_ids;  // sorted: two imports lock donors in the same order
  for (const ImportedOffer& offer : table.offers())
    donor_ids.insert(*ids::IdFromName("donors", donors.at(offer.donor_code).name()));
  const absl::Time now = clock_.Now();
  return registry::Mutate<v1::ImportOffersResponse>(
      pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<v1::ImportOffersResponse> {
        std::map<std::string, v1::Donor> locked;
        std::map<std::string, int> offers_of;  // by donor's code
        for (const std::string& donor_id : donor_ids) {
          ASSIGN_OR_RETURN(v1::Donor donor, LoadDonor(tx, donor_id, today, Lock::kUpdate));
          locked[donor.code()] = std::move(donor);
        }
        for (const ImportedOffer& imported : table.offers()) {
          const v1::Donor& donor = locked.at(imported.donor_code);
          v1::Offer offer = imported.offer;
          offer.set_name(ids::Name("offers", ids::NewV7(now)));
          offer.set_donor(donor.name());
          offer.set_state(v1::OFFER_STATE_DRAFT);
          if (offer.acting_donor().empty()) *offer.mutable_place() = donor.address();
          RETURN_IF_ERROR(CheckConsent(tx, offer, today));
          for (const ImportedLine& line : imported.lines) {
            *offer.add_lines() = line.line;
            offer.mutable_lines()->rbegin()->set_name(absl::StrCat(offer.name(), "/lines/", ids::NewV7(now)));
          }
          RETURN_IF_ERROR(SubmitUnder(donor, today, offer));
          ASSIGN_OR_RETURN(const v1::OfferState submitted, Next(offer, Step::kSubmit));
          offer.set_state(submitted);
          RETURN_IF_ERROR(InsertOffer(tx, offer, now));
          ++offers_of[donor.code()];
        }
        for (const auto& [code, offers] : offers_of) TellImported(tx, locked.at(code), offers, now);
        return response;
      });
}

absl::StatusOr<type::v1::ImportTemplate> DonorsHandler::GetImportTemplate(
    const rpc::Call& call, const type::v1::GetImportTemplateRequest& request) {
  return imports::MakeTemplate(
      request, {{"donors", "Donors", "寄付者", DonorColumns()}, {"offers", "Offers", "寄付申出", OfferColumns()}});
}

}  // namespace kubari::donors
