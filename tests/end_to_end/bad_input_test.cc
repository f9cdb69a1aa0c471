// What people get wrong, through the gateway and all services: each has its clear sentence in both languages, and nothing half-written stays.
#include <absl/strings/escaping.h>
#include <absl/strings/str_cat.h>
#include <curl/curl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

#include "kubari/donors/v1/donors.pb.h"
#include "kubari/groups/v1/groups.pb.h"
#include "libs/ids/ids.h"
#include "tests/end_to_end/two_networks.h"

namespace kubari::end_to_end {
namespace {

using namespace kubari::type::v1;  // NOLINT: roles
using ::testing::HasSubstr;

// A network of its own in the shared installation.
Setting& Careless() {
  static Setting setting(TwoNetworks().installation, "careless");
  return setting;
}

std::string Everything() {
  const cli::Client coordinator = Careless().Coordinator();
  std::string all;
  for (const char* list : {"donors.ListDonors", "donors.ListOffers", "donors.ListAgreements", "groups.ListGroups", "groups.ListAgreements",
                           "identity.ListOrganisations"}) {
    absl::StrAppend(&all, Try(coordinator, list, *Request(list, R"({"pageSize": 200})")).value());
  }
  return all;
}

// Nothing of the network is other than before.
void ExpectNothingChanges(const std::function<void()>& work) {
  const std::string before = Everything();
  work();
  EXPECT_EQ(Everything(), before);
}

void ExpectSays(const std::string& ja, const std::string& en, const std::string& ja_part, const std::string& en_part) {
  std::printf("    %s\n    %s\n", ja.c_str(), en.c_str());
  EXPECT_THAT(ja, HasSubstr(ja_part));
  EXPECT_THAT(en, HasSubstr(en_part));
}

void ExpectRefused(const std::string& method, const std::string& request, const Names& names, const std::string& reason,
                   const std::string& ja, const std::string& en) {
  ExpectNothingChanges([&] {
    const auto answer = Try(Careless().Coordinator(), method, *Request(method, request, names));
    EXPECT_EQ(errors::ReasonOf(answer.status()), reason) << answer.status();
    ExpectSays(errors::MessageIn("ja", answer.status()), errors::MessageIn("en", answer.status()), ja, en);
  });
}

donors::v1::ImportDonorsResponse Import(const std::string& table, bool skip_bad_rows = false) {
  donors::v1::ImportDonorsRequest request;
  request.set_request_id(ids::NewUuid());
  request.set_table(table);
  request.mutable_options()->set_skip_bad_rows(skip_bad_rows);
  return Must<donors::v1::ImportDonorsResponse>(Careless().Coordinator(), "donors.ImportDonors", request);
}

void ExpectProblem(const std::string& table, int row, const std::string& reason, const std::string& ja, const std::string& en) {
  ExpectNothingChanges([&] {
    const donors::v1::ImportDonorsResponse answer = Import(table);
    ASSERT_EQ(answer.problems_size(), 1) << answer.ShortDebugString().substr(0, 2'000);
    EXPECT_EQ(answer.created_count(), 0);
    EXPECT_EQ(answer.problems(0).row(), row);
    EXPECT_EQ(answer.problems(0).reason(), reason);
    ExpectSays(answer.problems(0).message_ja(), answer.problems(0).message(), ja, en);
  });
}

constexpr char kHeader[] = "code,name,municipality_code,agreement_title,agreement_from\n";

TEST(BadInput, AFileOf200000Lines) {
  std::string table = kHeader;
  for (int i = 0; i < 200'000; ++i) absl::StrAppend(&table, "D", i, ",架空,,,\n");
  ASSERT_LT(table.size(), 4u << 20);
  ExpectProblem(table, 0, "TOO_MANY_ROWS", "10000", "10000 rows; split it");
  // Whatever else is asked for: a part of too much is not taken.
  ExpectNothingChanges([&] { EXPECT_EQ(Import(table, /*skip_bad_rows=*/true).created_count(), 0); });
  // Longer lines: the bytes are told.
  for (int i = 0; i < 20'000; ++i) absl::StrAppend(&table, "D", i, ",架空フードサービス,13104,合意書,2026-04-01\n");
  ExpectNothingChanges([&] {
    donors::v1::ImportDonorsRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_table(table);
    const auto answer = Try(Careless().Coordinator(), "donors.ImportDonors", request);
    const auto violations = errors::ViolationsOf(answer.status());
    ASSERT_EQ(violations.size(), 1u) << answer.status();
    EXPECT_EQ(violations[0].field(), "table");
    EXPECT_EQ(errors::ReasonOf(answer.status()), "INVALID_REQUEST");
    ExpectSays(errors::MessageIn("ja", answer.status()), violations[0].description(), "バイト以内に分けてください", "Split it");
  });
}

TEST(BadInput, AFileInTheWrongEncoding) {
  // 「架空」 in EUC-JP, in the third row; and a picture.
  ExpectProblem(std::string(kHeader) + "D1,a,13104,b,2026-04-01\nD2,\xB2\xCD\xB6\xF5\xFF\xFE,13104,b,2026-04-01\n", 3, "WRONG_ENCODING", "3行目",
                "From row 3");
  ExpectProblem(std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16), 0, "NOT_TEXT", ".xlsx", ".xlsx");
}

// An .xlsx of one sheet: the header of kHeader and a row D1, =CONCATENATE("a","b") without a value, 13104, x, 2026-04-01.
constexpr char kWorkbook[] =
    "UEsDBBQAAAAIAAAAIVw9KLJo1QAAAPYBAAATAAAAW0NvbnRlbnRfVHlwZXNdLnhtbK1RvW4CMQx+lVPWipgyMFQcS9u1dOAF3JyPiy5/ig093p5cSjtUCHXo"
    "ZNnfr+TN/pyIm8m7wK0aRNITAJuBPLKOiUJB+pg9SlnzARKaEQ8Eq+VyDSYGoSALmT3UdvNCPR6dNK9TObONoVVFrprnL94c1SpMyVmDUmCYUbipy+T4jvAU"
    "ul/tFtdmuigrhweb+OGasDtRzraj5h2zvKEvdjA5+Ix5/Ihx1Pdr3kiLfW8NddEcfZFoTpmw44FIvNN1ao82/CG/khnqePznIj/+3z2gvnt7AVBLAwQUAAAA"
    "CAAAACFcq1+GZ4YAAADtAAAACwAAAF9yZWxzLy5yZWxzjc89DgIhFATgqxAOsG9jYWFYKhtb4wUQHz/h5xFg43p7KVdjYTmZyZeMuGJU3VNuzpfGthRzW7jr"
    "vZwAmnaYVJuoYB6NoZpUH7FaKEoHZREO83yEuje4FHuTXR4Lr5zdXgX/gckYr/FMek2Y+w//azFkVS32hW8RnlTDnShMA+UgBXy8k29QSwMEFAAAAAgAAAAh"
    "XH24AbSMAAAA3AAAAA8AAAB4bC93b3JrYm9vay54bWyNjzEOgzAMRa8S+QA17dABAVOXzj1BCqaJwHFkB7XHL4Kyd7Kf/tez3LxFp6fI5D48J2shlJJrROsD"
    "sbeTZEprMoqyLyvqCy0r+cECUeEZL1V1RfYxwW6o9R+HjGPs6Sb9wpTKLlGafYmSLMRs0DXbBftNlzxTCw9wG96HFs7gtI7rYoBdg0cdj4+6L1BLAwQUAAAA"
    "CAAAACFcs9n/64oAAADuAAAAGgAAAHhsL19yZWxzL3dvcmtib29rLnhtbC5yZWxzjc89CgIxEAXgqyw5wM5qYSFJKhtb2QuEOPlhNz9kRtTbGyxkBQur4b0H"
    "H4y84Go4lkwhVhoeac2kRGCuRwCyAZOhsVTMfXGlJcM9Ng/V2MV4hP00HaBtDaHl1hzOVyVIDPOz4j9wcS5aPBV7S5j5hw/30hYKiNxR0zyyEp+K4H12Y1cF"
    "aAlf7+kXUEsDBBQAAAAIAAAAIVzSIkos+QAAAI8CAAAYAAAAeGwvd29ya3NoZWV0cy9zaGVldDEueG1shZLNasMwEIRfxejUQtOV3JBDkQWpnWt6aO9BdeRY"
    "VD9G2pL07SuHYlKQ6EGgHc23YoflZx8+46gUVhdrXGzIiDg9A8R+VFbGRz8pl14GH6zEVIYTxCkoebxC1kBN6Qas1I4IftU6iVLw4M9VaAhLaj9ftoxU2BDt"
    "jHbqDUPSdRQcRe+PigMKDnMN/a//peR30ub8bclvv5zu9SSNxu9D4bOuBMtTUMoqhwfUaHLo7n90CN7+JSGls0RULxHVhVYdywU0c4NoX/ft9n23T+eOSPJA"
    "Psg9h+E2mVJb9sToOpdGCbjk5i+Za1pvVnS9oiw3O9ysCiw7KH4AUEsBAhQDFAAAAAgAAAAhXD0osmjVAAAA9gEAABMAAAAAAAAAAAAAAIABAAAAAFtDb250"
    "ZW50X1R5cGVzXS54bWxQSwECFAMUAAAACAAAACFcq1+GZ4YAAADtAAAACwAAAAAAAAAAAAAAgAEGAQAAX3JlbHMvLnJlbHNQSwECFAMUAAAACAAAACFcfbgB"
    "tIwAAADcAAAADwAAAAAAAAAAAAAAgAG1AQAAeGwvd29ya2Jvb2sueG1sUEsBAhQDFAAAAAgAAAAhXLPZ/+uKAAAA7gAAABoAAAAAAAAAAAAAAIABbgIAAHhs"
    "L19yZWxzL3dvcmtib29rLnhtbC5yZWxzUEsBAhQDFAAAAAgAAAAhXNIiSiz5AAAAjwIAABgAAAAAAAAAAAAAAIABMAMAAHhsL3dvcmtzaGVldHMvc2hlZXQx"
    "LnhtbFBLBQYAAAAABQAFAEUBAABfBAAAAAA=";

TEST(BadInput, FormulasInCells) {
  // In a CSV a formula is the text that it is: where a day was to stand it is none, and nowhere it is run.
  ExpectProblem(std::string(kHeader) + "D1,架空,13104,合意書,=TODAY()\n", 2, "NOT_A_DATE", "=TODAY()", "=TODAY()");
  // In a workbook that never saved the value there is nothing to take.
  std::string workbook;
  ASSERT_TRUE(absl::Base64Unescape(kWorkbook, &workbook));
  ExpectProblem(workbook, 2, "FORMULA_WITHOUT_VALUE", "値が保存されていない数式", "whose value is not stored");
}

TEST(BadInput, AnUploadOfTwoGigabytes) {
  ExpectNothingChanges([] {
    const std::string url = TwoNetworks().installation.url() + "/kubari.donors.v1.DonorsService/ImportDonors";
    const std::string key = "Authorization: Bearer " + Careless().Token(ROLE_COORDINATOR, Careless().a);
    CURL* curl = curl_easy_init();
    ASSERT_NE(curl, nullptr);
    curl_slist* headers = curl_slist_append(nullptr, "Content-Type: application/json");
    headers = curl_slist_append(headers, key.c_str());
    int64_t sent = 0;
    std::string answer;
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "POST");
    curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(2) << 30);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(curl, CURLOPT_READDATA, &sent);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, +[](char* to, size_t size, size_t count, int64_t* so_far) -> size_t {
      std::fill_n(to, size * count, ' ');
      *so_far += static_cast<int64_t>(size * count);
      return size * count;
    });
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, +[](char* from, size_t size, size_t count, std::string* to) -> size_t {
      to->append(from, size * count);
      return size * count;
    });
    (void)curl_easy_perform(curl);  // the other side may hang up while this one still sends
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    EXPECT_EQ(status, 413);
    EXPECT_LT(sent, 64 << 20) << "told by its announced length, not when it has all come";
    EXPECT_THAT(answer, HasSubstr("BODY_TOO_LARGE"));
    EXPECT_THAT(answer, HasSubstr("send it in several calls"));
    std::printf("    %s\n", answer.substr(0, 300).c_str());
  });
}

