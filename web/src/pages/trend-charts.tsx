/** Round trip, jitter, loss and bitrate over time with one cursor and the server's bands. */
import { useEffect, useState } from "preact/hooks";
import { call } from "../api/http";
import { Button } from "../elements/button";
import { type Bands, Chart } from "../elements/chart";
import { TableBox } from "../elements/table-box";
import { t } from "../lib/i18n";
import { hasPictures, type Trend } from "../state/trend";

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

/** The server speaks in seconds, charts in milliseconds. */
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

function useLimits(): Limits | null {
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
  return limits;
}

export function TrendCharts({ trend, table = false }: { trend: Trend; table?: boolean }) {
  const limits = useLimits();
  const { at } = trend;
  if (at.length < 2) return null;
  return (
    <>
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
        {hasPictures(trend) && <PictureCharts trend={trend} />}
      </div>
      {table && <TrendTable trend={trend} />}
    </>
  );
}

function PictureCharts({ trend }: { trend: Trend }) {
  return (
    <>
      <Chart
        title={t("network.chartLines")}
        at={trend.at}
        lines={[
          { name: t("network.up"), values: trend.linesUp },
          { name: t("network.down"), values: trend.linesDown },
        ]}
        bands={null}
      />
      <Chart
        title={t("network.chartFrozen")}
        at={trend.at}
        lines={[{ name: t("network.frozen"), values: trend.frozen }]}
        bands={null}
      />
    </>
  );
}

/** A table has the last minute; more is read by programs. */
const ROWS = 60;
const TIME = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

function TrendTable({ trend }: { trend: Trend }) {
  const [open, setOpen] = useState(false);
  const columns = [
    [t("network.chartRoundTrip"), trend.roundTripMs],
    [t("network.chartJitter"), trend.jitterMs],
    [t("network.lossUp"), trend.lossUp],
    [t("network.lossDown"), trend.lossDown],
    [t("network.up"), trend.up],
    [t("network.down"), trend.down],
    ...(hasPictures(trend)
      ? ([
          [t("network.linesUp"), trend.linesUp],
          [t("network.linesDown"), trend.linesDown],
          [t("network.chartFrozen"), trend.frozen],
        ] as const)
      : []),
  ] as const;
  const rows = open ? trend.at.map((at, index) => [at, index] as const).slice(-ROWS) : [];
  return (
    <>
      <Button kind="quiet" onPress={() => setOpen(!open)}>
        {t(open ? "live.hideTable" : "live.showTable")}
      </Button>
      {open && (
        <TableBox label={t("live.charts")}>
          <table>
            <thead>
              <tr>
                <th scope="col">{t("live.time")}</th>
                {columns.map(([name]) => (
                  <th key={name} scope="col">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {rows.reverse().map(([at, index]) => (
                <tr key={at}>
                  <th scope="row">{TIME.format(at * 1000)}</th>
                  {columns.map(([name, values]) => (
                    <td key={name}>{values[index]?.toFixed(1) ?? t("network.none")}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </TableBox>
      )}
    </>
  );
}
