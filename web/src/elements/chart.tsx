/** A small chart over time with bands where quality labels end; charts of one group share a cursor. */
import { useEffect, useRef } from "preact/hooks";
import type uPlot from "uplot";

export interface Line {
  name: string;
  values: (number | null)[];
}

/** The highest value that still counts as excellent, good and fair. */
export interface Bands {
  excellent: number;
  good: number;
  fair: number;
}

export interface ChartProps {
  title: string;
  /** Seconds since 1970. */
  at: number[];
  lines: Line[];
  bands: Bands | null;
}

const HEIGHT = 110;
const GROUP = "network";
const STROKES = ["#2563eb", "#c2410c"];
const FILLS = ["rgb(34 197 94 / 12%)", "rgb(234 179 8 / 14%)", "rgb(249 115 22 / 14%)"];
const WORST = "rgb(239 68 68 / 14%)";

/** Paints the bands behind the lines. */
function paint(chart: uPlot, bands: Bands): void {
  const { ctx, bbox } = chart;
  const top = chart.scales["y"]?.max ?? 0;
  let from = 0;
  const edges = [bands.excellent, bands.good, bands.fair, Number.POSITIVE_INFINITY];
  edges.forEach((edge, index) => {
    const to = Math.min(edge, top);
    if (to > from) {
      const high = chart.valToPos(to, "y", true);
      ctx.fillStyle = FILLS[index] ?? WORST;
      ctx.fillRect(bbox.left, high, bbox.width, chart.valToPos(from, "y", true) - high);
      from = to;
    }
  });
}

function options(element: HTMLElement, lines: Line[], bands: Bands | null): uPlot.Options {
  const ink = getComputedStyle(element).color;
  return {
    width: element.clientWidth || 280,
    height: HEIGHT,
    cursor: { sync: { key: GROUP }, y: false },
    scales: { y: { range: (_, __, most) => [0, Math.max(most, (bands?.excellent ?? 1) * 1.2)] } },
    series: [
      {},
      ...lines.map((line, index) => ({
        label: line.name,
        stroke: STROKES[index] ?? "#2563eb",
        width: 1.5,
        value: (_: uPlot, value: number | null) => (value === null ? "–" : value.toFixed(1)),
      })),
    ],
    axes: [
      { size: 24, stroke: ink },
      { size: 44, stroke: ink },
    ],
    hooks: { drawClear: [(chart) => bands && paint(chart, bands)] },
  };
}

const dataOf = (props: ChartProps): uPlot.AlignedData => [
  props.at,
  ...props.lines.map((line) => line.values),
];

export function Chart(props: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const latest = useRef(props);
  latest.current = props;
  // biome-ignore lint/correctness/useExhaustiveDependencies: a chart is made anew for new bands
  useEffect(() => {
    let over = false;
    // Loaded when the first chart is looked at: most people never open one.
    void Promise.all([import("uplot"), import("uplot/dist/uPlot.min.css")]).then(([library]) => {
      const element = box.current;
      if (over || !element) return;
      const { lines, bands } = latest.current;
      const made = options(element, lines, bands);
      chart.current = new library.default(made, dataOf(latest.current), element);
      sizes.observe(element);
    });
    const sizes = new ResizeObserver(([seen]) => {
      const width = Math.floor(seen?.contentRect.width ?? 0);
      if (width > 0) chart.current?.setSize({ width, height: HEIGHT });
    });
    return () => {
      over = true;
      sizes.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [props.bands]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: every look makes a new column
  useEffect(() => chart.current?.setData(dataOf(props)), [props.at]);
  return (
    <figure class="chart">
      <figcaption>{props.title}</figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  );
}