TEST(BadInput, OverlappingAgreements) {
  // The donor's and the group's have no end.
  ExpectRefused("donors.CreateAgreement",
                R"({"requestId": "$uuid", "donor": "$donor", "agreement": {"title": "別の合意書", "validFromDate": "$today"}})", Careless().a,
                "AGREEMENT_OVERLAPS", "重なっています", "overlap the agreement");
  ExpectRefused("groups.CreateAgreement",
                R"({"requestId": "$uuid", "group": "$group", "agreement": {"title": "別の合意書", "validFromDate": "$later"}})", Careless().a,
                "AGREEMENT_OVERLAPS", "重なっています", "overlap the agreement");
}

TEST(BadInput, AMunicipalityMergedOutOfExistence) {
  // 戸井町 has been part of 函館市 since 2004.
  ExpectNothingChanges([] {
    const auto answer = Try(Careless().Coordinator(), "groups.CreateGroup", *Request("groups.CreateGroup", R"({"requestId": "$uuid",
        "group": {"code": "old", "displayName": "むかしの食堂", "kind": "GROUP_KIND_CAFETERIA", "households": "1",
          "sites": [{"displayName": "本部", "address": {"municipalityCode": "01339"}}]}})"));
    const auto violations = errors::ViolationsOf(answer.status());
    ASSERT_EQ(violations.size(), 1u) << answer.status();
    EXPECT_EQ(violations[0].field(), "group.sites[0].address.municipality_code");
    ExpectSays(errors::MessageIn("ja", answer.status()), violations[0].description(), "函館市", "函館市");
  });
  ExpectProblem(std::string(kHeader) + "D1,架空,01339,合意書,2026-04-01\n", 2, "MUNICIPALITY_ABOLISHED", "函館市", "函館市");
}

