/** The picture of the product: every voice on a lane of its own. */

interface Lane {
  name: string;
  /** Heights of the bars, 0 is silence. */
  bars: readonly number[];
}

const LANES: readonly Lane[] = [
  {
    name: "a",
    bars: [3, 6, 9, 5, 8, 4, 0, 0, 0, 0, 0, 0, 2, 5, 7, 9, 6, 3, 0, 0, 0, 0, 0, 4, 7, 5],
  },
  {
    name: "b",
    bars: [0, 0, 0, 0, 0, 2, 6, 8, 10, 7, 9, 5, 3, 0, 0, 0, 0, 0, 0, 3, 6, 4, 0, 0, 0, 0],
  },
  {
    name: "c",
    bars: [0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 0, 0, 4, 7, 10, 8, 5, 9, 6, 3, 0, 0],
  },
];

const STEP = 14;
const HEIGHT = 64;

export function Lanes() {
  const width = 26 * STEP;
  return (
    <svg
      class="lanes"
      viewBox={`0 0 ${width} ${LANES.length * HEIGHT}`}
      aria-hidden="true"
      focusable="false"
    >
      {LANES.map((lane, row) => (
        <g key={lane.name} class={`lane lane-${lane.name}`}>
          <line x1="0" x2={width} y1={(row + 0.5) * HEIGHT} y2={(row + 0.5) * HEIGHT} />
          {lane.bars.map((bar, index) => {
            const x = index * STEP + STEP / 2;
            const half = bar * 2.6;
            const middle = (row + 0.5) * HEIGHT;
            return bar > 0 ? (
              <path key={index} d={`M${x} ${middle - half}V${middle + half}`} />
            ) : null;
          })}
        </g>
      ))}
    </svg>
  );
}
