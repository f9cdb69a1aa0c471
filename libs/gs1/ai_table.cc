#include "libs/gs1/ai_table.h"

#include <algorithm>
#include <array>
#include <iterator>

namespace kubari::gs1 {

// Facts from the GS1 General Specifications, section "GS1 Application Identifiers in numerical order", compared with
// the GS1 Barcode Syntax Dictionary of 2026. In order of the AI.
const std::vector<AiRule>& AllRules() {
  static const std::vector<AiRule> kRules = {
      {"00", "00", "N18:digit", "SSCC", "物流単位の番号 (SSCC)"},
      {"01", "01", "N14:digit", "GTIN", "商品コード (GTIN)"},
      {"02", "02", "N14:digit", "CONTENT", "内容品の商品コード"},
      {"03", "03", "N14:digit", "MTO GTIN", ""},
      {"10", "10", "X..20", "BATCH/LOT", "ロット番号"},
      {"11", "11", "N6:date0", "PROD DATE", "製造日"},
      {"12", "12", "N6:date0", "DUE DATE", "支払期日"},
      {"13", "13", "N6:date0", "PACK DATE", "包装日"},
      {"15", "15", "N6:date0", "BEST BEFORE or BEST BY", "賞味期限"},
      {"16", "16", "N6:date0", "SELL BY", "販売期限"},
      {"17", "17", "N6:date0", "USE BY or EXPIRY", "消費期限"},
      {"20", "20", "N2", "VARIANT", ""},
      {"21", "21", "X..20", "SERIAL", "シリアル番号"},
      {"22", "22", "X..20", "CPV", ""},
      {"235", "235", "X..28", "TPX", ""},
      {"240", "240", "X..30", "ADDITIONAL ID", ""},
      {"241", "241", "X..30", "CUST. PART No.", ""},
      {"242", "242", "N..6", "MTO VARIANT", ""},
      {"243", "243", "X..20", "PCN", ""},
      {"250", "250", "X..30", "SECONDARY SERIAL", ""},
      {"251", "251", "X..30", "REF. TO SOURCE", ""},
      {"253", "253", "N13:digit [X..17]", "GDTI", ""},
      {"254", "254", "X..20", "GLN EXTENSION COMPONENT", ""},
      {"255", "255", "N13:digit [N..12]", "GCN", ""},
      {"30", "30", "N..8", "VAR. COUNT", "個数"},
      // The last digit of these is the number of decimals.
      {"3100", "3105", "N6", "NET WEIGHT (kg)", "正味重量"},
      {"3110", "3115", "N6", "LENGTH (m)", ""},
      {"3120", "3125", "N6", "WIDTH (m)", ""},
      {"3130", "3135", "N6", "HEIGHT (m)", ""},
      {"3140", "3145", "N6", "AREA (m²)", ""},
      {"3150", "3155", "N6", "NET VOLUME (l)", "正味容量"},
      {"3160", "3165", "N6", "NET VOLUME (m³)", ""},
      {"3200", "3205", "N6", "NET WEIGHT (lb)", ""},
      {"3210", "3215", "N6", "LENGTH (in)", ""},
      {"3220", "3225", "N6", "LENGTH (ft)", ""},
      {"3230", "3235", "N6", "LENGTH (yd)", ""},
      {"3240", "3245", "N6", "WIDTH (in)", ""},
      {"3250", "3255", "N6", "WIDTH (ft)", ""},
      {"3260", "3265", "N6", "WIDTH (yd)", ""},
      {"3270", "3275", "N6", "HEIGHT (in)", ""},
      {"3280", "3285", "N6", "HEIGHT (ft)", ""},
      {"3290", "3295", "N6", "HEIGHT (yd)", ""},
      {"3300", "3305", "N6", "GROSS WEIGHT (kg)", "総重量"},
      {"3310", "3315", "N6", "LENGTH (m), log", ""},
      {"3320", "3325", "N6", "WIDTH (m), log", ""},
      {"3330", "3335", "N6", "HEIGHT (m), log", ""},
      {"3340", "3345", "N6", "AREA (m²), log", ""},
      {"3350", "3355", "N6", "VOLUME (l), log", ""},
      {"3360", "3365", "N6", "VOLUME (m³), log", ""},
      {"3370", "3375", "N6", "KG PER m²", ""},
      {"3400", "3405", "N6", "GROSS WEIGHT (lb)", ""},
      {"3410", "3415", "N6", "LENGTH (in), log", ""},
      {"3420", "3425", "N6", "LENGTH (ft), log", ""},
      {"3430", "3435", "N6", "LENGTH (yd), log", ""},
      {"3440", "3445", "N6", "WIDTH (in), log", ""},
      {"3450", "3455", "N6", "WIDTH (ft), log", ""},
      {"3460", "3465", "N6", "WIDTH (yd), log", ""},
      {"3470", "3475", "N6", "HEIGHT (in), log", ""},
      {"3480", "3485", "N6", "HEIGHT (ft), log", ""},
      {"3490", "3495", "N6", "HEIGHT (yd), log", ""},
      {"3500", "3505", "N6", "AREA (in²)", ""},
      {"3510", "3515", "N6", "AREA (ft²)", ""},
      {"3520", "3525", "N6", "AREA (yd²)", ""},
      {"3530", "3535", "N6", "AREA (in²), log", ""},
      {"3540", "3545", "N6", "AREA (ft²), log", ""},
      {"3550", "3555", "N6", "AREA (yd²), log", ""},
      {"3560", "3565", "N6", "NET WEIGHT (t oz)", ""},
      {"3570", "3575", "N6", "NET VOLUME (oz)", ""},
      {"3600", "3605", "N6", "NET VOLUME (qt)", ""},
      {"3610", "3615", "N6", "NET VOLUME (gal.)", ""},
      {"3620", "3625", "N6", "VOLUME (qt), log", ""},
      {"3630", "3635", "N6", "VOLUME (gal.), log", ""},
      {"3640", "3645", "N6", "VOLUME (in³)", ""},
      {"3650", "3655", "N6", "VOLUME (ft³)", ""},
      {"3660", "3665", "N6", "VOLUME (yd³)", ""},
      {"3670", "3675", "N6", "VOLUME (in³), log", ""},
      {"3680", "3685", "N6", "VOLUME (ft³), log", ""},
      {"3690", "3695", "N6", "VOLUME (yd³), log", ""},
      {"37", "37", "N..8", "COUNT", "内容品の数"},
      {"3900", "3909", "N..15", "AMOUNT", ""},
      {"3910", "3919", "N3 N..15", "AMOUNT", ""},
      {"3920", "3929", "N..15", "PRICE", "価格"},
      {"3930", "3939", "N3 N..15", "PRICE", ""},
      {"3940", "3943", "N4", "PRCNT OFF", ""},
      {"3950", "3955", "N6", "PRICE/UoM", ""},
      {"400", "400", "X..30", "ORDER NUMBER", "注文番号"},
      {"401", "401", "X..30:prefix", "GINC", ""},
      {"402", "402", "N17:digit", "GSIN", ""},
      {"403", "403", "X..30", "ROUTE", ""},
      {"410", "410", "N13:digit", "SHIP TO LOC", "納品先"},
      {"411", "411", "N13:digit", "BILL TO", ""},
      {"412", "412", "N13:digit", "PURCHASE FROM", ""},
      {"413", "413", "N13:digit", "SHIP FOR LOC", ""},
      {"414", "414", "N13:digit", "LOC No.", "場所の番号 (GLN)"},
      {"415", "415", "N13:digit", "PAY TO", ""},
      {"416", "416", "N13:digit", "PROD/SERV LOC", ""},
      {"417", "417", "N13:digit", "PARTY", ""},
      {"420", "420", "X..20", "SHIP TO POST", ""},
      {"421", "421", "N3 X..9", "SHIP TO POST", ""},
      {"422", "422", "N3", "ORIGIN", "原産国"},
      {"423", "423", "N3 [N3] [N3] [N3] [N3]", "COUNTRY - INITIAL PROCESS", ""},
      {"424", "424", "N3", "COUNTRY - PROCESS", ""},
      {"425", "425", "N3 [N3] [N3] [N3] [N3]", "COUNTRY - DISASSEMBLY", ""},
      {"426", "426", "N3", "COUNTRY - FULL PROCESS", ""},
      {"427", "427", "X..3", "ORIGIN SUBDIVISION", ""},
      {"4300", "4300", "X..35:percent", "SHIP TO COMP", ""},
      {"4301", "4301", "X..35:percent", "SHIP TO NAME", ""},
      {"4302", "4302", "X..70:percent", "SHIP TO ADD1", ""},
      {"4303", "4303", "X..70:percent", "SHIP TO ADD2", ""},
      {"4304", "4304", "X..70:percent", "SHIP TO SUB", ""},
      {"4305", "4305", "X..70:percent", "SHIP TO LOC", ""},
      {"4306", "4306", "X..70:percent", "SHIP TO REG", ""},
      {"4307", "4307", "X2", "SHIP TO COUNTRY", ""},
      {"4308", "4308", "X..30", "SHIP TO PHONE", ""},
      {"4309", "4309", "N10:latitude N10:longitude", "SHIP TO GEO", ""},
      {"4310", "4310", "X..35:percent", "RTN TO COMP", ""},
      {"4311", "4311", "X..35:percent", "RTN TO NAME", ""},
      {"4312", "4312", "X..70:percent", "RTN TO ADD1", ""},
      {"4313", "4313", "X..70:percent", "RTN TO ADD2", ""},
      {"4314", "4314", "X..70:percent", "RTN TO SUB", ""},
      {"4315", "4315", "X..70:percent", "RTN TO LOC", ""},
      {"4316", "4316", "X..70:percent", "RTN TO REG", ""},
      {"4317", "4317", "X2", "RTN TO COUNTRY", ""},
      {"4318", "4318", "X..20", "RTN TO POST", ""},
      {"4319", "4319", "X..30", "RTN TO PHONE", ""},
      {"4320", "4320", "X..35:percent", "SRV DESCRIPTION", ""},
      {"4321", "4321", "N1:yesno", "DANGEROUS GOODS", ""},
      {"4322", "4322", "N1:yesno", "AUTH TO LEAVE", ""},
      {"4323", "4323", "N1:yesno", "SIG REQUIRED", ""},
      {"4324", "4324", "N6:date0 N4:time", "NOT BEF DEL DT", ""},
      {"4325", "4325", "N6:date0 N4:time", "NOT AFT DEL DT", ""},
      {"4326", "4326", "N6:date", "REL DATE", ""},
      {"4330", "4330", "N6 [X1:minus]", "MAX TEMP F.", ""},
      {"4331", "4331", "N6 [X1:minus]", "MAX TEMP C.", "最高温度"},
      {"4332", "4332", "N6 [X1:minus]", "MIN TEMP F.", ""},
      {"4333", "4333", "N6 [X1:minus]", "MIN TEMP C.", "最低温度"},
      {"7001", "7001", "N13", "NSN", ""},
      {"7002", "7002", "X..30", "MEAT CUT", ""},
      {"7003", "7003", "N6:date N4:time", "EXPIRY TIME", "期限日時"},
      {"7004", "7004", "N..4", "ACTIVE POTENCY", ""},
      {"7005", "7005", "X..12", "CATCH AREA", "漁獲海域"},
      {"7006", "7006", "N6:date", "FIRST FREEZE DATE", "最初の冷凍日"},
      {"7007", "7007", "N6:date [N6:date]", "HARVEST DATE", "収穫日"},
      {"7008", "7008", "X..3", "AQUATIC SPECIES", ""},
      {"7009", "7009", "X..10", "FISHING GEAR TYPE", ""},
      {"7010", "7010", "X..2", "PROD METHOD", ""},
      {"7011", "7011", "N6:date [N4:time]", "TEST BY DATE", ""},
      {"7020", "7020", "X..20", "REFURB LOT", ""},
      {"7021", "7021", "X..20", "FUNC STAT", ""},
      {"7022", "7022", "X..20", "REV STAT", ""},
      {"7023", "7023", "X..30:prefix", "GIAI - ASSEMBLY", ""},
      {"7030", "7039", "N3 X..27", "PROCESSOR", ""},
      {"7040", "7040", "N1 X1 X1 X1:importer", "UIC+EXT", ""},
      {"7041", "7041", "X..4", "UFRGT UNIT TYPE", ""},
      {"710", "710", "X..20", "NHRN PZN", ""},
      {"711", "711", "X..20", "NHRN CIP", ""},
      {"712", "712", "X..20", "NHRN CN", ""},
      {"713", "713", "X..20", "NHRN DRN", ""},
      {"714", "714", "X..20", "NHRN AIM", ""},
      {"715", "715", "X..20", "NHRN NDC", ""},
      {"716", "716", "X..20", "NHRN AIC", ""},
      {"717", "717", "X..20", "NHRN SRN", ""},
      {"7230", "7239", "X2 X..28", "CERT", ""},
      {"7240", "7240", "X..20", "PROTOCOL", ""},
      {"7241", "7241", "N2:media", "AIDC MEDIA TYPE", ""},
      {"7242", "7242", "X..25", "VCN", ""},
      {"7250", "7250", "N8:birthday", "DOB", ""},
      {"7251", "7251", "N8:birthday N4:time", "DOB TIME", ""},
      {"7252", "7252", "N1:sex", "BIO SEX", ""},
      {"7253", "7253", "X..40:percent", "FAMILY NAME", ""},
      {"7254", "7254", "X..40:percent", "GIVEN NAME", ""},
      {"7255", "7255", "X..10", "SUFFIX", ""},
      {"7256", "7256", "X..90:percent", "FULL NAME", ""},
      {"7257", "7257", "X..70:percent", "PERSON ADDR", ""},
      {"7258", "7258", "X3:order", "BIRTH SEQUENCE", ""},
      {"7259", "7259", "X..40:percent", "BABY", ""},
      {"8001", "8001", "N4:nonzero N5:nonzero N3:nonzero N1:winding N1", "DIMENSIONS", ""},
      {"8002", "8002", "X..20", "CMT No.", ""},
      {"8003", "8003", "N1:zero N13:digit [X..16]", "GRAI", ""},
      {"8004", "8004", "X..30:prefix", "GIAI", ""},
      {"8005", "8005", "N6", "PRICE PER UNIT", ""},
      {"8006", "8006", "N14:digit N4:pieces", "ITIP", ""},
      {"8007", "8007", "X..34:iban", "IBAN", ""},
      {"8008", "8008", "N6:date N2:hour [N2:minute] [N2:second]", "PROD TIME", "製造日時"},
      {"8009", "8009", "X..50", "OPTSEN", ""},
      {"8010", "8010", "Y..30:prefix", "CPID", ""},
      {"8011", "8011", "N..12:nolead0", "CPID SERIAL", ""},
      {"8012", "8012", "X..20", "VERSION", ""},
      {"8013", "8013", "X..25:pair,prefix", "GMN", ""},
      {"8014", "8014", "X..25:pair,prefix,nondigit", "MUDI", ""},
      {"8017", "8017", "N18:digit", "GSRN - PROVIDER", ""},
      {"8018", "8018", "N18:digit", "GSRN - RECIPIENT", ""},
      {"8019", "8019", "N..10", "SRIN", ""},
      {"8020", "8020", "X..25", "REF No.", ""},
      {"8026", "8026", "N14:digit N4:pieces", "ITIP CONTENT", ""},
      {"8030", "8030", "Z..90", "DIGSIG", ""},
      {"8040", "8040", "N15", "IMEI", ""},
      {"8041", "8041", "N15", "IMEI2", ""},
      {"8042", "8042", "N32", "EID", ""},
      {"8043", "8043", "N18 [N..2]", "ICCID", ""},
      {"8110", "8110", "X..70", "", ""},
      {"8111", "8111", "N4", "POINTS", ""},
      {"8112", "8112", "X..70", "", ""},
      {"8200", "8200", "X..70", "PRODUCT URL", ""},
      {"90", "90", "X..30", "INTERNAL", "社内用"},
      {"91", "99", "X..90", "INTERNAL", "社内用"},
  };
  return kRules;
}

const AiRule* FindRule(std::string_view ai) {
  const std::vector<AiRule>& rules = AllRules();
  auto rule = std::upper_bound(rules.begin(), rules.end(), ai,
                               [](std::string_view wanted, const AiRule& one) { return wanted < one.first; });
  if (rule == rules.begin()) return nullptr;
  --rule;
  return rule->first.size() == ai.size() && ai <= rule->last ? &*rule : nullptr;
}

size_t AiLength(std::string_view first_two_digits) {
  static const std::array<size_t, 100> kLengths = [] {
    std::array<size_t, 100> lengths{};
    for (const AiRule& rule : AllRules()) {
      const auto prefix = [](std::string_view ai) { return (ai[0] - '0') * 10 + (ai[1] - '0'); };
      for (int i = prefix(rule.first); i <= prefix(rule.last); ++i) lengths[i] = rule.first.size();
    }
    return lengths;
  }();
  return kLengths[(first_two_digits[0] - '0') * 10 + (first_two_digits[1] - '0')];
}

bool HasPredefinedLength(std::string_view ai) {
  // 04, 14, 18 and 19 are not assigned; the figure names them all the same.
  static constexpr std::array<std::string_view, 22> kPrefixes = {"00", "01", "02", "03", "04", "11", "12", "13",
                                                                 "14", "15", "16", "17", "18", "19", "20", "31",
                                                                 "32", "33", "34", "35", "36", "41"};
  return std::find(kPrefixes.begin(), kPrefixes.end(), ai.substr(0, 2)) != kPrefixes.end();
}

bool SayTheSame(std::string_view one_ai, std::string_view other_ai) {
  if (one_ai.size() != 4 || one_ai == other_ai || one_ai.substr(0, 3) != other_ai.substr(0, 3)) return false;
  return one_ai[0] == '3' && (('1' <= one_ai[1] && one_ai[1] <= '6') || one_ai[1] == '9');
}

const LinkKey* FindLinkKey(std::string_view ai) {
  // GS1 Digital Link standard, URI syntax.
  static const std::vector<LinkKey> kKeys = {
      {"00", {}},
      {"01", {{"22", "10", "21"}, {"235"}}},
      {"253", {}},
      {"255", {}},
      {"401", {}},
      {"402", {}},
      {"414", {{"254"}, {"7040"}}},
      {"415", {{"8020"}}},
      {"417", {{"7040"}}},
      {"8003", {}},
      {"8004", {{"7040"}}},
      {"8006", {{"22", "10", "21"}}},
      {"8010", {{"8011"}}},
      {"8013", {}},
      {"8017", {{"8019"}}},
      {"8018", {{"8019"}}},
  };
  const auto found = std::find_if(kKeys.begin(), kKeys.end(), [ai](const LinkKey& key) { return key.ai == ai; });
  return found == kKeys.end() ? nullptr : &*found;
}

bool MayStandInLinkQuery(std::string_view ai) {
  // The keys, all qualifiers but the batch, and a few that the standard keeps out of links.
  static constexpr std::string_view kNever[] = {"03",   "21",   "22",   "235",  "254",  "7040", "7041", "8011",
                                                "8014", "8019", "8020", "8040", "8041", "8042", "8043", "8200"};
  return FindLinkKey(ai) == nullptr && std::find(std::begin(kNever), std::end(kNever), ai) == std::end(kNever);
}

}  // namespace kubari::gs1