TEST(BadInput, AGroupThatIsItsOwnHubAndCirclesOfHubs) {
  const cli::Client coordinator = Careless().Coordinator();
  Names names = Careless().a;
  const auto etag = [&](const char* group) {
    return Field(coordinator, "groups.GetGroup", absl::StrCat(R"({"name": "$)", group, R"("})"), names, "etag");
  };
  names["etag"] = etag("group");
  ExpectRefused("groups.UpdateGroup", R"({"requestId": "$uuid", "group": {"name": "$group", "etag": "$etag", "hub": "$group"}, "updateMask": ["hub"]})",
                names, "HUB_CYCLE", "自分自身をハブにすることはできません", "cannot be its own hub");
  Field(coordinator, "groups.UpdateGroup",
        R"({"requestId": "$uuid", "group": {"name": "$group", "etag": "$etag", "hub": "$neighbour"}, "updateMask": ["hub"]})", names, "hub");
  names["etag"] = etag("neighbour");
  ExpectRefused("groups.UpdateGroup",
                R"({"requestId": "$uuid", "group": {"name": "$neighbour", "etag": "$etag", "hub": "$group"}, "updateMask": ["hub"]})", names,
                "HUB_CYCLE", "試験食堂 NA → 試験食堂 GA → 試験食堂 NA", "試験食堂 NA → 試験食堂 GA → 試験食堂 NA");
  // In a table, where the circle is closed by two of its own rows.
  ExpectNothingChanges([&] {
    groups::v1::ImportGroupsRequest request;
    request.set_request_id(ids::NewUuid());
    request.set_table(
        "code,name,kind,municipality_code,latitude,longitude,households,hub_code\n"
        "H1,一番,cafeteria,13104,35.7,139.7,10,H2\nH2,二番,cafeteria,13104,35.7,139.7,10,H1\nH3,三番,cafeteria,13104,35.7,139.7,10,H3\n");
    const auto answer = Must<groups::v1::ImportGroupsResponse>(coordinator, "groups.ImportGroups", request);
    EXPECT_EQ(answer.created_count(), 0);
    ASSERT_EQ(answer.problems_size(), 2) << answer.ShortDebugString();
    EXPECT_EQ(answer.problems(0).row(), 3) << "the row that closes the circle";
    EXPECT_EQ(answer.problems(0).reason(), "HUB_CYCLE");
    ExpectSays(answer.problems(0).message_ja(), answer.problems(0).message(), "H2 → H1 → H2", "H2 → H1 → H2");
    EXPECT_EQ(answer.problems(1).row(), 4);
    EXPECT_EQ(answer.problems(1).reason(), "HUB_CYCLE");
    ExpectSays(answer.problems(1).message_ja(), answer.problems(1).message(), "自分自身をハブにする", "its own hub");
  });
}

