// What questions about recalls, traces, alerts and picks cost beside years of history: whatever is asked about some
// goods, nothing else is read.
#include "services/stock/plans_testing.h"

namespace kubari::stock {
namespace {

using namespace testing;  // NOLINT

TEST_F(PlansTest, NoQuestionAboutRecalledGoodsReadsOthers) {
  const pb::Goods by_number = GoodsBy("09520000000004", "2027-03", "X1");
  pb::PreviewRecallRequest preview;
  *preview.mutable_goods() = by_number;
  Costs("PreviewRecall", &Recalls::PreviewRecall, "coordinator", preview);
  pb::GetRecallRequest get;
  get.set_name(recall_.name());
  Costs("GetRecall", &Recalls::GetRecall, "coordinator", get);
  Costs("ListRecalls", &Recalls::ListRecalls, "auditor", pb::ListRecallsRequest());
  Costs("ListRecallNotices", &Recalls::ListRecallNotices, "coordinator", pb::ListRecallNoticesRequest());
  Costs("ListRecallNotices of a group", &Recalls::ListRecallNotices, "group", pb::ListRecallNoticesRequest());
  pb::AcknowledgeNoticeRequest acknowledge;
  acknowledge.set_name(notice_.name());
  Costs("AcknowledgeNotice", &Recalls::AcknowledgeNotice, "group", acknowledge);
  Costs("AnswerNotice", &Recalls::AnswerNotice, "group", Answering(notice_, kits_, 0, 3));
  pb::RemindHoldersRequest remind;
  remind.set_name(recall_.name());
  Costs("RemindHolders", &Recalls::RemindHolders, "coordinator", remind);
  Costs("TellNewHolders", [&] { return TellNewHolders(pool_, clock_).status(); });
  Costs("OpenRecall", &Recalls::OpenRecall, "coordinator", Opening(by_number, /*drill=*/true));
  const pb::RecallNotice east = NoticeTo(Open(GoodsOf({lot_})), east_house_);
  Costs("AnswerNotice of a warehouse", &Recalls::AnswerNotice, "manager", Answering(east, lot_, 1));
}

TEST_F(PlansTest, NoTraceReadsOtherGoods) {
  pb::TraceForwardRequest forward;
  *forward.mutable_goods() = GoodsBy("09520000000004", "", "X1");
  Costs("TraceForward", &Recalls::TraceForward, "auditor", forward);
  pb::TraceBackwardRequest backward;
  backward.set_subject(onward_);
  Costs("TraceBackward of a delivery", &Recalls::TraceBackward, "auditor", backward);
  backward.set_subject(kits_.name());
  Costs("TraceBackward of a lot", &Recalls::TraceBackward, "group", backward);
  pb::ExportTraceRequest file;
  *file.mutable_goods() = GoodsOf({lot_});
  file.set_format(pb::TRACE_FORMAT_EPCIS);
  Costs("ExportTrace", &Recalls::ExportTrace, "auditor", file);
}

TEST_F(PlansTest, AlertsAndPicksReadWhatIsInStock) {
  for (int kind = pb::ALERT_KIND_EXPIRED; kind <= pb::ALERT_KIND_RECALLED_STOCK; ++kind) {
    pb::ListAlertsRequest list;
    list.set_kind(static_cast<pb::AlertKind>(kind));
    Costs(pb::AlertKind_Name(list.kind()), &Alerts::ListAlerts, "auditor", list);
    if (kind == pb::ALERT_KIND_UNCONFIRMED_DELIVERY) continue;
    list.set_warehouse(east_house_);
    Costs(pb::AlertKind_Name(list.kind()) + " of a warehouse", &Alerts::ListAlerts, "auditor", list);
  }
  Costs("CountAlerts", &Alerts::CountAlerts, "auditor", pb::CountAlertsRequest());
  AlertStore store(pool_);
  AlertMetrics metrics(store, clock_, beside_metrics_);
  Costs("the metrics of alerts", [&] { return metrics.Refresh(); });
  Costs("ListMinimums", &Alerts::ListMinimums, "auditor", pb::ListMinimumsRequest());
  pb::SuggestPicksRequest picks;
  picks.set_product(ids::Name("products", kProduct));
  picks.set_group(hub_);
  picks.set_items(50);
  Costs("SuggestPicks", &Stub::SuggestPicks, "volunteer", picks);
}

}  // namespace
}  // namespace kubari::stock
