/** Charts of the person's own network over the last ten minutes, with the server's bands. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api/http";
import { type Bands, Chart } from "../elements/chart";
import { t } from "../lib/i18n";
import type { MeetingView } from "../state/meeting";

interface QualityModel {
  thresholds: {
    loss_percent: Record<string, Bands>;
    round_trip_time: Bands;
    jitter: Bands;
  };
}

interface Limits {
  loss: Bands | null;
  roundTrip: Bands;
  jitter: Bands;
}

/** The server speaks in seconds, the panel in milliseconds. */
function milliseconds(bands: Bands): Bands {
  return { excellent: bands.excellent * 1000, good: bands.good * 1000, fair: bands.fair * 1000 };
}

function limitsOf(model: QualityModel): Limits {
  return {
    loss: model.thresholds.loss_percent["opus-fec"] ?? null,
    roundTrip: milliseconds(model.thresholds.round_trip_time),
    jitter: milliseconds(model.thresholds.jitter),
  };
}

export function NetworkCharts({ view }: { view: MeetingView }) {
  const [limits, setLimits] = useState<Limits | null>(null);
  useEffect(() => {
    let over = false;
    call<QualityModel>("/v1/quality-model").then(
      (model) => over || setLimits(limitsOf(model)),
      () => undefined, // Without bands a chart is a chart still.
    );
    return () => {
      over = true;
    };
  }, []);
  const trend = view.network.trend.value;
  if (trend.at.length < 2) return null;
  const { at } = trend;
  return (
    <div class="charts">
      <Chart
        title={t("network.chartRoundTrip")}
        at={at}
        lines={[{ name: t("network.roundTrip"), values: trend.roundTripMs }]}
        bands={limits?.roundTrip ?? null}
      />
      <Chart
        title={t("network.chartJitter")}
        at={at}
        lines={[{ name: t("network.jitter"), values: trend.jitterMs }]}
        bands={limits?.jitter ?? null}
      />
      <Chart
        title={t("network.chartLoss")}
        at={at}
        lines={[
          { name: t("network.lossUp"), values: trend.lossUp },
          { name: t("network.lossDown"), values: trend.lossDown },
        ]}
        bands={limits?.loss ?? null}
      />
      <Chart
        title={t("network.chartRate")}
        at={at}
        lines={[
          { name: t("network.up"), values: trend.up },
          { name: t("network.down"), values: trend.down },
        ]}
        bands={null}
      />
    </div>
  );
}
