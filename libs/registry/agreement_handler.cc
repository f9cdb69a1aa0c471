#include "libs/registry/agreement_handler.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "libs/auth/access.h"
#include "libs/errors/errors.h"
#include "libs/errors/macros.h"
#include "libs/ids/ids.h"
#include "libs/paging/page.h"
#include "libs/registry/agreement_table.h"
#include "libs/registry/agreements.h"
#include "libs/registry/fields.h"
#include "libs/registry/mutation.h"

namespace kubari::registry {
namespace {

using type::v1::Agreement;

// Papers with one version.
constexpr int kMaxDocuments = 20;

constexpr pg::Statement kVersions{
    "SELECT a.valid_from, a.end_date, a.revision, v.version, v.from_date, v.title, v.valid_to, v.conditions, v.duties "
    "FROM agreements a JOIN agreement_versions v USING (network_id, agreement_id) "
    "WHERE a.network_id = $1 AND a.agreement_id = $2 AND a.party_id = $3 ORDER BY v.version DESC"};
constexpr pg::Statement kDocuments{
    "SELECT version, encode(sha256, 'hex') AS sha256, file_name, media_type, length(content) AS size, create_time "
    "FROM agreement_documents WHERE network_id = $1 AND agreement_id = $2 ORDER BY create_time, sha256"};
constexpr pg::Statement kAddDocument{
    "INSERT INTO agreement_documents (network_id, agreement_id, version, sha256, file_name, media_type, content, "
    "create_time) VALUES ($1, $2, $3, sha256($4::bytea), $5, 'application/pdf', $4, $6) ON CONFLICT DO NOTHING"};
constexpr pg::Statement kRaise{
    "UPDATE agreements SET revision = revision + 1 WHERE network_id = $1 AND agreement_id = $2"};
constexpr pg::Statement kGetDocument{
    "SELECT d.file_name, d.media_type, d.content, d.create_time FROM agreement_documents d "
    "JOIN agreements a USING (network_id, agreement_id) WHERE d.network_id = $1 AND d.agreement_id = $2 "
    "AND a.party_id = $3 AND d.sha256 = decode($4, 'hex') ORDER BY d.version DESC LIMIT 1"};

bool IsSha256(const std::string& text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

absl::Status ReadRest(const pg::Row& row, Agreement& agreement) {
  agreement.set_etag(EtagOf(row.Get<int64_t>("revision")));
  if (!agreement.mutable_duties()->ParseFromString(row.Get<pg::Bytes>("duties").value))
    return absl::InternalError("agreement_versions.duties does not parse");
  return absl::OkStatus();
}

// Newest first, with papers. NOT_FOUND / AGREEMENT_NOT_FOUND.
absl::StatusOr<Agreements> LoadVersions(pg::Transaction& tx, const std::string& name,
                                        const std::pair<std::string, std::string>& ids) {
  pg::Batch batch;
  batch.Add(kVersions, tx.network_id(), ids.second, ids.first).Add(kDocuments, tx.network_id(), ids.second);
  ASSIGN_OR_RETURN(const std::vector<pg::Result> results, tx.Pipeline(batch));
  if (results[0].empty()) return AgreementNotFound(name);
  Agreements versions;
  for (const pg::Row row : results[0]) {
    Agreement& version = *versions.Add();
    RETURN_IF_ERROR(ReadVersion(row, name, version));
    RETURN_IF_ERROR(ReadRest(row, version));
    for (const pg::Row paper : results[1]) {
      if (paper.Get<int>("version") != version.version()) continue;
      type::v1::Document& document = *version.add_documents();
      document.set_sha256(paper.Get<std::string>("sha256"));
      document.set_file_name(paper.Get<std::string>("file_name"));
      document.set_media_type(paper.Get<std::string>("media_type"));
      document.set_size_bytes(paper.Get<int64_t>("size"));
      *document.mutable_create_time() = ToTimestamp(paper.Get<absl::Time>("create_time"));
    }
  }
  return versions;
}

absl::Status VersionNotFound(const std::string& name, int version) {
  return errors::Make(absl::StatusCode::kNotFound, "AGREEMENT_NOT_FOUND",
                      absl::StrCat(name, " has no version ", version, "."),
                      absl::StrCat(name, " に第 ", version, " 版はありません。"),
                      {{"agreement", name}, {"version", absl::StrCat(version)}});
}

}  // namespace

absl::StatusOr<std::vector<type::v1::PartyAgreement>> ListAgreements(pg::Transaction& tx, const Parties& parties,
                                                                     const AgreementFilter& filter) {
  ASSIGN_OR_RETURN(const pg::Result rows,
                   tx.Query(parties.list, tx.network_id(), filter.today, filter.party_ids, filter.first_last_day,
                            filter.last_last_day, filter.report_until, filter.after_last_day, filter.after_id,
                            filter.limit));
  std::vector<type::v1::PartyAgreement> all;
  for (const pg::Row row : rows) {
    type::v1::PartyAgreement& each = all.emplace_back();
    each.set_party(absl::StrCat(parties.collection, "/", row.Get<std::string>("party_id")));
    each.set_party_display_name(row.Get<std::string>("display_name"));
    const std::string name = absl::StrCat(each.party(), "/agreements/", row.Get<std::string>("agreement_id"));
    RETURN_IF_ERROR(ReadVersion(row, name, *each.mutable_agreement()));
    RETURN_IF_ERROR(ReadRest(row, *each.mutable_agreement()));
    if (const auto last = row.Get<std::string>("last_day"); last != "infinity") each.set_last_date(last);
    each.set_next_report_date(row.Get<std::optional<std::string>>("next_report").value_or(""));
  }
  return all;
}

absl::Status AgreementsHandler::CheckOwn(const rpc::Call& call, const std::string& party_id) const {
  if (call.scope.whole_network || call.scope.Includes(party_id)) return absl::OkStatus();
  return auth::NotYourOrganisation(absl::StrCat(parties_.collection, "/", party_id));
}

absl::StatusOr<Agreement> AgreementsHandler::ReviseAgreement(const rpc::Call& call,
                                                             const type::v1::ReviseAgreementRequest& request) {
  const bool for_goods = std::string_view(parties_.collection) == "donors";
  const std::string& name = request.agreement().name();
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckChildName(violations, parties_.collection, "agreements", "agreement.name", name);
  violations.Text("agreement.etag", request.agreement().etag(), 1, 40);
  CheckDay(violations, "from_date", request.from_date());
  Agreement revised = request.agreement();
  // The first day is the agreement's, and stays; the new last day is not before the day of change.
  revised.set_valid_from_date(ParseDay(request.from_date()) ? request.from_date() : "0001-01-01");
  CheckAgreement(violations, "agreement", revised, for_goods);
  RETURN_IF_ERROR(violations.status());
  const auto ids = *ParseChildName(parties_.collection, "agreements", name);
  ASSIGN_OR_RETURN(const absl::CivilDay today, TodayOf(call, clock_));
  return Mutate<Agreement>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<Agreement> {
    ASSIGN_OR_RETURN(const pg::Result party, tx.Query(parties_.lock, tx.network_id(), ids.first));
    if (party.empty()) return AgreementNotFound(name);
    ASSIGN_OR_RETURN(const Agreements versions, LoadVersions(tx, name, ids));
    const Agreement& newest = versions[0];
    RETURN_IF_ERROR(CheckEtag(name, request.agreement().etag(), newest.etag()));
    ASSIGN_OR_RETURN(auto all, LoadAgreements(tx, parties_.collection, {ids.first}));
    Agreements others;
    for (const Agreement& each : all[ids.first]) {
      if (each.name() != name) *others.Add() = each;
    }
    RETURN_IF_ERROR(CheckRevision(newest, others, revised, request.from_date(), today));
    if (for_goods) revised.mutable_conditions();  // none said: no demands, nothing allowed
    InsertVersion(tx, ids.second, newest.version() + 1, *ParseDay(request.from_date()), revised);
    tx.Defer(parties_.touch, tx.network_id(), ids.first);
    ASSIGN_OR_RETURN(const Agreements after, LoadVersions(tx, name, ids));
    return after[0];
  });
}

absl::StatusOr<type::v1::ListAgreementVersionsResponse> AgreementsHandler::ListAgreementVersions(
    const rpc::Call& call, const type::v1::ListAgreementVersionsRequest& request) {
  errors::Violations violations;
  CheckChildName(violations, parties_.collection, "agreements", "name", request.name());
  RETURN_IF_ERROR(violations.status());
  const auto ids = *ParseChildName(parties_.collection, "agreements", request.name());
  RETURN_IF_ERROR(CheckOwn(call, ids.first));
  type::v1::ListAgreementVersionsResponse response;
  ASSIGN_OR_RETURN(*response.mutable_versions(), pool_.Read(TxOf(call), [&](pg::Transaction& tx) {
    return LoadVersions(tx, request.name(), ids);
  }));
  return response;
}

absl::StatusOr<Agreement> AgreementsHandler::AddAgreementDocument(
    const rpc::Call& call, const type::v1::AddAgreementDocumentRequest& request) {
  errors::Violations violations;
  violations.RequestId("request_id", request.request_id());
  CheckChildName(violations, parties_.collection, "agreements", "name", request.name());
  violations.Range("version", request.version(), 0, 1'000'000);
  CheckFileName(violations, "file_name", request.file_name());
  CheckPdf(violations, "content", request.content());
  RETURN_IF_ERROR(violations.status());
  const auto ids = *ParseChildName(parties_.collection, "agreements", request.name());
  return Mutate<Agreement>(pool_, call, request, [&](pg::Transaction& tx) -> absl::StatusOr<Agreement> {
    RETURN_IF_ERROR(tx.Query(parties_.lock, tx.network_id(), ids.first).status());
    const auto find = [&](const Agreements& versions, int version) {
      return std::find_if(versions.begin(), versions.end(), [&](const Agreement& v) { return v.version() == version; });
    };
    ASSIGN_OR_RETURN(const Agreements versions, LoadVersions(tx, request.name(), ids));
    const int version = request.version() == 0 ? versions[0].version() : request.version();
    const auto before = find(versions, version);
    if (before == versions.end()) return VersionNotFound(request.name(), version);
    if (before->documents_size() >= kMaxDocuments) {
      return errors::Make(absl::StatusCode::kFailedPrecondition, "TOO_MANY_DOCUMENTS",
                          absl::StrCat("Version ", version, " has ", kMaxDocuments, " papers; no more are kept."),
                          absl::StrCat("第 ", version, " 版には書類が ", kMaxDocuments, " 件あります。これ以上は追加できません。"),
                          {{"agreement", request.name()}});
    }
    ASSIGN_OR_RETURN(const int64_t added,
                     tx.Execute(kAddDocument, tx.network_id(), ids.second, version, pg::Bytes{request.content()},
                                request.file_name(), clock_.Now()));
    if (added == 0) {
      return errors::Make(absl::StatusCode::kAlreadyExists, "DOCUMENT_EXISTS",
                          absl::StrCat("Version ", version, " has this very paper already."),
                          absl::StrCat("第 ", version, " 版に同じ書類がすでにあります。"), {{"agreement", request.name()}});
    }
    tx.Defer(kRaise, tx.network_id(), ids.second);
    ASSIGN_OR_RETURN(const Agreements after, LoadVersions(tx, request.name(), ids));
    return *find(after, version);
  });
}

absl::StatusOr<type::v1::GetAgreementDocumentResponse> AgreementsHandler::GetAgreementDocument(
    const rpc::Call& call, const type::v1::GetAgreementDocumentRequest& request) {
  errors::Violations violations;
  CheckChildName(violations, parties_.collection, "agreements", "name", request.name());
  violations.Require(IsSha256(request.sha256()), "sha256", "NOT_A_HASH",
                     "Give the paper's SHA-256 as it is listed: 64 hexadecimal digits in lower case.",
                     "書類の SHA-256 を、一覧のとおり 16 進 64 桁（小文字）で指定してください。");
  RETURN_IF_ERROR(violations.status());
  const auto ids = *ParseChildName(parties_.collection, "agreements", request.name());
  RETURN_IF_ERROR(CheckOwn(call, ids.first));
  return pool_.Read(TxOf(call), [&](pg::Transaction& tx) -> absl::StatusOr<type::v1::GetAgreementDocumentResponse> {
    ASSIGN_OR_RETURN(const pg::Result rows,
                     tx.Query(kGetDocument, tx.network_id(), ids.second, ids.first, request.sha256()));
    if (rows.empty()) {
      return errors::Make(absl::StatusCode::kNotFound, "DOCUMENT_NOT_FOUND",
                          absl::StrCat(request.name(), " has no paper ", request.sha256(), "."),
                          absl::StrCat(request.name(), " に書類 ", request.sha256(), " はありません。"),
                          {{"agreement", request.name()}, {"sha256", request.sha256()}});
    }
    type::v1::GetAgreementDocumentResponse response;
    response.set_content(rows[0].Get<pg::Bytes>("content").value);
    type::v1::Document& document = *response.mutable_document();
    document.set_sha256(request.sha256());
    document.set_file_name(rows[0].Get<std::string>("file_name"));
    document.set_media_type(rows[0].Get<std::string>("media_type"));
    document.set_size_bytes(static_cast<int64_t>(response.content().size()));
    *document.mutable_create_time() = ToTimestamp(rows[0].Get<absl::Time>("create_time"));
    return response;
  });
}

absl::StatusOr<type::v1::ListAgreementsResponse> AgreementsHandler::ListAgreements(
    const rpc::Call& call, const type::v1::ListAgreementsRequest& request) {
  errors::Violations violations;
  if (!request.party().empty()) violations.Name(parties_.collection, "party", request.party());
  if (request.has_ending_within_days())
    violations.Range("ending_within_days", request.ending_within_days(), 0, 3650);
  if (request.has_report_within_days())
    violations.Range("report_within_days", request.report_within_days(), 0, 3650);
  RETURN_IF_ERROR(violations.status());
  ASSIGN_OR_RETURN(const paging::Page page,
                   paging::Page::Of(request, call.principal.network_id, {"", paging::kFirstId}));
  ASSIGN_OR_RETURN(const absl::CivilDay today, TodayOf(call, clock_));
  AgreementFilter filter{.today = today, .first_last_day = today, .limit = page.limit()};
  if (const auto id = ids::IdFromName(parties_.collection, request.party())) {
    RETURN_IF_ERROR(CheckOwn(call, *id));
    filter.party_ids = {*id};
  } else if (!call.scope.whole_network) {
    filter.party_ids = call.scope.organisation_ids;
  }
  if (request.has_ending_within_days()) filter.last_last_day = today + request.ending_within_days();
  if (request.has_report_within_days()) filter.report_until = today + request.report_within_days();
  if (!page.key(0).empty()) {
    if (page.key(0) != "infinity" && !ParseDay(page.key(0))) return paging::InvalidToken();
    filter.after_last_day = page.key(0);
    filter.after_id = page.key(1);
  }
  ASSIGN_OR_RETURN(std::vector<type::v1::PartyAgreement> found, pool_.Read(TxOf(call), [&](pg::Transaction& tx) {
    return registry::ListAgreements(tx, parties_, filter);
  }));
  type::v1::ListAgreementsResponse response;
  response.set_next_page_token(page.Cut(found, [&](const type::v1::PartyAgreement& last) {
    return std::vector{last.last_date().empty() ? std::string("infinity") : last.last_date(),
                       ParseChildName(parties_.collection, "agreements", last.agreement().name())->second};
  }));
  for (type::v1::PartyAgreement& each : found) *response.add_agreements() = std::move(each);
  return response;
}

}  // namespace kubari::registry
