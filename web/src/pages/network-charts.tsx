/** Charts of the person's own network over the last ten minutes. */
import type { MeetingView } from "../state/meeting";
import { TrendCharts } from "./trend-charts";

export function NetworkCharts({ view }: { view: MeetingView }) {
  return <TrendCharts trend={view.network.trend.value} />;
}