TEST(BadInput, AnApprovalByTheApplicant) {
  const cli::Client person = Careless().Administrator();
  Names names = Careless().a;
  names["person"] = Field(person, "identity.GetSession", "{}", {}, "subject");
  names["applied"] = Field(Careless().Coordinator(), "groups.CreateGroup", R"({"requestId": "$uuid", "group": {"code": "applied",
      "displayName": "申請中の食堂", "kind": "GROUP_KIND_CAFETERIA", "households": "10",
      "sites": [{"displayName": "本部", "address": {"municipalityCode": "13104"}}]}})",
                           names, "name");
  names["applied_organisation"] = "organisations/" + names["applied"].substr(names["applied"].find('/') + 1);
  Field(person, "identity.GrantRole",
        R"({"requestId": "$uuid", "person": "$person", "grant": {"organisation": "$applied_organisation", "role": "ROLE_GROUP"}})", names, "name");
  names["etag"] = Field(person, "groups.GetGroup", R"({"name": "$applied"})", names, "etag");
  ExpectNothingChanges([&] {
    const auto answer = Try(person, "groups.ApproveGroup", *Request("groups.ApproveGroup", R"({"requestId": "$uuid", "name": "$applied", "etag": "$etag"})", names));
    EXPECT_EQ(errors::ReasonOf(answer.status()), "APPROVAL_BY_APPLICANT") << answer.status();
    ExpectSays(errors::MessageIn("ja", answer.status()), errors::MessageIn("en", answer.status()), "承認できません", "somebody else must approve");
  });
}

}  // namespace
}  // namespace kubari::end_to_end
